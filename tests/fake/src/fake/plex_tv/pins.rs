//! `POST {plex.tv}/pins`, `GET {plex.tv}/pins/{id}` and `PUT {plex.tv}/pins/link`: signing in with
//! a PIN.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Refusal, auth, authenticate};
use crate::fake::ask::Ask;
use crate::fake::devices::NewDevice;
use crate::fake::path::PREFIX;
use crate::fake::pins::{NewPin, Pin};
use crate::fake::render::{self, Element};
use crate::fake::{FakePlex, Who};

pub(crate) fn create(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let strong = ask.parameter("strong");
    let body = ask.json().unwrap_or_default();
    let jwk = body.get("jwk").cloned();
    if let Some(jwk) = &jwk {
        plex.device_keys.check(jwk)?;
    }
    let new = NewPin {
        is_strong: matches!(strong.as_deref(), Some("true" | "True" | "1"))
            || body.get("strong").is_some_and(|strong| strong == true),
        client_identifier: ask.header("x-plex-client-identifier").unwrap_or_default(),
        product: ask.header("x-plex-product"),
        jwk,
    };
    let pin = plex.pins.make(new, ask.now());
    Ok(answer(plex, &pin, ask, StatusCode::CREATED))
}

pub(crate) fn poll(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    captured: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let id = captured.first().and_then(|id| id.parse().ok()).ok_or(Refusal::PIN_GONE)?;
    let identifier = ask.header("x-plex-client-identifier").unwrap_or_default();
    let pin = plex.pins.polled(id, identifier, ask.now()).ok_or(Refusal::PIN_GONE)?;
    if let Some(jwk) = pin.jwk() {
        // The JWT must be signed by the PIN's key, even if the key is not registered yet.
        let jwt = ask.parameter("deviceJWT").ok_or(Refusal::PARAMETER)?;
        plex.device_keys.read_of(jwk, &jwt, identifier, ask.now())?;
    }
    Ok(answer(plex, pin, ask, StatusCode::OK))
}

pub(crate) fn link(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let form = ask.form().ok_or(Refusal::PARAMETER)?;
    let code = form.field("code").filter(|code| !code.is_empty()).ok_or(Refusal::PARAMETER)?;
    plex.link_pin(code, issued.who, ask.now()).ok_or(Refusal::PIN_GONE)?;
    Ok(render::nothing(StatusCode::NO_CONTENT))
}

impl FakePlex {
    /// Links the PIN with this code to an account, as a user would on Plex's page, and returns the
    /// PIN's token. Linking revokes the token that the account got through a previously linked PIN
    /// with the same client identifier.
    ///
    /// Returns `None` if no PIN with this code is waiting, or if the PIN's key or key ID has been
    /// registered in the meantime.
    pub fn link_pin(&mut self, code: &str, who: Who, now: u64) -> Option<String> {
        let pin = self.pins.waiting(code, now)?.clone();
        let id = pin.id();
        let device = NewDevice {
            client_identifier: pin.client_identifier(),
            product: pin.product().unwrap_or_default(),
            ..NewDevice::default()
        };
        let token = match pin.jwk() {
            Some(jwk) => auth::link(self, jwk, device, who, now)?,
            None => {
                let token = self.tokens.issue(who, None);
                self.devices.signed_in(who, device, &token, now);
                token
            }
        };
        if let Some(replaced) = self.pins.link(id, who, &token) {
            self.revoke(&replaced);
        }
        Some(token)
    }
}

fn answer(plex: &FakePlex, pin: &Pin, ask: &Ask<'_>, status: StatusCode) -> Response<Vec<u8>> {
    let body = body(pin, &plex.base_url(ask), ask.now());
    if ask.wants_json() {
        render::json(status, &Value::Object(body))
    } else {
        render::xml(status, &Element::plex_tv("pin", &body))
    }
}

fn body(pin: &Pin, base: &str, now: u64) -> Map<String, Value> {
    let body = json!({
        "id": pin.id(), "code": pin.code(), "product": pin.product(), "trusted": false,
        "qr": format!("{base}{PREFIX}/pins/qr/{}", pin.code()),
        "clientIdentifier": pin.client_identifier(),
        "location": {
            "code": "NO", "european_union_member": false, "continent_code": "EU", "country": "Norway",
            "city": "Kjelvik", "time_zone": "Europe/Oslo", "postal_code": 9750,
            "in_privacy_restricted_country": false, "in_privacy_restricted_region": false,
            "subdivisions": "Finnmark", "coordinates": "70.9821, 26.1210",
        },
        "expiresIn": pin.expires_at().saturating_sub(now),
        "createdAt": rfc_3339(pin.created_at()), "expiresAt": rfc_3339(pin.expires_at()),
        "authToken": pin.token(), "newRegistration": pin.token().map(|_| false),
    });
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}

/// Formats Unix seconds as an RFC 3339 date and time in UTC.
fn rfc_3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years start in March, so that a leap day is the last day of its year. An era has 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month =
        if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc_3339;

    #[test]
    fn unix_seconds_become_a_date() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (784_111_777, "1994-11-06T08:49:37Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc_3339(seconds), date);
        }
    }
}
