//! Properties: however many of a response's fields drift, only those fields are lost, unreadable
//! fields are reported, and the token is never lost.

use std::fmt::Debug;

use plex_auth_proto::device::Devices;
use plex_auth_proto::home::Home;
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::PlexKeys;
use plex_auth_proto::pin::{Pin, PinId, PinState};
use plex_auth_proto::server::{Resources, Scope, TokenType};
use plex_auth_proto::{
    Account, ClientIdentity, Credentials, MediaServer, PlexTv, SignedIn,
    SourceConnectionInformation, Token, TransientToken,
};
use proptest::prelude::{TestCaseError, any, prop_assert, prop_assert_eq, proptest};
use serde_json::Value;

mod debug;
mod documents;
mod drifted;

use crate::config;
use documents::{account, pin, plex_keys, source, transient};
use drifted::{Document, check, check_as, check_named, drifts, in_disorder};

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

fn server() -> MediaServer {
    MediaServer::new(me(), "http://10.0.0.7:32400".parse().unwrap(), Token::new("t0ken").unwrap())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn account_loses_only_drifted_fields(
        drifted in drifts(&account(), "/authToken"), details in any::<bool>(),
    ) {
        let credentials = Credentials::new("rosa", "x").unwrap();
        let token = Token::new("asked").unwrap();
        let plex_tv = PlexTv::new(me());
        let with_token = |signed_in: SignedIn| {
            let mut account = signed_in.account;
            account.auth_token = Some(signed_in.auth_token);
            account
        };
        let call = || {
            if details { plex_tv.token_details(&token).own_connection() } else { plex_tv.sign_in(&credentials).map(with_token) }
        };
        let after = check(call, &account(), &drifted)?;
        prop_assert_eq!(after.auth_token.as_ref().unwrap().expose(), "xyz-Abc_0123456789ab");
        if let [drifted] = drifted.as_slice() {
            check_named(&account(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn source_loses_only_drifted_fields(
        drifted in drifts(&source(), "/MediaContainer"),
    ) {
        let server = server();
        let requested = "server://5f0e1c2d".parse().unwrap();
        let call = || server.source_connection_information(&requested);
        let after = check(call, &source(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&source(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn resources_lose_only_drifted_fields(drifted in drifts(&documents::resources(), "")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let rows = |resources: &Resources| debug::fields(&resources.resources);
        let document = documents::resources();
        let after = check_as(|| plex_tv.resources(&token), rows, &document, &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&document, &after.resources, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn home_loses_only_drifted_fields(drifted in drifts(&documents::home(), "")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let after = check(|| plex_tv.home_users(&token), &documents::home(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&documents::home(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn devices_lose_only_drifted_fields(drifted in drifts(&documents::devices(), "/MediaContainer")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let after = check(|| plex_tv.devices(&token), &documents::devices(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&documents::devices(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn transient_token_survives_other_drift(
        drifted in drifts(&transient(), "/MediaContainer/token"),
    ) {
        let server = server();
        let call = || server.transient_token(TokenType::Delegation, Scope::All);
        let after = check(call, &transient(), &drifted)?;
        prop_assert_eq!(after.token.expose(), "transient-5ea1");
    }

    #[test]
    fn pin_loses_only_drifted_fields(drifted in drifts(&pin(), "/id"), strong in any::<bool>()) {
        let drifted: Vec<_> = drifted.into_iter().filter(|(path, _)| path != "/code").collect();
        let plex_tv = PlexTv::new(me());
        let after = if strong {
            check(|| plex_tv.create_strong_pin(), &pin(), &drifted)?.pin().clone()
        } else {
            check(|| plex_tv.create_short_pin(), &pin(), &drifted)?.pin().clone()
        };
        prop_assert_eq!((after.id.expose(), after.code.expose().len()), (2_147_483_650, 25));
        if let [drifted] = drifted.as_slice() {
            check_named(&pin(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn polled_token_survives_other_drift(drifted in drifts(&pin(), "/authToken")) {
        // A response with a different ID would belong to another PIN, so the ID must not drift.
        let drifted: Vec<_> = drifted.into_iter().filter(|(path, _)| path != "/id").collect();
        let (plex_tv, id) = (PlexTv::new(me()), PinId::new(2_147_483_650));
        match check(|| plex_tv.poll_pin(&id), &pin(), &drifted)? {
            PinState::Linked { auth_token, .. } => {
                prop_assert_eq!(auth_token.expose(), "xyz-Abc_0123456789ab");
            }
            state => prop_assert!(false, "{:?}", state),
        }
    }

    #[test]
    fn poll_returns_no_token_of_another_pin(
        drifted in drifts(&pin(), "/"), number in any::<u64>(),
    ) {
        let mut document = Document::of(pin());
        drifted.iter().for_each(|(path, drift)| document.drift(path, drift));
        let call = PlexTv::new(me()).poll_pin(&PinId::new(number));
        if let Ok(PinState::Linked { .. }) = call.reply().parse(&Response::new(document.text())) {
            prop_assert!(
                drifted.iter().any(|(path, _)| path == "/id"),
                "a token of another PIN was returned"
            );
        }
    }

    #[test]
    fn plex_key_survives_drift_in_another_key(drifted in drifts(&plex_keys(), "/keys")) {
        let mut document = Document::of(plex_keys());
        for (path, drift) in drifted.iter().filter(|(path, _)| path.starts_with("/keys/0/")) {
            document.drift(path, drift);
        }
        let call = PlexTv::new(me()).plex_keys();
        let keys = call.reply().parse(&Response::new(document.text())).unwrap().keys;
        let other = keys.iter().find(|key| key.key_id.as_deref() == Some("k2")).unwrap();
        prop_assert!(other.public_key().is_some());
        prop_assert_eq!(keys.len(), 2);
    }

    #[test]
    fn order_and_unknown_fields_do_not_matter(seed in any::<u64>()) {
        fn same<T: for<'de> serde::Deserialize<'de> + Debug>(value: &Value, seed: u64) -> Result<(), TestCaseError> {
            let before: T = serde_json::from_str(&value.to_string()).unwrap();
            let after: T = serde_json::from_str(&in_disorder(value, seed)).unwrap();
            let fields = |value: &T| {
                let mut fields = debug::fields(value);
                // `RawJson` and custom restrictions keep unknown fields, so they are not compared.
                fields.retain(|path, shown| {
                    !shown.starts_with("RawJson") && path != "/custom_restrictions/*"
                });
                fields
            };
            prop_assert!(fields(&before) == fields(&after), "{:#?} {:#?}", before, after);
            Ok(())
        }
        same::<Account>(&account(), seed)?;
        same::<SourceConnectionInformation>(&source(), seed)?;
        same::<TransientToken>(&transient(), seed)?;
        same::<Pin>(&pin(), seed)?;
        same::<PlexKeys>(&plex_keys(), seed)?;
        same::<Resources>(&documents::resources(), seed)?;
        same::<Home>(&documents::home(), seed)?;
        same::<Devices>(&documents::devices()["MediaContainer"], seed)?;
    }
}

#[test]
fn unreadable_fields_are_named() {
    let account: Account = serde_json::from_str(
        r#"{"authToken":"abc","id":"seven","homeSize":-1,"roles":["plexpass",[]],"services":[{"status":true},{}],
            "trials":7,"pin":null,"email":"","unknown":[],"subscription":{"active":"perhaps"},
            "customRestrictions":{"movies":[],"s3cret":{}}}"#,
    ).unwrap();
    assert_eq!(
        account.unreadable_fields(),
        [
            "id",
            "homeSize",
            "roles",
            "trials",
            "subscription.active",
            "services.0.status",
            "customRestrictions.movies",
            "customRestrictions.*"
        ]
    );
    let whole: Account = serde_json::from_value(self::account()).unwrap();
    assert!(whole.unreadable_fields().is_empty(), "{:?}", whole.unreadable_fields());
}

#[test]
fn repeated_field_is_named_only_if_unreadable() {
    let account: Account = serde_json::from_str(
        r#"{"authToken":"abc","id":[],"id":7,"homeSize":3,"homeSize":[],"authToken":null,"title":"a","title":null}"#,
    ).unwrap();
    assert_eq!(account.unreadable_fields(), ["homeSize"]);
    assert_eq!((account.id, account.home_size), (Some(7), Some(3)));
    assert_eq!(account.title.as_deref(), Some("a"));
}

#[test]
fn repaired_documents_name_their_fields() {
    let account = r#"{"authToken":"abc","id":1e999,"title":"\ud800","roles":["a",1e999],"locale":"en","uuid":DEEP}"#;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let (_, reply) =
        PlexTv::new(me()).sign_in(&Credentials::new("rosa", "x").unwrap()).into_parts();
    let account = reply.parse(&Response::new(account.replace("DEEP", &deep))).unwrap().account;
    assert_eq!(account.unreadable_fields(), ["id", "title", "roles", "uuid"]);
    assert_eq!((account.roles.len(), account.locale.as_deref()), (1, Some("en")));
}
