//! Letting a device in by a PIN, call by call, over every carrier.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::http::Request;
use plex_auth_proto::pin::{ForwardUrl, Pin, PinCode, PinId, PinState};
use plex_auth_proto::{ClientIdentity, Error, PlexTv, ResponseError, Token};

use crate::harness::{Harness, over_every_carrier};
use plex_auth_tests::every_operation::IDENTIFIER;

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// The token, or none while the PIN waits.
fn poll(harness: &Harness, pin: &Pin) -> Result<Option<Token>, Error> {
    Ok(match harness.send(harness.plex_tv().poll_pin(&pin.id))? {
        PinState::Linked { auth_token, .. } => Some(auth_token),
        _ => None,
    })
}

/// Whose token it is.
fn owner(harness: &Harness, token: &Token) -> Option<String> {
    harness.send(harness.plex_tv().token_details(token)).unwrap().username
}

fn json(body: &str) -> Misbehaviour {
    Misbehaviour::answer(200, "application/json", body)
}

#[test]
fn a_code_that_is_typed_brings_a_token_that_works() {
    over_every_carrier(|harness| {
        let short = harness.send(harness.plex_tv().create_short_pin()).unwrap();
        let pin = short.pin();
        assert_eq!(short.expires_in(), Duration::from_secs(900));
        assert_eq!(pin.client_identifier.as_deref(), Some(IDENTIFIER));
        assert_eq!(pin.location.as_ref().unwrap().postal_code.as_deref(), Some("9750"));
        assert!(pin.unreadable_fields().is_empty(), "{:?}", pin.unreadable_fields());
        assert!(poll(harness, pin).unwrap().is_none());

        let (front, back) = pin.code.expose().split_at(2);
        let typed = PinCode::new(format!(" {} {back}\n", front.to_lowercase())).unwrap();
        let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &typed);
        harness.send(link).unwrap();
        let token = poll(harness, pin).unwrap().unwrap();
        assert_eq!(owner(harness, &token).as_deref(), Some("tariq"));
    });
}

/// What the page of a fake's does with the form that it makes of its address.
fn sign_in_at(harness: &Harness, page: &str, answer: &str) -> Option<String> {
    let (place, fragment) = page.split_once("#?").unwrap();
    assert_eq!(place, format!("{}/auth", harness.url()));
    let account = harness.fake(|fake| fake.account(Who::PlexPass).body()["uuid"].clone());
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(form_urlencoded::parse(fragment.as_bytes()));
    form.append_pair("account", account.as_str().unwrap()).append_pair("answer", answer);
    let request =
        Request::post("/auth").header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(form.finish().into_bytes()).unwrap();
    let answer = harness.fake(|fake| fake.answer(&request, now()));
    answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned())
}

#[test]
fn signing_in_on_the_hosted_page_brings_a_token_and_refusing_does_not() {
    over_every_carrier(|harness| {
        let me = ClientIdentity::builder(IDENTIFIER).product("My & App #1").build().unwrap();
        let plex_tv = PlexTv::at(me, harness.plex_tv().url().clone());
        let back: ForwardUrl = "https://app.example.org/in?a=b&c#d".parse().unwrap();
        for (answer, comes) in [("refuse", false), ("allow", true)] {
            let strong = harness.send(plex_tv.create_strong_pin()).unwrap();
            assert_eq!(strong.expires_in(), Duration::from_secs(1800));
            assert_eq!(strong.pin().product.as_deref(), Some("My & App #1"));

            let page = strong.hosted_page(&plex_tv).forward_to(&back).to_string();
            assert!(page.ends_with("&context%5Bdevice%5D%5Bproduct%5D=My%20%26%20App%20%231"));
            let forwarded = sign_in_at(harness, &page, answer);
            assert_eq!(forwarded.as_deref(), Some("https://app.example.org/in?a=b&c#d"));
            assert_eq!(poll(harness, strong.pin()).unwrap().is_some(), comes, "{answer}");
        }
    });
}

#[test]
fn a_pin_is_gone_once_it_expired_and_for_every_other_identifier() {
    over_every_carrier(|harness| {
        let short = harness.send(harness.plex_tv().create_short_pin()).unwrap();
        let pin = short.pin();
        let stranger = ClientIdentity::builder("another").build().unwrap();
        let stranger = PlexTv::at(stranger, harness.plex_tv().url().clone());
        let never_made = PinId::new(4711);
        for call in [stranger.poll_pin(&pin.id), harness.plex_tv().poll_pin(&never_made)] {
            let error = harness.send(call).unwrap_err();
            assert!(error.is_pin_gone() && !error.is_retryable(), "{error}");
            assert!(
                error
                    .to_string()
                    .ends_with("refused (404, code 1020: the PIN is unknown or has expired)"),
                "{error}"
            );
        }
        assert!(poll(harness, pin).unwrap().is_none());
        harness.fake(|fake| fake.pin_mut(pin.id.expose()).unwrap().age(901));
        assert!(poll(harness, pin).unwrap_err().is_pin_gone());
        let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &pin.code);
        assert!(harness.send(link).unwrap_err().is_pin_gone());

        harness.fake(|fake| fake.misbehave("/pins/4711", Misbehaviour::answer(410, "", "")));
        let error = harness.send(harness.plex_tv().poll_pin(&never_made)).unwrap_err();
        assert!(error.is_pin_gone(), "{error}");
    });
}

