//! Properties: whatever drifts in an answer, and however many fields at once, it costs those fields alone and
//! never the token; and what it costs is named.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "so tests fail")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Account, Call, ClientIdentity, Credentials, Devices, Home, MediaServer, Pin, PinId, PinState,
    PlexKeys, PlexTv, Resources, Scope, SourceConnectionInformation, Token, TokenType,
    TransientToken,
};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, TestCaseError, any, prop, prop_assert, prop_assert_eq,
    prop_oneof, proptest,
};
use serde_json::{Value, json};

mod documents;
mod shown;

fn account() -> Value {
    serde_json::from_str(include_str!("../fixtures/account.json")).unwrap()
}

fn source() -> Value {
    json!({"MediaContainer": {"Device": [
        {"name": "Attic", "clientIdentifier": "5f0e1c2d", "accessToken": "transient-5ea1",
         "Connection": [
            {"protocol": "https", "address": "10.0.2.1", "port": 32400,
             "uri": "https://10-0-2-1.feed.plex.direct:32400", "local": true, "relay": false},
            {"protocol": "https", "address": "203.0.113.9", "port": 8443,
             "uri": "https://203-0-113-9.feed.plex.direct:8443", "local": false, "relay": true},
         ]},
        {"name": "Cellar", "clientIdentifier": "99ab", "accessToken": "transient-77",
         "Connection": [{"protocol": "http", "address": "10.0.2.2", "port": 1,
             "uri": "http://10.0.2.2:1", "local": true, "relay": false}]},
    ]}})
}

fn transient() -> Value {
    json!({"MediaContainer": {"size": 0, "token": "transient-5ea1"}})
}

fn pin() -> Value {
    json!({
        "id": 2_147_483_650_u64, "code": "8lzfqpkmtyfvdqo4q9ri9l35c", "product": "My & App #1",
        "trusted": true, "qr": "https://plex.tv/api/v2/pins/qr/8lzf", "clientIdentifier": "id",
        "location": {
            "code": "NO", "european_union_member": false, "continent_code": "EU", "country": "Norway",
            "city": "Kjelvik", "time_zone": "Europe/Oslo", "postal_code": "9750",
            "in_privacy_restricted_country": false, "in_privacy_restricted_region": true,
            "subdivisions": "Finnmark", "coordinates": "70.9821, 26.1210",
        },
        "expiresIn": 1800, "createdAt": "2024-05-06T07:08:09Z", "expiresAt": "2024-05-06T07:38:09Z",
        "authToken": "xyz-Abc_0123456789ab", "newRegistration": false,
    })
}

fn plex_keys() -> Value {
    json!({"keys": [
        {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": "vPj2", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k2",
         "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ]})
}

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

fn server() -> MediaServer {
    MediaServer::new(me(), "http://10.0.0.7:32400".parse().unwrap(), Token::new("t0ken").unwrap())
}

/// What a field can turn into, whatever it was.
#[derive(Clone, Debug)]
enum Drift {
    Dropped,
    WrappedInList,
    Unwrapped,
    OtherDress,
    /// This JSON text in its place.
    Json(String),
}

fn drift() -> impl Strategy<Value = Drift> {
    let json = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "7",
        "1.0",
        "1.5",
        "-0.0",
        "1e999",
        "-1e999",
        "1e30",
        "18446744073709551616",
        "-9223372036854775809",
        "\"\"",
        "\" \"",
        "\"x\"",
        "\"\\ud800\"",
        "\"true\"",
        "\"-7\"",
        "[]",
        "[[]]",
        "[null]",
        "{}",
        "{\"x\":1e999}",
        "[{},1,\"x\",[[]]]",
        "{\"\\ud800\":1}",
    ];
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    prop_oneof![
        prop::sample::select(vec![
            Drift::Dropped,
            Drift::WrappedInList,
            Drift::Unwrapped,
            Drift::OtherDress,
            Drift::Json(deep),
        ]),
        prop::sample::select(json.to_vec()).prop_map(|json| Drift::Json(json.to_owned())),
        any::<String>().prop_map(|text| Drift::Json(Value::from(text).to_string())),
        any::<i64>().prop_map(|number| Drift::Json(number.to_string())),
    ]
}

/// All paths in `value` but its root's.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in inside {
        let path = format!("{path}/{step}");
        paths(value, &path, found);
        found.push(path);
    }
}

/// The same value as another language might write it.
fn in_other_dress(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!(if *value { "1" } else { "0" }),
        Value::Number(number) => json!(number.to_string()),
        Value::String(text) => text.parse::<u64>().map_or(json!([text]), |number| json!(number)),
        Value::Array(list) => {
            let numbered = list.iter().enumerate();
            numbered.map(|(index, value)| (index.to_string(), value.clone())).collect()
        }
        Value::Object(object) => object.values().cloned().collect(),
        Value::Null => json!(false),
    }
}

