//! Bodies of successful responses: their size, encoding and content.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plex_auth_proto::call::DEFAULT_MAX_BODY_SIZE;
use plex_auth_proto::error::Content;
use plex_auth_proto::http::{HeaderMap, Response, StatusCode};
use plex_auth_proto::{Body, ResponseError};

use super::{details, refused_with, response, sign_in};

#[test]
fn foreign_success_is_identified() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (body, expected) in [
        (&b""[..], Content::Empty),
        (b" \r\n", Content::Empty),
        (b"<!DOCTYPE html><html></html>", Content::Html),
        (b"<?xml version='1.0'?><!-- x --><html xmlns='x'/>", Content::Html),
        (b"<user authToken='x'/>", Content::Xml),
        (b"{", Content::BrokenJson),
        (br#"{"authToken":"abc""#, Content::BrokenJson),
        (br#"{"authToken":"abc"}{"authToken":"abc"}"#, Content::BrokenJson),
        (b"OK", Content::Other),
        (b"\xff\xfe\x00", Content::Other),
        (b"{\"authToken\":\0}", Content::BrokenJson),
    ] {
        let (_, reply) = sign_in().into_parts();
        match reply.parse(&response(200, &[], body)).unwrap_err() {
            ResponseError::UnexpectedContent { content, .. } => {
                assert_eq!(content, expected, "{}", String::from_utf8_lossy(body));
            }
            error => panic!("{error:?}"),
        }
    }
    for body in ["null", "[]", "\"x\"", "1", "[\"abc\"]", &deep] {
        let (_, reply) = sign_in().into_parts();
        match reply.parse(&response(200, &[], body)).unwrap_err() {
            ResponseError::UnexpectedShape { path, problem, .. } => {
                assert_eq!((path.as_str(), problem), (".", "is not an object"));
            }
            error => panic!("{body}: {error:?}"),
        }
    }
}

#[test]
fn readable_bodies_are_read() {
    let deep = format!(r#"{{"authToken":"abc","x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        &b"\xef\xbb\xbf{\"authToken\":\"abc\"}"[..],
        b"\r\n\r\n {\"authToken\":\"abc\"} \n",
        b"{\"authToken\":\"abc\",\"title\":\"\xff\xfe\"}",
        b"{\"authToken\":\"abc\",\"title\":\"a\\u0000b\"}",
        deep.as_bytes(),
    ] {
        let (_, reply) = sign_in().into_parts();
        let account = reply.parse(&response(201, &[], body)).unwrap();
        assert_eq!(account.auth_token.expose(), "abc");
    }
}

#[test]
fn body_size_is_limited_only_for_a_success() {
    let body = vec![b' '; 2 * 1024 * 1024];
    let (_, reply) = details().into_parts();
    let error = reply.parse(&response(200, &[], &body)).unwrap_err();
    assert!(matches!(error, ResponseError::BodyTooLarge { limit: 1_048_576, .. }));
    assert_eq!(error.to_string(), "the response from plex.tv is larger than 1048576 bytes");
    let error = reply.parse(&response(401, &[], &body)).unwrap_err();
    assert!(matches!(error, ResponseError::Unauthorized(_)));
    let error = reply.parse(&response(200, &[("content-length", "1048577")], "")).unwrap_err();
    assert!(matches!(error, ResponseError::BodyTooLarge { .. }));

    let limit = |status: u16, length: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(length) = length {
            headers.insert("content-length", length.parse().unwrap());
        }
        reply.body_limit(StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert_eq!(limit(200, None), 1_048_577);
    assert_eq!(limit(200, Some("1048576")), 1_048_577);
    assert_eq!(limit(200, Some("1048577")), 0);
    assert_eq!(limit(200, Some("nonsense")), 1_048_577);
    assert_eq!(limit(200, Some("99999999999999999999999999")), 0);
    assert_eq!(limit(401, Some("1048577")), 65_536);

    let (_, small) = details().max_body_size(3).into_parts();
    assert!(matches!(
        small.parse(&Response::new("    ")),
        Err(ResponseError::BodyTooLarge { limit: 3, .. })
    ));
    let (_, large) = details().max_body_size(usize::MAX).into_parts();
    assert!(large.parse(&Response::new(format!("{}{{\"id\":7}}", " ".repeat(2_000_000)))).is_ok());
}

#[test]
fn content_encoding_is_named_and_not_decoded() {
    let gzip = [("content-encoding", "gzip")];
    for (encoding, shown) in [("gzip", "gzip"), ("BR", "br"), ("s3cret", "unknown encoding")] {
        let error = refused_with(details(), 200, &[("content-encoding", encoding)], "\u{1f}x");
        assert!(matches!(
            error,
            ResponseError::UnexpectedContent { content: Content::Encoded(_), .. }
        ));
        assert!(error.to_string().ends_with(&format!("({shown})")), "{error}");
    }
    assert!(matches!(
        refused_with(details(), 401, &gzip, "\u{1f}x"),
        ResponseError::Unauthorized(_)
    ));
    assert!(matches!(
        refused_with(details(), 204, &gzip, ""),
        ResponseError::UnexpectedContent { content: Content::Empty, .. }
    ));
    let (_, reply) = details().into_parts();
    for none in ["identity", "", " Identity "] {
        assert!(reply.parse(&response(200, &[("content-encoding", none)], "{\"id\":7}")).is_ok());
    }
}

#[test]
fn unreadable_success_retires_its_connection() {
    let id: &[(&str, &str)] = &[("x-request-id", "1")];
    let large = " ".repeat(DEFAULT_MAX_BODY_SIZE + 1);
    for (status, headers, body, is_retired) in [
        (200, id, r#"{"id":7}"#, false),
        (401, id, "", false),
        (502, id, "<html></html>", false),
        (200, id, "<html></html>", true),
        (200, id, "{}", true),
        (200, id, r#"{"id":7,"authToken":"another-token"}"#, true),
        (200, &[("content-encoding", "gzip")], "\x1f\x08", true),
        (200, id, &large, true),
    ] {
        let (outgoing, reply) = details().into_outgoing();
        let retired = Arc::new(AtomicBool::new(false));
        let retire = Arc::clone(&retired);
        let received = response(status, headers, body).map(Body::from);
        let received = outgoing.received(received, move || retire.store(true, Ordering::SeqCst));
        let _ = reply.parse(&received);
        let start = &body[..body.len().min(40)];
        assert_eq!(retired.load(Ordering::SeqCst), is_retired, "{status} {headers:?} {start}");
    }
}
