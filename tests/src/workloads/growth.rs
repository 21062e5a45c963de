//! Workloads that grow with the size of the response: a byte of a large response must cost about as
//! much as a byte of a small one.

use std::iter;

use plex_auth_proto::Reply;
use plex_auth_proto::http::Response;
use serde_json::Value;

use super::answers::{ACCOUNT, account_of, reading, response, source, token_details};
use super::{Kind, Work};
use crate::table::Limit;

/// The limit for work whose cost per byte must not grow with the size.
const SAME: Limit = Limit::Times(1.1);

pub(crate) fn all() -> Vec<Work> {
    let accounts = |name, size, limit| grown(name, token_details, account, (size, 9_000), limit);
    let cut = |name, size| grown(name, token_details, half_a_surrogate, (size, 9_000), SAME);
    let twice = |name, size| grown(name, token_details, a_key_twice, (size, 9_000), SAME);
    let xml = |name, size| grown(name, source, xml, (size, 9_000), SAME);
    vec![
        account_of("account of 1 feature", || features(1)),
        account_of("account of 1,000 features", || features(1_000)),
        account_of("account of 10,000 features", || features(10_000)),
        grown("10,000 features", token_details, features, (10_000, 1_000), SAME),
        accounts("account of 2 kB", 2_000, Limit::None),
        accounts("account of 50 kB", 50_000, SAME),
        accounts("account of 500 kB", 500_000, SAME),
        cut("half a surrogate in 90 kB", 90_000),
        cut("half a surrogate in 900 kB", 900_000),
        twice("a key twice in 90 kB", 90_000),
        twice("a key twice in 900 kB", 900_000),
        xml("XML of 90 kB", 90_000),
        xml("XML of 900 kB", 900_000),
    ]
}

/// Returns accounts of several sizes, with their memory limits.
pub fn accounts() -> Vec<(&'static str, Response<Vec<u8>>, Limit)> {
    let of = |name, body: String| (name, response(200, body), Limit::Times(1.3));
    vec![
        of("account of 9 kB", ACCOUNT.to_owned()),
        of("account of 50 kB", account(50_000)),
        of("account of 500 kB", account(500_000)),
        // This body is repaired, which needs a copy.
        (
            "account with half a surrogate",
            response(200, half_a_surrogate(9_000)),
            Limit::Times(2.1),
        ),
    ]
}

fn grown<T: 'static>(
    name: &str,
    reply: fn() -> Reply<T>,
    body: fn(usize) -> String,
    (large, small): (usize, usize),
    limit: Limit,
) -> Work {
    Work {
        name: format!("growth: {name}"),
        kind: Kind::Growth,
        ours: Box::new(move || reading(reply(), body(large))),
        baseline: Box::new(move || reading(reply(), body(small))),
        limit,
    }
}

fn fixture() -> Value {
    serde_json::from_str(ACCOUNT).unwrap()
}

/// Returns an account of about this size, with all its lists lengthened or shortened.
fn account(size: usize) -> String {
    let length = |factor| stretched(&fixture(), factor).to_string().len();
    let (without_lists, whole) = (length(0.0), length(1.0));
    let lists = size.saturating_sub(without_lists) as f64;
    stretched(&fixture(), lists / (whole - without_lists) as f64).to_string()
}

fn stretched(value: &Value, factor: f64) -> Value {
    match value {
        Value::Array(list) => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
            let length = (list.len() as f64 * factor).round() as usize;
            list.iter().cycle().take(length).cloned().collect()
        }
        Value::Object(object) => {
            let members = object.iter();
            members.map(|(key, value)| (key.clone(), stretched(value, factor))).collect()
        }
        other => other.clone(),
    }
}

fn features(count: usize) -> String {
    let mut account = fixture();
    let features = account.pointer_mut("/subscription/features").unwrap();
    *features = features.as_array().unwrap().iter().cycle().take(count).cloned().collect();
    account.to_string()
}

fn half_a_surrogate(size: usize) -> String {
    account(size).replacen("\"title\":\"", "\"title\":\"\\ud83d", 1)
}

fn a_key_twice(size: usize) -> String {
    account(size).replacen('{', "{\"title\":\"first\",", 1)
}

/// Returns a source with many connections, as XML from a server that does not send JSON.
fn xml(size: usize) -> String {
    let connection = "<Connection protocol=\"https\" address=\"10.0.2.1\" port=\"32400\" \
        uri=\"https://10-0-2-1.feed.plex.direct:32400\" local=\"1\" relay=\"0\"/>";
    let connections: String = iter::repeat_n(connection, size / connection.len()).collect();
    let device = "<Device name=\"Attic\" clientIdentifier=\"5f0e1c2d\" accessToken=\"5ea1\">";
    format!("<MediaContainer size=\"1\">{device}{connections}</Device></MediaContainer>")
}