/// The document in the making: odd texts, which a [`Value`] cannot hold, stand in it under a mark.
struct Document {
    value: Value,
    odd: Vec<String>,
}

impl Document {
    fn drift(&mut self, path: &str, drift: &Drift) {
        let Some(place) = self.value.pointer_mut(path) else { return };
        *place = match drift {
            Drift::Dropped => {
                let (parent, step) = path.rsplit_once('/').unwrap();
                match self.value.pointer_mut(parent).unwrap() {
                    Value::Object(object) => drop(object.remove(step)),
                    Value::Array(list) => drop(list.remove(step.parse().unwrap())),
                    _ => unreachable!("it has the path inside"),
                }
                return;
            }
            Drift::WrappedInList => json!([place.take()]),
            Drift::Unwrapped => match place.take() {
                Value::Array(list) => list.into_iter().next().unwrap_or_default(),
                other => json!({"value": other}),
            },
            Drift::OtherDress => in_other_dress(place),
            Drift::Json(text) => {
                self.odd.push(text.clone());
                json!(format!("the-mark-{}", self.odd.len() - 1))
            }
        };
    }

    fn text(&self) -> String {
        let mut text = self.value.to_string();
        for (index, odd) in self.odd.iter().enumerate() {
            text = text.replace(&format!("\"the-mark-{index}\""), odd);
        }
        text
    }
}

/// Whether `path` is `ancestor`, or inside it.
fn is_within(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How far a drift at `path` may reach: an element can fall out of its list, so that the others move up.
fn reach(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((list, step)) if step.parse::<usize>().is_ok() => list.to_owned(),
        _ => path.to_owned(),
    }
}

/// What of `before` is outside the reach of all drifts, and must be there `after`, too.
fn check_neighbours(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    drifted: &[(String, Drift)],
) -> Result<(), TestCaseError> {
    let reached: Vec<String> = drifted.iter().map(|(path, _)| shown::path(&reach(path))).collect();
    for (path, value) in before {
        if reached.iter().any(|reached| is_within(path, reached)) {
            continue;
        }
        // What holds a field that was lost can look another way as a whole; its other fields are here, too.
        if reached.iter().any(|reached| is_within(reached, path)) {
            continue;
        }
        prop_assert_eq!(after.get(path), Some(value), "{}", path);
    }
    Ok(())
}

/// Reads the document once as it is and once drifted; the neighbours of what drifted must be as before.
fn check<T: Debug>(
    call: impl Fn() -> Call<T>,
    value: &Value,
    drifted: &[(String, Drift)],
) -> Result<T, TestCaseError> {
    check_as(call, shown::fields, value, drifted)
}

/// The same where the answer is a list: `fields` shows what its rows hold.
fn check_as<T>(
    call: impl Fn() -> Call<T>,
    fields: impl Fn(&T) -> BTreeMap<String, String>,
    value: &Value,
    drifted: &[(String, Drift)],
) -> Result<T, TestCaseError> {
    let read = |body: String| call().into_parts().1.parse(&Response::new(body));
    let before = fields(&read(value.to_string()).unwrap());
    let mut document = Document { value: value.clone(), odd: Vec::new() };
    for (path, drift) in drifted {
        document.drift(path, drift);
    }
    let after = read(document.text())
        .map_err(|error| TestCaseError::fail(format!("{error}: {}", document.text())))?;
    check_neighbours(&before, &fields(&after), drifted)?;
    Ok(after)
}