#[test]
fn no_bad_poll_ends_a_pin_or_is_taken_for_its_token() {
    over_every_carrier(|harness| {
        let short = harness.send(harness.plex_tv().create_short_pin()).unwrap();
        let pin = short.pin();
        harness.fake(|fake| fake.link_pin(pin.code.expose(), Who::Free, now())).unwrap();
        let path = format!("/pins/{}", pin.id.expose());
        let html = "<html>Sign in to the hotel's network</html>";
        let another = r#"{"id":7,"authToken":"a-stranger"}"#;
        let answers = [
            (Misbehaviour::answer(200, "text/html", html), true),
            (Misbehaviour::answer(404, "text/html", html), true),
            (Misbehaviour::answer(429, "", "").header("retry-after", "7"), true),
            (Misbehaviour::answer(502, "text/html", html), true),
            (Misbehaviour::redirect(302, "https://portal.example/"), false),
            (json(another), false),
        ];
        for (answer, again) in answers {
            harness.fake(|fake| fake.misbehave(&path, answer.times(1)));
            let error = poll(harness, pin).unwrap_err();
            assert!(!error.is_pin_gone() && !error.is_token_invalid(), "{error}");
            assert_eq!(error.is_retryable(), again, "{error}");
        }
        let token = poll(harness, pin).unwrap().unwrap();
        assert_eq!(owner(harness, &token).as_deref(), Some("tariq"));
    });
}

#[test]
fn an_empty_token_and_none_mean_that_the_pin_waits() {
    over_every_carrier(|harness| {
        for token in ["", r#","authToken":null"#, r#","authToken":"""#] {
            for (left, expected) in [
                ("", None),
                (r#","expiresIn":42"#, Some(42)),
                (r#","expiresIn":-1"#, Some(0)),
                (r#","expiresIn":1000000000000"#, Some(86_400)),
            ] {
                let body = format!(r#"{{"id":7{token}{left}}}"#);
                harness.fake(|fake| fake.misbehave("/pins/7", json(&body).times(1)));
                match harness.send(harness.plex_tv().poll_pin(&PinId::new(7))).unwrap() {
                    PinState::Waiting { expires_in, .. } => {
                        assert_eq!(expires_in, expected.map(Duration::from_secs), "{body}");
                    }
                    state => panic!("{body}: {state:?}"),
                }
            }
        }
    });
}

#[test]
fn a_pin_without_number_or_code_is_an_error_before_anything_is_asked_with_it() {
    over_every_carrier(|harness| {
        for (body, path) in [
            (r#"{"code":"G7KX"}"#, "id"),
            (r#"{"id":null,"code":"G7KX"}"#, "id"),
            (r#"{"id":7,"code":""}"#, "code"),
        ] {
            harness.fake(|fake| fake.misbehave("/pins", json(body).times(1)));
            let error = harness.send(harness.plex_tv().create_strong_pin()).unwrap_err();
            let Some(ResponseError::UnexpectedShape { path: found, .. }) = error.as_response()
            else {
                panic!("{body}: {error}")
            };
            assert_eq!(found, path, "{body}");
        }
        let asked = harness.fake(|fake| fake.requests().len());
        assert_eq!(asked, 3);
    });
}

#[test]
fn every_number_that_64_bits_hold_is_polled_by_exactly() {
    over_every_carrier(|harness| {
        for (number, id) in [
            ("2147483647", 2_147_483_647),
            ("2147483648", 2_147_483_648),
            ("\"4294967296\"", 4_294_967_296),
            ("9007199254740991", 9_007_199_254_740_991),
            ("\"9007199254740995\"", 9_007_199_254_740_995),
            ("9007199254740993", 9_007_199_254_740_993_u64),
        ] {
            let body = format!(r#"{{"id":{number},"code":"G7KX"}}"#);
            harness.fake(|fake| fake.misbehave("/pins", json(&body).times(1)));
            let short = harness.send(harness.plex_tv().create_short_pin()).unwrap();
            assert_eq!(short.pin().id.expose(), id);
            poll(harness, short.pin()).unwrap_err();
            let path = format!("/api/v2/pins/{id}");
            assert_eq!(harness.fake(|fake| fake.seen("GET", &path)), 1, "{number}");
        }
    });
}

#[test]
fn what_may_be_an_o_or_a_zero_is_sent_as_it_was_typed() {
    over_every_carrier(|harness| {
        for typed in ["go0x", "GOOX", "G00X"] {
            let code = PinCode::new(typed).unwrap();
            let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &code);
            assert!(harness.send(link).unwrap_err().is_pin_gone());
            let seen = harness.fake(|fake| fake.requests().last().cloned()).unwrap();
            assert_eq!(seen.form_field("code"), Some(typed.to_uppercase()));
        }
        let dead = Token::new("dead").unwrap();
        let code = PinCode::new("G7KX").unwrap();
        let error = harness.send(harness.plex_tv().link_pin(&dead, &code)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
    });
}
