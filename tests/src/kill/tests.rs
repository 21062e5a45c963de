use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use plex_auth_fake::{FakePlex, Server};

use super::*;

const REQUEST: &[u8] = b"GET /identity HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nX-Plex-Client-Identifier: me\r\n\r\n";

/// A server whose every connection dies, the first at this point, after this many answers.
fn deadly(point: Point, answers: usize) -> (Server, Arc<Fates>) {
    let here = |fate| matches!(fate, Fate::Dies { point: it, after, .. } if (it, after) == (point, answers));
    let seed = (0..).find(|&seed| here(Kills::every(1, seed).fate(0))).unwrap();
    let (server, fates) = harness();
    fates.set(Kills::every(1, seed));
    (server, fates)
}

fn harness() -> (Server, Arc<Fates>) {
    let (server, fates) = (Server::http(FakePlex::new()), Arc::<Fates>::default());
    server.set_connection_plans(Arc::clone(&fates) as _);
    (server, fates)
}

/// All that comes on one connection to so many requests, the next sent when the one before is answered.
fn ask(server: &Server, requests: usize) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut all = Vec::new();
    for _ in 0..requests {
        stream.write_all(REQUEST).unwrap();
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !answer.ends_with(b"}}") {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return String::from_utf8([all, answer].concat()).unwrap(),
                Ok(count) => answer.extend_from_slice(&piece[..count]),
            }
        }
        all.extend(answer);
    }
    // It is to end without being asked, in order or not.
    let end = stream.read_to_end(&mut all).err().map(|error| error.kind());
    assert_ne!(end, Some(io::ErrorKind::WouldBlock));
    String::from_utf8(all).unwrap()
}

#[test]
fn each_death_comes_where_it_was_said() {
    for (point, carried_out) in [
        (Point::Unread, 2),
        (Point::Unanswered, 3),
        (Point::InHead, 3),
        (Point::InBody, 3),
        (Point::AfterAnswer, 3),
    ] {
        let (server, fates) = deadly(point, 2);
        let came = ask(&server, 3);
        let whole = came.matches("}}").count();
        let begun = came.matches("HTTP/1.1 200 OK").count();
        let rest = came.rsplit("}}").next().unwrap().len();
        match point {
            Point::Unread | Point::Unanswered => assert_eq!((whole, rest), (2, 0), "{point:?}"),
            Point::InHead => assert!(whole == 2 && (1..61).contains(&rest), "{came}"),
            Point::InBody => assert!(whole == 2 && begun == 3, "{came}"),
            Point::AfterAnswer => assert!(whole == 3 && !came.contains("close"), "{came}"),
        }
        assert_eq!(server.with(|fake| fake.seen("GET", "/identity")), carried_out, "{point:?}");

        let deaths = fates.deaths();
        let [death] = deaths.as_slice() else { panic!("{deaths:?}") };
        let answered = if point == Point::AfterAnswer { 3 } else { 2 };
        assert_eq!((death.point, death.answered), (point, answered));
        let victim = (point != Point::AfterAnswer).then_some("me");
        assert_eq!(death.client.as_deref(), victim, "{point:?}");
    }
}

#[test]
fn the_others_live_on_for_as_many_answers_as_they_were_given() {
    let (server, fates) = harness();
    fates.set(Kills::every(1000, 1).answers_per_connection(3));
    let came = ask(&server, 5);
    assert_eq!(came.matches("}}").count(), 3, "{came}");
    assert_eq!(came.matches("connection: close").count(), 1, "{came}");
    assert!(fates.deaths().is_empty());

    fates.set(None);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for _ in 0..9 {
        stream.write_all(REQUEST).unwrap();
        let mut piece = [0; 4096];
        assert!(stream.read(&mut piece).unwrap() > 0);
    }
}

#[test]
fn a_connection_that_was_to_die_is_let_off_with_all_others() {
    let (server, fates) = deadly(Point::Unanswered, 1);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for _ in 0..3 {
        stream.write_all(REQUEST).unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        fates.set(None);
    }
    assert!(fates.deaths().is_empty());
}

#[test]
fn the_same_seed_decides_the_same() {
    let fates =
        |seed| (0..200).map(|number| Kills::every(7, seed).fate(number)).collect::<Vec<_>>();
    assert_eq!(fates(5), fates(5));
    assert_ne!(fates(5), fates(6));
    let dies = |fate: &&Fate| matches!(fate, Fate::Dies { .. });
    assert_eq!(fates(5).iter().filter(dies).count(), 200 / 7);
    for at in Point::ALL {
        assert!(
            fates(5).iter().any(|fate| matches!(fate, Fate::Dies { point, .. } if *point == at))
        );
    }
}