/// The fields that are kept as the JSON that they came as.
const RAW: [&str; 2] = ["/providers", "/internalPaymentMethod"];

/// Whatever was put in the place of one field is in the value, or is named as not readable.
fn check_named(
    before: &Value,
    after: &impl Debug,
    named: &[String],
    (path, drift): &(String, Drift),
) -> Result<(), TestCaseError> {
    let Drift::Json(text) = drift else { return Ok(()) };
    // What holds nothing leaves none; and what no type is known for is kept as it is, not looked into.
    let is_nothing = ["null", "\"\"", "[null]", "[]", "{}"].contains(&text.as_str());
    if is_nothing || RAW.iter().any(|raw| path.contains(raw)) {
        return Ok(());
    }
    let fields = shown::fields(after);
    let is_there = if reach(path) == *path {
        let path = shown::path(path);
        let inside = |(field, value): (&String, &String)| {
            is_within(field, &path) && (*field != path || (value != "None" && value != "[]"))
        };
        fields.iter().any(inside)
    } else {
        // An element: its list is as long as it was.
        let list = shown::path(&reach(path));
        let last = before.pointer(&reach(path)).and_then(Value::as_array).unwrap().len() - 1;
        fields.keys().any(|field| is_within(field, &format!("{list}/{last}")))
    };
    let wire = reach(path).replacen("/MediaContainer", "", 1).replace('/', ".");
    let is_named = named.iter().any(|named| named.starts_with(wire.trim_start_matches('.')));
    prop_assert!(is_there || is_named, "{} became {} without a trace: {:?}", path, text, named);
    Ok(())
}

/// Some of a document's paths, but not `spared` and what it is in, each with a drift.
fn drifts(value: &Value, spared: &str) -> impl Strategy<Value = Vec<(String, Drift)>> + use<> {
    let mut found = Vec::new();
    paths(value, "", &mut found);
    found.retain(|path| !is_within(spared, path));
    vec((prop::sample::select(found), drift()), 1..5)
}

