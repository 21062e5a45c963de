//! The account, read from a response with every known field.

use plex_auth_proto::account::{
    AudioAccessibility, AutoSelectSubtitle, MailingListStatus, MediaReviewsVisibility,
    ServiceStatus, SubscriptionState, SubscriptionStatus, SubtitleAccessibility, SubtitleForced,
    WatchedIndicator,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{
    Account, ClientIdentity, PlexTv, ResponseError, SignedIn, Token, UnixSeconds,
};
use serde_json::{Value, json};

const FIXTURE: &str = include_str!("../fixtures/account.json");

fn fixture() -> Value {
    serde_json::from_str(FIXTURE).unwrap()
}

/// Returns the fixture with 2 of its 100 features, which are all read in the same way.
fn short_fixture() -> Value {
    let mut fixture = fixture();
    fixture["subscription"]["features"].as_array_mut().unwrap().truncate(2);
    fixture
}

/// Parses `body` as the response to a sign-in.
fn signed_in(body: impl AsRef<[u8]>) -> Result<SignedIn, ResponseError> {
    let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
    let credentials = plex_auth_proto::Credentials::new("rosa", "x").unwrap();
    let (_, reply) = plex_tv.sign_in(&credentials).into_parts();
    reply.parse(&Response::builder().status(201).body(body).unwrap())
}

/// Returns the account in the response to a sign-in, including its token.
fn account(body: impl AsRef<[u8]>) -> Account {
    let SignedIn { auth_token, mut account, .. } = signed_in(body).unwrap();
    account.auth_token = Some(auth_token);
    account
}

/// Parses `body` as the response to a request for token details.
fn details(body: impl AsRef<[u8]>) -> Result<Account, ResponseError> {
    let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
    let (_, reply) = plex_tv.token_details(&Token::new("asked").unwrap()).into_parts();
    reply.parse(&Response::new(body))
}

/// Returns all values of an account, including those that `Debug` redacts.
fn everything(account: &Account) -> String {
    let mut all = format!("{account:?}");
    for text in [
        &account.username,
        &account.title,
        &account.email,
        &account.friendly_name,
        &account.cloud_sync_device,
        &account.queue_email,
        &account.queue_uid,
    ] {
        all += &format!("{text:?}");
    }
    let periods = [&account.subscriptions, &account.past_subscriptions, &account.trials];
    let billings = periods.into_iter().flatten().filter_map(|period| period.billing.as_ref());
    let raw = billings.filter_map(|billing| billing.internal_payment_method.as_ref());
    for raw in account.providers.iter().chain(raw) {
        all += raw.as_str();
    }
    all += account.auth_token.as_ref().map_or("", |token| token.expose());
    let services = account.services.iter().flat_map(|service| [&service.token, &service.secret]);
    let settings = account.settings.iter().map(|setting| &setting.value);
    for secret in services.chain(settings).chain([&account.pin]) {
        all += &format!("{:?}", secret.as_ref().map(|secret| secret.expose()));
    }
    all
}

/// Collects the paths of all values without children.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found));
        }
        Value::Array(list) if !list.is_empty() => {
            let numbered = list.iter().enumerate();
            numbered.for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn every_field_of_the_fixture_is_read() {
    let fixture = short_fixture();
    let whole = everything(&account(fixture.to_string()));
    let mut paths = Vec::new();
    leaves(&fixture, "", &mut paths);
    for path in &paths {
        let mut changed = fixture.clone();
        let leaf = changed.pointer_mut(path).unwrap();
        *leaf = match &*leaf {
            Value::Bool(value) => json!(!value),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            Value::String(text) => json!(format!("{text}x")),
            // Null and empty values are skipped: the same kind of field has a value elsewhere in
            // the fixture.
            _ => continue,
        };
        let account = account(changed.to_string());
        assert_ne!(everything(&account), whole, "{path} makes no difference");
    }
    assert!(paths.len() > 150, "{}", paths.len());
}

#[test]
fn fields_have_their_types_and_values() {
    let SignedIn { auth_token, account, .. } = signed_in(FIXTURE).unwrap();
    assert_eq!(auth_token.expose(), "xyz-Abc_0123456789ab");
    assert_eq!(account.id, Some(40_417_001));
    assert_eq!(account.username.as_deref(), Some("rosa"));
    assert_eq!(account.email.as_deref(), Some("rosa@example.org"));
    assert_eq!(account.joined_at, Some(UnixSeconds(1_376_913_600)));
    assert_eq!(account.mailing_list_status, Some(MailingListStatus::Active));
    assert_eq!(account.home_size, Some(3));
    assert_eq!(account.anonymous, Some(false));
    assert!(account.has_plex_pass() && account.has_home_pin());
    assert!(!account.is_managed() && !account.is_guest());

    let subscription = account.subscription.unwrap();
    assert_eq!(subscription.status, Some(SubscriptionStatus::Active));
    assert_eq!(subscription.subscribed_at.as_deref(), Some("2019-03-11T17:42:08Z"));
    assert_eq!(subscription.features.len(), 100);

    let [trial] = account.trials.as_slice() else { panic!("{:?}", account.trials) };
    assert_eq!(trial.id.as_deref(), Some("trial-7"));
    assert_eq!(trial.state, Some(SubscriptionState::Ended));
    assert_eq!(trial.renews_at, Some(UnixSeconds(1_500_000_100)));
    assert_eq!(trial.billing.as_ref().unwrap().payment_method_id, Some(4711));
    assert_eq!(account.past_subscriptions[0].id.as_deref(), Some("771203"));

    let profile = account.profile.unwrap();
    assert_eq!(profile.auto_select_subtitle, Some(AutoSelectSubtitle::ShownWithForeignAudio));
    assert_eq!(profile.default_subtitle_accessibility, Some(SubtitleAccessibility::PreferSdh));
    assert_eq!(profile.default_audio_accessibility, Some(AudioAccessibility::PreferNonAccessible));
    assert_eq!(profile.default_subtitle_forced, Some(SubtitleForced::PreferNonForced));
    assert_eq!(profile.watched_indicator, Some(WatchedIndicator::MoviesAndShows));
    assert_eq!(profile.media_reviews_visibility, Some(MediaReviewsVisibility::PlexUsers));
    assert_eq!(profile.default_audio_languages, ["es", "pt"]);

    let statuses = account.services.iter().filter_map(|service| service.status.as_ref());
    assert_eq!(statuses.filter(|status| **status == ServiceStatus::Offline).count(), 1);
    let restrictions = account.custom_restrictions.unwrap();
    assert_eq!(restrictions.get("movies"), Some("contentRating=PG"));
    assert_eq!(account.settings[0].updated_at, Some(UnixSeconds(1_650_000_000)));
}

#[test]
fn drift_loses_one_field_and_never_the_token() {
    let strange = [
        "null",
        "1",
        "-1",
        "1.5",
        "1e999",
        "true",
        "\"\"",
        "\"x\"",
        "\"\\ud800\"",
        "[]",
        "[[]]",
        "{}",
        r#"{"x":1e999}"#,
        "18446744073709551615",
        "[null,1,\"x\",{}]",
    ];
    let fixture = short_fixture();
    let mut paths = Vec::new();
    leaves(&fixture, "", &mut paths);
    let containers = ["/subscription", "/profile", "/services", "/trials", "/roles", "/settings"];
    paths.extend(containers.map(str::to_owned));
    paths.retain(|path| path != "/authToken" && !path.starts_with("/subscription/features/"));
    for path in paths {
        let mut marked = fixture.clone();
        *marked.pointer_mut(&path).unwrap() = json!("the-mark");
        let marked = marked.to_string();
        for strange in strange {
            let body = marked.replace("\"the-mark\"", strange);
            let SignedIn { auth_token, account, .. } =
                signed_in(&body).unwrap_or_else(|error| panic!("{path} {strange}: {error}"));
            assert_eq!(auth_token.expose(), "xyz-Abc_0123456789ab");
            // The last field of the document is still read.
            assert!(account.uuid.is_some() || path == "/uuid", "{path} {strange}");
            assert!(account.id.is_some() || path == "/id", "{path} {strange}");
        }
    }
}

#[test]
fn last_of_two_equal_keys_is_used() {
    let body = FIXTURE.trim_end().strip_suffix('}').unwrap();
    let SignedIn { auth_token, account, .. } =
        signed_in(format!(r#"{body}, "title": "Second", "authToken": "second"}}"#)).unwrap();
    assert_eq!(account.title.as_deref(), Some("Second"));
    assert_eq!(auth_token.expose(), "second");
    assert_eq!(account.subscription.unwrap().features.len(), 100);
}

#[test]
fn numbers_booleans_and_lists_are_converted() {
    let account = account(
        r#"{"authToken":"abc","id":"7","homeSize":3.0,"confirmed":1,"home":"0","guest":"true",
            "restricted":"TRUE","joinedAt":"1376913600","username":42,"roles":"plexpass",
            "subscriptions":{"id":7,"endsAt":"1582893108","active":true,"status":"Active","plan":"yearly",
                "paymentService":"braintree","features":["pass"]},
            "pastSubscriptions":[{"id":null,"mode":null,"endsAt":1582893108,
                "billing":{"paymentMethodId":null,"internalPaymentMethod":{}}}],
            "trials":["x"],"subscription":{"subscribedAt":1633050123,"features":[1,null,"a"]}}"#,
    );
    assert_eq!((account.id, account.home_size), (Some(7), Some(3)));
    assert_eq!(
        (account.confirmed, account.home, account.guest),
        (Some(true), Some(false), Some(true))
    );
    assert!(account.is_managed());
    assert_eq!(account.joined_at, Some(UnixSeconds(1_376_913_600)));
    assert_eq!(account.username.as_deref(), Some("42"));
    assert_eq!(account.roles, ["plexpass"]);
    assert_eq!(account.subscriptions[0].ends_at, Some(UnixSeconds(1_582_893_108)));
    let published = &account.subscriptions[0];
    assert_eq!(
        (published.active, published.status.as_ref()),
        (Some(true), Some(&SubscriptionStatus::Active))
    );
    assert_eq!(
        (published.plan.as_deref(), published.payment_service.as_deref()),
        (Some("yearly"), Some("braintree"))
    );
    assert_eq!(published.features, ["pass"]);
    assert_eq!(account.past_subscriptions.len(), 1);
    assert!(account.trials.is_empty());
    let subscription = account.subscription.unwrap();
    assert_eq!(subscription.subscribed_at.as_deref(), Some("1633050123"));
    assert_eq!(subscription.features, ["1", "a"]);
}

#[test]
fn subscribed_at_is_never_an_error() {
    for (written, read) in [
        ("null", None),
        ("\"\"", None),
        ("\"2021-10-01 01:02:03 UTC\"", Some("2021-10-01 01:02:03 UTC")),
        ("1633050123", Some("1633050123")),
        ("{}", None),
    ] {
        let body = format!(r#"{{"authToken":"abc","subscription":{{"subscribedAt":{written}}}}}"#);
        let subscription = account(body).subscription.unwrap();
        assert_eq!(subscription.subscribed_at.as_deref(), read, "{written}");
    }
}

#[test]
fn unknown_enum_value_is_kept() {
    for (written, read) in [
        ("1", Some("1")),
        ("\"1\"", Some("1")),
        ("1.0", Some("1")),
        ("7", Some("7")),
        ("\"sometimes\"", Some("sometimes")),
        ("null", None),
        ("\"\"", None),
        ("[1]", None),
    ] {
        let body = format!(r#"{{"authToken":"abc","profile":{{"autoSelectSubtitle":{written}}}}}"#);
        let selected = account(body).profile.unwrap().auto_select_subtitle;
        assert_eq!(selected.as_ref().map(|value| value.as_str()), read, "{written}");
        let known = selected == Some(AutoSelectSubtitle::ShownWithForeignAudio);
        assert_eq!(known, read == Some("1"), "{written}");
        assert_eq!(selected.is_some_and(|value| value.is_known()), known, "{written}");
    }
    assert!(account(r#"{"authToken":"abc","profile":{}}"#).profile.is_some());
}

#[test]
fn plex_pass_is_found_despite_drift() {
    for (fields, paid) in [
        (r#""subscription":{"active":true,"status":"Lapsed"}"#, true),
        (r#""subscription":{"active":false,"status":"Active"},"roles":["plexpass"]"#, false),
        (r#""subscription":{"active":null,"status":"Active"}"#, true),
        (r#""subscription":{"active":"?","status":"Inactive"},"roles":["plexpass"]"#, false),
        (r#""subscription":{"active":null},"roles":["plexpass"]"#, true),
        (r#""subscription":null,"roles":"plexpass""#, true),
        (r#""subscription":{"active":null,"status":"PendingCancellation"}"#, true),
        (r#""subscription":{"active":null,"status":"ACTIVE"},"roles":["plexpass"]"#, true),
        (r#""roles":[]"#, false),
    ] {
        let account = account(format!(r#"{{"authToken":"abc",{fields}}}"#));
        assert_eq!(account.has_plex_pass(), paid, "{fields}");
    }
}

#[test]
fn sign_in_needs_a_usable_token() {
    for fields in [
        "",
        r#""authToken":null"#,
        r#""authToken":"""#,
        r#""authToken":"a\nb""#,
        r#""authToken":[]"#,
        r#""authToken":1.5"#,
        r#""authToken":true"#,
    ] {
        let error = signed_in(format!("{{{fields}}}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unexpected response from plex.tv: `authToken` is missing or not a valid token",
            "{fields}"
        );
        assert!(matches!(error, ResponseError::UnexpectedShape { .. }));
    }
    assert_eq!(signed_in(r#"{"authToken":12345}"#).unwrap().auth_token.expose(), "12345");
    assert_eq!(signed_in(r#"{"authToken":" abc\n"}"#).unwrap().auth_token.expose(), "abc");
}

#[test]
fn token_details_need_no_token() {
    for fields in [
        r#""id":7"#,
        r#""id":7,"authToken":null"#,
        r#""uuid":"5e1f0c9b7a3d2468","authToken":"""#,
        r#""username":"rosa","authToken":"a\nb""#,
        r#""id":1,"id":2,"authToken":{}"#,
    ] {
        assert!(details(format!("{{{fields}}}")).unwrap().auth_token.is_none(), "{fields}");
    }
}

#[test]
fn account_of_another_token_is_not_accepted() {
    let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
    let call = || plex_tv.token_details(&Token::new("asked").unwrap());
    let response = || Response::new(r#"{"id":7,"authToken":"other"}"#);
    let error = call().reply().parse(&response()).unwrap_err();
    assert!(matches!(error, ResponseError::Mismatched { path: "authToken", .. }), "{error}");
    assert!(!error.is_token_invalid() && error.is_retryable());
    assert_eq!(
        error.to_string(),
        "the response from plex.tv belongs to another request: `authToken` does not match"
    );

    let own = call().own_connection();
    assert!(own.reply().wants_own_connection());
    assert_eq!(own.reply().parse(&response()).unwrap().auth_token.unwrap().expose(), "other");
    let (_, reply) = call().into_parts();
    assert!(reply.on_own_connection().parse(&response()).is_ok());
}

#[test]
fn success_without_account_is_an_error() {
    for body in [
        "{}",
        r#"{"errors":[{"code":1001,"message":"x","status":401}]}"#,
        r#"{"user-url":"http://portal.example/login","captive":true}"#,
        r#"{"id":null,"uuid":"","username":[]}"#,
    ] {
        let error = details(body).unwrap_err();
        let ResponseError::UnexpectedShape { path, .. } = &error else { panic!("{body}: {error}") };
        assert_eq!(path, "id", "{body}");
        assert!(!error.is_retryable() && !error.is_token_invalid(), "{body}");
    }
}

#[test]
fn debug_redacts_personal_data_and_secrets() {
    let account = account(FIXTURE);
    let shown = format!("{account:?} {account:#?}");
    let services = account.services.iter().flat_map(|service| [&service.token, &service.secret]);
    let settings = account.settings.iter().map(|setting| &setting.value);
    let secrets = services.chain(settings).chain([&account.pin]).flatten();
    // A one-character value could appear in the output by coincidence.
    let secrets = secrets.map(|secret| secret.expose()).filter(|secret| secret.len() > 1);
    let mut hidden: Vec<&str> = secrets.collect();
    assert!(hidden.len() > 8, "{}", hidden.len());
    hidden.extend(["xyz-Abc_0123456789ab", "rosa", "Rosa", "Ayala", "example.org", "kite-9"]);
    for hidden in hidden {
        assert!(!shown.contains(&format!("\"{hidden}")), "{hidden}");
    }
    assert!(!shown.contains('@'));
}
