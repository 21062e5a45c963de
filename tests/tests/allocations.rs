//! How much memory a hostile answer can make the core take, and how the work grows with its size.
//!
//! A binary of its own, since the allocator of a process is one for all its tests.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "so tests fail")]

use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Who};
use plex_auth_proto::flow::DeviceTokenRefresher;
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::Ed25519Key;
use plex_auth_proto::{ClientIdentity, Error, Flow, PlexTv, Step, Token};

use crate::every_operation::{Asking, every_operation};

#[allow(dead_code, reason = "shared; each suite uses its part")]
#[path = "all/carrier.rs"]
mod carrier;
#[allow(dead_code, reason = "shared; each suite uses its part")]
#[path = "all/every_operation.rs"]
mod every_operation;

/// How many bytes the core may hold at once for each byte of an answer, whatever is in it.
const BYTES_FOR_A_BYTE: u64 = 64;

/// What a list may take beside that, while it grows: its bound is 1 MiB.
const A_LIST: u64 = 2 * 1024 * 1024;

/// Bodies of about this size that make the most of it.
fn hostile(size: usize) -> Vec<(String, String)> {
    let fill = |start: &str, piece: &str, end: &str| {
        let body = format!("{start}{}{end}", piece.repeat(size / piece.len()));
        (format!("{start}{piece}…"), body)
    };
    let mut bodies = vec![
        fill("[", "[", ""),
        fill("", "{\"a\":", ""),
        fill("{\"a\":1", ",\"a\":1", "}"),
        fill("{\"x\":[0", ",0", "],\"authToken\":1e999}"),
        fill("{\"x\":[{}", ",{}", "],\"authToken\":1e999}"),
        fill("{\"x\":\"", "\\ud800", "\"}"),
        fill("{\"authToken\":\"", "x", "\"}"),
        fill("<a>", "<b/>", "</a>"),
        fill("<errors>", "<error/>", "</errors>"),
        fill("<MediaContainer><Device>", "<Connection/>", "</Device></MediaContainer>"),
        fill("<MediaContainer a='", "&amp;", "'/>"),
        fill("<MediaContainer ", "a='' ", "/>"),
        fill("", "<a>", ""),
        fill("{\"error\":[1", ",{}", "]}"),
        fill("{\"errors\":[1", ",\"x\"", "]}"),
        fill("{\"errors\":[1", ",{\"code\":1}", "]}"),
    ];
    let lists =
        ["services", "settings", "trials", "subscriptions", "roles", "providers", "entitlements"];
    for list in lists {
        for piece in [",{}", ",1", ",\"a\"", ",{\"id\":1}", ",null"] {
            bodies.push(fill(&format!("{{\"authToken\":\"a\",\"{list}\":[1"), piece, "]}"));
        }
    }
    for piece in [",{}", ",1", ",{\"port\":1}"] {
        bodies.push(fill("{\"MediaContainer\":{\"Device\":[1", piece, "]}}"));
        bodies.push(fill("{\"MediaContainer\":{\"Device\":{\"Connection\":[1", piece, "]}}}"));
    }
    for piece in [",{}", ",1", ",{\"connections\":[{},{},{},{},{}]}", ",[]"] {
        bodies.push(fill("[1", piece, "]"));
    }
    for piece in [",{}", ",{\"port\":1}"] {
        bodies.push(fill("[{\"connections\":[1", piece, "]}]"));
    }
    for piece in [
        "<Device/>",
        "<Device id='1'/>",
        "<Device><Connection uri='a'/><Connection/></Device>",
        "<Device>a</Device>",
    ] {
        bodies.push(fill("<MediaContainer size='1'>", piece, "</MediaContainer>"));
    }
    // Each list within its bound, and many of them.
    let list = format!(",{{\"connections\":[{{}}{}]}}", ",{}".repeat(500));
    let (_, lists) = fill("[1", &list, "]");
    bodies.push(("many lists".to_owned(), lists));
    bodies
}

