use super::*;

const REQUEST: &[u8] = b"POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi";

fn connect(server: &RawServer) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    // A response that never arrives fails the test instead of blocking it.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

fn exchange(server: &RawServer) -> io::Result<Vec<u8>> {
    let mut stream = connect(server);
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

#[test]
fn the_script_runs_after_the_whole_request() {
    let server = RawServer::start(vec![
        Step::Write(b"not HTTP".to_vec()),
        Step::Pause(Duration::ZERO),
        Step::Close,
    ]);
    assert_eq!(exchange(&server).unwrap(), b"not HTTP");
    assert_eq!(exchange(&server).unwrap(), b"not HTTP");
    assert_eq!(server.connections(), 2);
    let requests = server.requests();
    assert_eq!(requests[0].bytes, REQUEST);
    assert_eq!((&requests[1].target[..], &requests[1].body[..]), ("/a", &b"hi"[..]));
}

#[test]
fn the_last_script_serves_later_connections() {
    let write = |text: &str| vec![Step::Write(text.into())];
    let server = RawServer::per_connection(vec![write("one"), write("two")]);
    let answers: Vec<_> = (0..3).map(|_| exchange(&server).unwrap()).collect();
    assert_eq!(answers, [b"one", b"two", b"two"]);
}

#[test]
fn a_script_can_write_before_the_request() {
    let server = RawServer::unasked(vec![
        Step::Write(b"a".to_vec()),
        Step::AwaitRequest,
        Step::AwaitRequest,
        Step::Write(b"b".to_vec()),
    ]);
    let mut stream = connect(&server);
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    stream.write_all(&[REQUEST, REQUEST].concat()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!((&first, &rest[..]), (b"a", &b"b"[..]));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_reset_reaches_the_client() {
    let server = RawServer::start(vec![Step::Reset]);
    assert_eq!(exchange(&server).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_stall_ends_when_the_server_is_dropped() {
    let server = RawServer::start(vec![Step::Write(b"x".to_vec()), Step::StallUntilDropped]);
    let mut stream = connect(&server);
    stream.write_all(REQUEST).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    drop(server);
    assert_eq!(stream.read(&mut first).unwrap(), 0);
}

#[test]
fn a_pause_ends_when_the_server_is_dropped() {
    let server =
        RawServer::start(vec![Step::Write(b"x".to_vec()), Step::Pause(Duration::from_secs(3600))]);
    let mut stream = connect(&server);
    stream.write_all(REQUEST).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    drop(server);
    assert_eq!(stream.read(&mut first).unwrap(), 0);
}
