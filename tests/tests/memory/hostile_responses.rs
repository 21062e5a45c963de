//! The memory that a hostile response can make the core allocate.

use std::num::NonZero;
use std::thread;

use plex_auth_proto::http::Response;
use plex_auth_tests::every_operation::{Inputs, every_operation, one_of_each_kind};

/// The number of bytes that the core may hold for each byte of a response, according to its
/// documentation.
const BYTES_PER_BYTE: u64 = 16;

/// The number of additional bytes that the core may hold, regardless of the response's length.
const FIXED_BYTES: u64 = 256 * 1024;

/// The maximum number of bytes that are read from an error response's body.
const MAX_ERROR_BODY: usize = 65_536;

/// Returns bodies of about this size, with their names, that are designed to make the core use as
/// much memory as possible.
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
        fill("<", "<", ""),
        fill("<a>", "=", "</a>"),
        fill("<a>", "<b/>x", "</a>"),
        fill("<a>", "<b a=''/>", "</a>"),
        fill("<a>", "<b/>0123456789abcdefghi", "</a>"),
        fill("<a>", "<b a='' b=''/>0123456789abcdefghij", "</a>"),
        fill(
            "<MediaContainer>",
            "<Device a='\"'>\"\"\"\"\"\"\"\"\"\"\"\"\"</Device>",
            "</MediaContainer>",
        ),
        fill(
            "{\"_elementType\":\"MediaContainer\",\"_children\":[1",
            ",{\"_elementType\":\"Device\"}",
            "]}",
        ),
        fill("{\"_elementType\":\"MediaContainer\",\"_children\":[1", ",1", "]}"),
        fill("{\"_elementType\":\"MediaContainer\"", ",\"a\":1", "}"),
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
    // Objects in which all keys are different.
    for (start, end) in [
        ("{\"id\":1,\"customRestrictions\":{\"\":1", "}}"),
        ("{\"_elementType\":\"MediaContainer\"", "}"),
        ("{\"users\":null", "}"),
    ] {
        let members: String = (0..size / 10).map(|key| format!(",\"{key:05}\":1")).collect();
        bodies.push((format!("{start} many keys"), format!("{start}{members}{end}")));
    }
    // Many lists, each within its limit.
    let list = format!(",{{\"connections\":[{{}}{}]}}", ",{}".repeat(500));
    let (_, lists) = fill("[1", &list, "]");
    bodies.push(("many lists".to_owned(), lists));
    bodies
}

/// Checks the memory that the core holds while it parses each body of this size. The worst size is
/// just above a power of two, because a list that grows by doubling its memory has just done so.
fn is_bounded(size: usize) {
    let bodies = hostile(size);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    // Allocations are counted separately for each thread.
    thread::scope(|scope| {
        for bodies in bodies.chunks(bodies.len().div_ceil(threads)) {
            scope.spawn(|| are_bounded(size, bodies));
        }
    });
}

fn are_bounded(size: usize, bodies: &[(String, String)]) {
    let inputs = Inputs::at("https://plex.example");
    for (name, body) in bodies {
        for status in [200, 401] {
            let read = if status == 200 { body.len() } else { body.len().min(MAX_ERROR_BODY) };
            let bound = BYTES_PER_BYTE * read as u64 + FIXED_BYTES;
            let mut response = Response::new(body.clone().into_bytes());
            *response.status_mut() = status.try_into().unwrap();
            // An error is parsed in the same way for all operations.
            let operations = if status == 200 { every_operation() } else { one_of_each_kind() };
            for every in operations {
                let held = allocation_counter::measure(|| {
                    let _ = every.read(&inputs, &response);
                });
                let context = format!("{} {status} {name} of {size}", every.operation.name);
                assert!(held.bytes_max <= bound, "{context}: {} bytes for {read}", held.bytes_max);
            }
        }
    }
}

#[test]
fn memory_is_a_bounded_multiple_of_the_response() {
    // The longest error response that is read completely has 65,536 bytes.
    is_bounded(33_000);
    is_bounded(67_000);
}

#[test]
#[ignore = "takes minutes; `.ci/run full` runs it"]
fn memory_of_large_responses_is_bounded() {
    is_bounded(270_000);
}