/// The same document with its keys the other way round, each of them there twice, and unknown ones between.
fn in_disorder(value: &Value, seed: u64) -> String {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<String> = object
                .iter()
                .map(|(key, value)| {
                    let first = if seed % 2 == 0 { "null" } else { "[[]]" };
                    let key = json!(key);
                    format!(
                        "{key}:{first},\"new{seed}\":{{\"x\":[1,{{}}]}},{key}:{}",
                        in_disorder(value, seed / 2)
                    )
                })
                .collect();
            fields.reverse();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(list) => {
            let elements: Vec<String> =
                list.iter().map(|value| in_disorder(value, seed / 2)).collect();
            format!("[{}]", elements.join(", "))
        }
        other => other.to_string(),
    }
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn an_account_loses_what_drifted_alone(
        drifted in drifts(&account(), "/authToken"), details in any::<bool>(),
    ) {
        let credentials = Credentials::new("rosa", "x").unwrap();
        let asked = Token::new("asked").unwrap();
        let plex_tv = PlexTv::new(me());
        let call = || if details { plex_tv.token_details(&asked) } else { plex_tv.sign_in(&credentials) };
        let after = check(call, &account(), &drifted)?;
        prop_assert_eq!(after.auth_token.expose(), "xyz-Abc_0123456789ab");
        if let [drifted] = drifted.as_slice() {
            check_named(&account(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn connection_information_loses_what_drifted_alone(
        drifted in drifts(&source(), "/MediaContainer"),
    ) {
        let server = server();
        let source_asked = "server://5f0e1c2d".parse().unwrap();
        let call = || server.source_connection_information(&source_asked);
        let after = check(call, &source(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&source(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn resources_lose_what_drifted_alone(drifted in drifts(&documents::resources(), "")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let rows = |resources: &Resources| shown::fields(&resources.resources);
        let document = documents::resources();
        let after = check_as(|| plex_tv.resources(&token), rows, &document, &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&document, &after.resources, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn a_home_loses_what_drifted_alone(drifted in drifts(&documents::home(), "")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let after = check(|| plex_tv.home_users(&token), &documents::home(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&documents::home(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn devices_lose_what_drifted_alone(drifted in drifts(&documents::devices(), "/MediaContainer")) {
        let (plex_tv, token) = (PlexTv::new(me()), Token::new("t0ken").unwrap());
        let after = check(|| plex_tv.devices(&token), &documents::devices(), &drifted)?;
        if let [drifted] = drifted.as_slice() {
            check_named(&documents::devices(), &after, &after.unreadable_fields(), drifted)?;
        }
    }

    #[test]
    fn a_transient_token_is_not_lost_by_what_stands_beside_it(
        drifted in drifts(&transient(), "/MediaContainer/token"),
    ) {
        let server = server();
        let call = || server.transient_token(TokenType::Delegation, Scope::All);
        let after = check(call, &transient(), &drifted)?;
        prop_assert_eq!(after.token.expose(), "transient-5ea1");
    }

    #[test]
    fn a_pin_loses_what_drifted_alone(drifted in drifts(&pin(), "/id"), strong in any::<bool>()) {
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
    fn a_polled_token_is_not_lost_by_what_stands_beside_it(drifted in drifts(&pin(), "/authToken")) {
        // Another number in its place would be another PIN's.
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
    fn whatever_becomes_of_the_number_and_the_token_no_other_token_comes(
        drifted in drifts(&pin(), "/"), number in any::<u64>(),
    ) {
        let mut document = Document { value: pin(), odd: Vec::new() };
        drifted.iter().for_each(|(path, drift)| document.drift(path, drift));
        let call = PlexTv::new(me()).poll_pin(&PinId::new(number));
        if let Ok(PinState::Linked { .. }) = call.reply().parse(&Response::new(document.text())) {
            prop_assert!(drifted.iter().any(|(path, _)| path == "/id"), "the number is another");
        }
    }

    #[test]
    fn a_key_of_plexs_is_not_lost_by_what_another_one_drifts_to(drifted in drifts(&plex_keys(), "/keys")) {
        let mut document = Document { value: plex_keys(), odd: Vec::new() };
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
    fn order_repetition_and_unknown_fields_cost_nothing(seed in any::<u64>()) {
        fn same<T: for<'de> serde::Deserialize<'de> + Debug>(value: &Value, seed: u64) -> Result<(), TestCaseError> {
            let before: T = serde_json::from_str(&value.to_string()).unwrap();
            let after: T = serde_json::from_str(&in_disorder(value, seed)).unwrap();
            let fields = |value: &T| {
                let mut fields = shown::fields(value);
                // Unknown fields in these are kept.
                fields.retain(|path, shown| {
                    !shown.starts_with("RawJson") && !path.starts_with("/custom_restrictions/new")
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
fn what_no_field_can_hold_is_named() {
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
fn a_field_that_comes_again_and_can_be_read_is_not_named() {
    let account: Account = serde_json::from_str(
        r#"{"authToken":"abc","id":[],"id":7,"homeSize":3,"homeSize":[],"authToken":null,"title":"a","title":null}"#,
    ).unwrap();
    assert_eq!(account.unreadable_fields(), ["homeSize"]);
    assert_eq!((account.id, account.home_size), (Some(7), Some(3)));
    assert_eq!(account.title.as_deref(), Some("a"));
}

#[test]
fn what_the_second_look_passes_over_is_named_too() {
    let account = r#"{"authToken":"abc","id":1e999,"title":"\ud800","roles":["a",1e999],"locale":"en","uuid":DEEP}"#;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let (_, reply) =
        PlexTv::new(me()).sign_in(&Credentials::new("rosa", "x").unwrap()).into_parts();
    let account = reply.parse(&Response::new(account.replace("DEEP", &deep))).unwrap();
    assert_eq!(account.unreadable_fields(), ["id", "title", "roles", "uuid"]);
    assert_eq!((account.roles.len(), account.locale.as_deref()), (1, Some("en")));
}
