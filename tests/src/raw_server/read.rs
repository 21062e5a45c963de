//! Reads a complete request from a socket: its head, and a body of known length or in chunks.

use std::io::{self, Read};

use super::RawRequest;

/// Reads the next request. Bytes after it stay in `buffer`.
pub(super) fn request(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<RawRequest> {
    loop {
        if let Some((length, target, body)) = complete(buffer)? {
            let rest = buffer.split_off(length);
            let bytes = std::mem::replace(buffer, rest);
            return Ok(RawRequest { bytes, target, body });
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer.extend(piece.iter().take(count)),
        }
    }
}

/// Returns the length, target and body of the request at the beginning of `bytes`, if it is
/// complete.
fn complete(bytes: &[u8]) -> io::Result<Option<(usize, String, Vec<u8>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes).map_err(io::Error::other)?;
    let httparse::Status::Complete(head) = parsed else {
        return Ok(None);
    };

    let header = |name: &str| {
        let header =
            request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let rest = bytes.get(head..).unwrap_or_default();
    let body = if header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        chunks(rest)?
    } else {
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        rest.get(..length).map(|body| (length, body.to_vec()))
    };
    let Some((length, body)) = body else {
        return Ok(None);
    };
    Ok(Some((head + length, request.path.unwrap_or_default().to_owned(), body)))
}

/// Returns the encoded length and the body of a chunked message without trailers, if it is
/// complete.
fn chunks(bytes: &[u8]) -> io::Result<Option<(usize, Vec<u8>)>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let parsed = httparse::parse_chunk_size(rest).map_err(|_| io::ErrorKind::InvalidData)?;
        let httparse::Status::Complete((line, size)) = parsed else {
            return Ok(None);
        };
        let size = usize::try_from(size).map_err(io::Error::other)?;
        let Some(chunk) = rest.get(line..).and_then(|rest| rest.get(..size)) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        at += line + size + 2;
        if bytes.len() < at {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some((at, body)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns its bytes one at a time.
    struct Trickle<'a>(&'a [u8]);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut one = self.0.take(1);
            let count = one.read(buffer)?;
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn pipelined_requests_are_separated() {
        let bytes = b"POST /a?b=c HTTP/1.1\r\nContent-Length: 4\r\n\r\nbodyGET /d HTTP/1.1\r\n\r\n";
        let (mut stream, mut buffer) = (&bytes[..], Vec::new());

        let first = request(&mut stream, &mut buffer).unwrap();
        assert_eq!((first.target.as_str(), &first.body[..]), ("/a?b=c", &b"body"[..]));
        assert!(first.bytes.ends_with(b"\r\n\r\nbody"));
        assert_eq!(request(&mut stream, &mut buffer).unwrap().target, "/d");
        assert_eq!(
            request(&mut stream, &mut buffer).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn chunked_and_plain_bodies_are_read_whole() {
        let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let mut buffer = Vec::new();
        assert_eq!(request(&mut Trickle(chunked), &mut buffer).unwrap().body, b"abcde");
        assert!(buffer.is_empty());

        let plain = b"POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabcde";
        assert_eq!(request(&mut Trickle(plain), &mut buffer).unwrap().body, b"abcde");
    }
}
