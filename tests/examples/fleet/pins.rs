//! A simplified plex.tv for a hundred thousand PINs. It answers like the fake, but does not search
//! through a list of all PINs for each poll.

use std::collections::HashMap;

use plex_auth_fake::{FakePlex, Who};
use plex_auth_proto::http::{Method, Request, Response, StatusCode};

use crate::network::{Service, plain};
use crate::plex_tv::refusal;

/// The lifetime of a PIN, in seconds.
pub(crate) const LIFE: u64 = 900;

/// The ID of the first PIN.
const FIRST: usize = 2_147_483_646;

/// A plex.tv where users can link PINs.
pub(crate) trait PinService: Service {
    /// Links the latest PIN created with this client identifier and returns the resulting token.
    /// Returns `None` if there is no such PIN, or if it has expired or is already linked.
    fn link(&mut self, identifier: &str, now: u64) -> Option<String>;
}

impl PinService for FakePlex {
    fn link(&mut self, identifier: &str, now: u64) -> Option<String> {
        let own: Vec<_> = self.pins().filter(|pin| pin.client_identifier() == identifier).collect();
        let code = own.last()?.code().to_owned();
        self.link_pin(&code, Who::PlexPass, now)
    }
}

/// The PIN endpoints of plex.tv.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    pins: Vec<Pin>,
    /// The index of the latest PIN created with each client identifier.
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct Pin {
    identifier: String,
    ends: u64,
    token: Option<String>,
}

impl Pins {
    fn make(&mut self, identifier: &str, now: u64) -> Response<Vec<u8>> {
        let ends = now + LIFE;
        let pin = Pin { identifier: identifier.to_owned(), ends, token: None };
        let answer = plain(StatusCode::CREATED, body(self.pins.len(), &pin, now));
        self.places.insert(identifier.to_owned(), self.pins.len());
        self.pins.push(pin);
        answer
    }

    fn poll(&self, number: &str, identifier: &str, now: u64) -> Response<Vec<u8>> {
        let place = number.parse().ok().and_then(|number: usize| number.checked_sub(FIRST));
        let pin = place.and_then(|place| self.pins.get(place));
        match (place, pin.filter(|pin| now < pin.ends && pin.identifier == identifier)) {
            (Some(place), Some(pin)) => plain(StatusCode::OK, body(place, pin, now)),
            _ => refusal(404, 1020),
        }
    }
}

fn body(place: usize, pin: &Pin, now: u64) -> Vec<u8> {
    // All PINs have the same code, because no user enters it here.
    let token = pin.token.as_ref().map_or("null".to_owned(), |token| format!("\"{token}\""));
    let (id, left) = (FIRST + place, pin.ends.saturating_sub(now));
    format!(
        r#"{{"id":{id},"code":"G7KX","clientIdentifier":"{}","expiresIn":{left},"authToken":{token}}}"#,
        pin.identifier
    )
    .into_bytes()
}

impl Service for Pins {
    fn answer(&mut self, request: &Request<Vec<u8>>, now: u64) -> Response<Vec<u8>> {
        let identifier = request.headers().get("x-plex-client-identifier");
        let identifier = identifier.and_then(|value| value.to_str().ok()).unwrap_or_default();
        match (request.method(), request.uri().path().strip_prefix("/api/v2/pins")) {
            (&Method::POST, Some("")) => self.make(identifier, now),
            (&Method::GET, Some(path)) => self.poll(path.trim_start_matches('/'), identifier, now),
            _ => refusal(404, 1002),
        }
    }
}

impl PinService for Pins {
    fn link(&mut self, identifier: &str, now: u64) -> Option<String> {
        let pin = self.pins.get_mut(*self.places.get(identifier)?)?;
        if now >= pin.ends || pin.token.is_some() {
            return None;
        }
        pin.token = Some(format!("token-of-{identifier}"));
        pin.token.clone()
    }
}
