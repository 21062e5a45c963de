//! The memory that a hostile response can make the core allocate.

use plex_auth_proto::http::Response;
use plex_auth_tests::every_operation::{Inputs, every_operation};

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
    let inputs = Inputs::at("https://plex.example");
    let mut worst = (0, String::new());
    for size in [10_000, 400_000] {
        for (name, body) in hostile(size) {
            for status in [200, 401] {
                let seen = if status == 200 { body.len() } else { body.len().min(65_536) };
                let mut answer = Response::new(body.clone().into_bytes());
                *answer.status_mut() = status.try_into().unwrap();
                for every in every_operation() {
                    let held = allocation_counter::measure(|| {
                        let _ = every.read(&inputs, &answer);
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
