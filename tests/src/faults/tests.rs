use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use plex_auth_fake::{FakePlex, Server};

use super::*;

const REQUEST: &[u8] = b"GET /identity HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nX-Plex-Client-Identifier: me\r\n\r\n";

/// Returns a server that ends every connection early, the first one at `point` after this many
/// responses.
fn server_with_faults(point: Point, answers: usize) -> (Server, Arc<Faults>) {
    let matches = |ending| matches!(ending, Ending::Fault { point: it, after, .. } if (it, after) == (point, answers));
    let seed = (0..).find(|&seed| matches(FaultPlan::every(1, seed).ending(0))).unwrap();
    let (server, faults) = harness();
    faults.set(FaultPlan::every(1, seed));
    (server, faults)
}

fn harness() -> (Server, Arc<Faults>) {
    let (server, faults) = (Server::http(FakePlex::new()), Arc::<Faults>::default());
    server.set_connection_plans(Arc::clone(&faults) as _);
    (server, faults)
}

/// Sends this many requests on one connection, each after the previous response, and returns
/// everything received.
fn send_all(server: &Server, requests: usize) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut all = Vec::new();
    for _ in 0..requests {
        stream.write_all(REQUEST).unwrap();
        let mut response = Vec::new();
        let mut piece = [0; 4096];
        while !response.ends_with(b"}}") {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return String::from_utf8([all, response].concat()).unwrap(),
                Ok(count) => response.extend_from_slice(&piece[..count]),
            }
        }
        all.extend(response);
    }
    // The server ends the connection, with or without an error.
    let end = stream.read_to_end(&mut all).err().map(|error| error.kind());
    assert_ne!(end, Some(io::ErrorKind::WouldBlock));
    String::from_utf8(all).unwrap()
}

#[test]
fn each_connection_ends_at_its_point() {
    for (point, carried_out) in [
        (Point::Unread, 2),
        (Point::Unanswered, 3),
        (Point::InHead, 3),
        (Point::InBody, 3),
        (Point::AfterAnswer, 3),
    ] {
        let (server, faults) = server_with_faults(point, 2);
        let received = send_all(&server, 3);
        let whole = received.matches("}}").count();
        let begun = received.matches("HTTP/1.1 200 OK").count();
        let rest = received.rsplit("}}").next().unwrap().len();
        match point {
            Point::Unread | Point::Unanswered => assert_eq!((whole, rest), (2, 0), "{point:?}"),
            Point::InHead => assert!(whole == 2 && (1..61).contains(&rest), "{received}"),
            Point::InBody => assert!(whole == 2 && begun == 3, "{received}"),
            Point::AfterAnswer => assert!(whole == 3 && !received.contains("close"), "{received}"),
        }
        assert_eq!(server.with(|fake| fake.seen("GET", "/identity")), carried_out, "{point:?}");

        let faults = faults.faults();
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        let answered = if point == Point::AfterAnswer { 3 } else { 2 };
        assert_eq!((fault.point, fault.answered), (point, answered));
        let victim = (point != Point::AfterAnswer).then_some("me");
        assert_eq!(fault.client.as_deref(), victim, "{point:?}");
    }
}

#[test]
fn other_connections_close_after_their_limit() {
    let (server, faults) = harness();
    faults.set(FaultPlan::every(1000, 1).answers_per_connection(3));
    let received = send_all(&server, 5);
    assert_eq!(received.matches("}}").count(), 3, "{received}");
    assert_eq!(received.matches("connection: close").count(), 1, "{received}");
    assert!(faults.faults().is_empty());

    faults.set(None);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for _ in 0..9 {
        stream.write_all(REQUEST).unwrap();
        let mut piece = [0; 4096];
        assert!(stream.read(&mut piece).unwrap() > 0);
    }
}

#[test]
fn a_new_plan_spares_open_connections() {
    let (server, faults) = server_with_faults(Point::Unanswered, 1);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for _ in 0..3 {
        stream.write_all(REQUEST).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        faults.set(None);
    }
    assert!(faults.faults().is_empty());
}

#[test]
fn the_seed_determines_the_fates() {
    let faults =
        |seed| (0..200).map(|number| FaultPlan::every(7, seed).ending(number)).collect::<Vec<_>>();
    assert_eq!(faults(5), faults(5));
    assert_ne!(faults(5), faults(6));
    let is_death = |ending: &&Ending| matches!(ending, Ending::Fault { .. });
    assert_eq!(faults(5).iter().filter(is_death).count(), 200 / 7);
    for at in Point::ALL {
        assert!(
            faults(5)
                .iter()
                .any(|ending| matches!(ending, Ending::Fault { point, .. } if *point == at))
        );
    }
}