#[test]
fn memory_is_bounded_by_a_multiple_of_the_answer() {
    let asking = Asking::at("https://plex.example");
    let mut worst = (0, String::new());
    for size in [10_000, 400_000] {
        for (name, body) in hostile(size) {
            for status in [200, 401] {
                let seen = if status == 200 { body.len() } else { body.len().min(65_536) };
                let mut answer = Response::new(body.clone().into_bytes());
                *answer.status_mut() = status.try_into().unwrap();
                for every in every_operation() {
                    let held = allocation_counter::measure(|| {
                        let _ = every.read(&asking, &answer);
                    });
                    let place = format!("{} {status} {name} of {size}", every.operation.name);
                    let most = BYTES_FOR_A_BYTE * seen as u64 + A_LIST;
                    assert!(held.bytes_max <= most, "{place}: {} bytes for {seen}", held.bytes_max);
                    worst = worst.max((held.bytes_max, place));
                }
            }
        }
    }
    println!("at most {} bytes: {}", worst.0, worst.1);
}

type Refresher = DeviceTokenRefresher<Ed25519Key>;

/// What one device's state may take, in bytes, with its identity, its key and all that it points to.
const A_DEVICE: i64 = 2048;

/// What it may take beside that while it cannot renew its token: why it cannot.
const AN_ERROR: i64 = 160;

/// A device that has an identity of its own and an old token.
fn device(old_token: &str) -> Refresher {
    let identity = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
        .product("Plex for Roku")
        .device("Roku 3")
        .version("2.4.1")
        .platform("Roku")
        .build()
        .unwrap();
    let old_token = Token::new(old_token).unwrap();
    PlexTv::new(identity).register_device(Ed25519Key::from_seed(&[3; 32]), old_token)
}

/// Lets a device live for so many days, of which the last one has no plex.tv.
fn live(refresher: &mut Refresher, plex: &mut FakePlex, days: u64) {
    const DAY: u64 = 24 * 60 * 60;
    let mut passed = 0;
    while passed < days * DAY {
        let now = 1_700_000_000 + passed;
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        match refresher.poll(clock) {
            Step::Done(end) => panic!("{end}"),
            Step::Wait(time) => passed += time.as_secs() + u64::from(time.subsec_nanos() > 0),
            Step::Send(id, call) => {
                let (request, reply) = call.into_parts();
                let answer = if passed < (days - 1) * DAY {
                    plex.answer(&request.map(Vec::from), now)
                } else {
                    let answer = Response::builder().status(503).header("retry-after", "60");
                    answer.body(b"<html>Service Unavailable</html>".to_vec()).unwrap()
                };
                refresher.complete(clock, id, reply.read(answer).map_err(Error::from));
            }
        }
    }
}

#[test]
fn a_device_takes_two_kilobytes_at_the_most() {
    let states = [(0, "new", 0), (2, "renewed", 0), (7, "with an error", AN_ERROR)];
    for (days, name, more) in states {
        let mut plex = FakePlex::new();
        let old_token = plex.issue_token(Who::PlexPass);
        let mut made = None;
        let new = allocation_counter::measure(|| made = Some(device(&old_token)));
        let mut refresher = made.unwrap();
        // The fake grows, too, so that only what is let go of again shows what a device holds.
        if days > 0 {
            live(&mut refresher, &mut plex, days);
        }
        let holds = allocation_counter::measure(|| drop(refresher)).bytes_current;
        let inline = i64::try_from(size_of::<Refresher>()).unwrap();
        println!("{name}: {inline} bytes, and {} on the heap", -holds);
        assert!(days > 0 || holds == -new.bytes_current, "all is let go of");
        assert!(
            inline - holds <= A_DEVICE + more,
            "{name}: {inline} bytes, and {} on the heap",
            -holds
        );
    }
}
