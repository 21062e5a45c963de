//! Saved states of every kind, and the errors for states that cannot be restored.

use plex_auth_proto::flow::{
    DeviceLogin, DeviceTokenRefresher, InvalidSavedState, PinLogin, TransientTokenRefresher,
};
use plex_auth_proto::jwt::{DeviceKey, Jwk, SignError};
use plex_auth_proto::{ClientIdentity, MediaServer, PlexTv, Token};
use serde_json::{Value, json};

use super::harness::epoch;

const URL: &str = "https://plex.tv/api/v2";

/// A key that always fails to sign.
struct Key(Jwk);

impl DeviceKey for Key {
    fn jwk(&self) -> &Jwk {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError::new("locked"))
    }
}

fn key(id: &str) -> Key {
    Key(Jwk::new([7; 32], id).unwrap())
}

/// Returns one state of each kind, with the name of the kind.
fn states() -> [(&'static str, Value); 5] {
    let state = |kind: &str, service: &str, more: Value| {
        let mut state = json!({
            "format": 1, "kind": kind, "service": service, "clientIdentifier": "id",
        });
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state
    };
    let pin = |code: &str| json!({ "id": 7, "code": code, "endsAt": 900 });
    let device = json!({ "keyId": "den" });
    [
        ("code", state("link-code-login", URL, pin("G7KX"))),
        ("page", state("hosted-page-login", URL, pin("8lzfqpkmtyfvdqo4q9ri9l35c"))),
        ("device login", state("device-login", URL, device.clone())),
        ("device token", state("device-token", URL, device)),
        (
            "transient",
            state("transient-token", URL, json!({ "token": "transient-5ea1", "endsAt": 900 })),
        ),
    ]
}

/// Restores the saved state as a flow of this kind.
fn restore_at(kind: &str, url: &str, id: &str, saved: &str) -> Result<(), InvalidSavedState> {
    let now = epoch();
    let me = ClientIdentity::builder(id).build().unwrap();
    let plex_tv = PlexTv::at(me.clone(), url.parse().unwrap());
    match kind {
        // Both kinds are restored as a `PinLogin`, which records how the PIN is linked.
        "code" | "page" => {
            let login = PinLogin::restore(plex_tv, saved, now)?;
            let is_code = login.link_page().is_some();
            assert_ne!(is_code, login.hosted_page().is_some());
            if is_code == (kind == "code") { Ok(()) } else { Err(InvalidSavedState::OtherFlow) }
        }
        "device login" => DeviceLogin::restore(plex_tv, key("den"), saved, now).map(drop),
        "device token" => DeviceTokenRefresher::restore(plex_tv, key("den"), saved).map(drop),
        "transient" => {
            let server = MediaServer::new(me, url.parse().unwrap(), Token::new("abc").unwrap());
            TransientTokenRefresher::restore(server, saved, now).map(drop)
        }
        kind => panic!("{kind}"),
    }
}

fn restore(kind: &str, saved: &str) -> Result<(), InvalidSavedState> {
    restore_at(kind, URL, "id", saved)
}

fn with(state: &Value, member: &str, value: Value) -> String {
    let mut state = state.clone();
    state[member] = value;
    state.to_string()
}

#[test]
fn state_is_restored_only_as_its_kind() {
    for (kind, state) in states() {
        for (other, _) in states() {
            let result = restore(other, &state.to_string());
            // A refresher can also be restored from a device login's state, because the PIN may
            // have been linked in the meantime.
            if kind == other || (kind, other) == ("device login", "device token") {
                assert_eq!(result, Ok(()), "{kind} as {other}");
            } else {
                assert_eq!(result, Err(InvalidSavedState::OtherFlow), "{kind} as {other}");
            }
        }
    }
}

#[test]
fn state_is_restored_only_for_its_service() {
    for (kind, state) in states() {
        let restore_at = |url: &str| restore_at(kind, url, "id", &state.to_string());
        for other in ["http://127.0.0.1:32400", "https://plex.tv", "https://plex.tv.example/api/v2"]
        {
            assert_eq!(restore_at(other), Err(InvalidSavedState::OtherService), "{kind} {other}");
        }
        let second_name = restore_at("https://clients.plex.tv/api/v2");
        let is_plex_tv = kind != "transient";
        assert_eq!(second_name.is_ok(), is_plex_tv, "{kind}");
    }
}

#[test]
fn invalid_states_are_refused_with_the_reason() {
    for (kind, state) in states() {
        let text = state.to_string();
        let cases = [
            ("", InvalidSavedState::Unreadable),
            ("{}", InvalidSavedState::Unreadable),
            ("[]", InvalidSavedState::Unreadable),
            ("null", InvalidSavedState::Unreadable),
            (&text[..text.len() / 2], InvalidSavedState::Unreadable),
            (&with(&state, "format", json!(null)), InvalidSavedState::Unreadable),
            (&with(&state, "format", json!(2)), InvalidSavedState::NewerFormat),
            (&with(&state, "kind", json!("password-login")), InvalidSavedState::OtherFlow),
            (&with(&state, "clientIdentifier", json!("x")), InvalidSavedState::OtherIdentifier),
            (
                &with(&state, "comment", json!("x".repeat(10_000_000))),
                InvalidSavedState::Unreadable,
            ),
        ];
        for (saved, expected) in cases {
            let start: String = saved.chars().take(200).collect();
            assert_eq!(restore(kind, saved), Err(expected), "{kind}: {start}");
        }
    }
    for (kind, missing) in [("code", "id"), ("page", "code")] {
        let (_, state) = states().into_iter().find(|(name, _)| *name == kind).unwrap();
        let saved = with(&state, missing, json!(null));
        assert_eq!(restore(kind, &saved), Err(InvalidSavedState::Unreadable), "{saved}");
    }
    for kind in ["device login", "device token"] {
        let (_, state) = states().into_iter().find(|(name, _)| *name == kind).unwrap();
        let saved = with(&state, "keyId", json!("attic"));
        assert_eq!(restore(kind, &saved), Err(InvalidSavedState::OtherKey));
    }
}

#[test]
fn unknown_and_repeated_members_are_accepted() {
    for (kind, state) in states() {
        assert_eq!(restore(kind, &with(&state, "later", json!({ "more": [1] }))), Ok(()));
        // If a member is repeated, the last one counts.
        let repeated =
            state.to_string().replacen('{', r#"{"format":9,"kind":"x","service":"x","#, 1);
        assert_eq!(restore(kind, &repeated), Ok(()), "{repeated}");
    }
}
