//! The random behavior of one connection.

use std::iter;

use fastrand::Rng;

/// The start of a connection.
pub(super) enum Before {
    /// Completes the handshake.
    Handshake,
    /// Writes these bytes instead of a handshake, before anything is read.
    Write(Vec<u8>),
    /// Reads the ClientHello, and then writes these bytes instead of a handshake.
    ReadThenWrite(Vec<u8>),
    /// Writes at most this many bytes of the server's first messages.
    TruncatedFlight(usize),
}

/// A step that follows the start of a connection.
pub(super) enum After {
    /// Writes these bytes without encryption.
    Raw(Vec<u8>),
    /// Encrypts and writes these bytes.
    Encrypted(Vec<u8>),
    /// Writes an encrypted record with a wrong tag.
    Corrupted(Vec<u8>),
    /// Changes the keys.
    KeyUpdate,
    /// Sends a close_notify alert.
    CloseNotify,
    /// Waits for more data from the client.
    Read,
}

pub(super) struct Plan {
    pub(super) before: Before,
    /// Whether the server waits for the request before it continues.
    pub(super) reads_request: bool,
    pub(super) after: Vec<After>,
    /// Whether the connection is reset at the end rather than closed.
    pub(super) resets: bool,
}

impl Plan {
    pub(super) fn random(rng: &mut Rng) -> Self {
        let before = match rng.u8(0..8) {
            0 => Before::Write(bytes(rng)),
            1 => Before::ReadThenWrite(bytes(rng)),
            2 => Before::TruncatedFlight(rng.usize(0..2000)),
            _ => Before::Handshake,
        };
        let after = match before {
            Before::Handshake => {
                let count = rng.usize(0..4);
                iter::repeat_with(|| step(rng)).take(count).collect()
            }
            _ => Vec::new(),
        };
        let reads_request = matches!(before, Before::Handshake) && rng.u8(0..4) > 0;
        Self { before, reads_request, after, resets: rng.bool() }
    }
}

fn step(rng: &mut Rng) -> After {
    match rng.u8(0..12) {
        0..5 => After::Raw(bytes(rng)),
        5..8 => After::Encrypted(response(rng)),
        8 => After::Corrupted(response(rng)),
        9 => After::KeyUpdate,
        10 => After::CloseNotify,
        _ => After::Read,
    }
}

/// Returns bytes that are not an encrypted record: a record in plain text, HTTP, or noise.
fn bytes(rng: &mut Rng) -> Vec<u8> {
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    const DATA: u8 = 23;

    match rng.u8(0..9) {
        // A plaintext alert: fatal or a warning, with any description.
        0..3 => record(ALERT, &[rng.u8(1..3), rng.u8(..)]),
        3 => record(DATA, &[]),
        4 => record(DATA, &vec![0; rng.usize(16_385..20_000)]),
        // A request to renegotiate.
        5 => record(HANDSHAKE, &[0, 0, 0, 0]),
        6 => record(rng.u8(20..26), &vec![rng.u8(..); rng.usize(0..64)]),
        7 => response(rng),
        _ => iter::repeat_with(|| rng.u8(..)).take(64).collect(),
    }
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    [&[kind, 3, 3], length.as_slice(), payload].concat()
}

/// Returns a response, which may be truncated.
fn response(rng: &mut Rng) -> Vec<u8> {
    let body = r#"{"id":1,"authToken":"abc"}"#;
    let framing = match rng.u8(0..3) {
        0 => format!("content-length: {}", body.len()),
        1 => "content-length: 99".to_owned(),
        _ => "connection: close".to_owned(),
    };
    let mut response = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{body}").into_bytes();
    if rng.bool() {
        response.truncate(rng.usize(0..response.len()));
    }
    response
}
