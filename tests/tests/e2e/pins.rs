//! Linking a device with a PIN, call by call.

use std::time::Duration;

use plex_auth_fake::{Misbehavior, Who};
use plex_auth_proto::http::Request;
use plex_auth_proto::pin::{ForwardUrl, Pin, PinCode, PinId, PinState};
use plex_auth_proto::{ClientIdentity, Error, PlexTv, Token};
use plex_auth_tests::every_operation::IDENTIFIER;

use crate::harness::{Harness, bad_gateway, over_every_carrier, portal_page, unix_now};

/// Polls the PIN. Returns the token, or `None` while the PIN is not linked.
fn poll(harness: &Harness, pin: &Pin) -> Result<Option<Token>, Error> {
    Ok(match harness.send(harness.plex_tv().poll_pin(&pin.id))? {
        PinState::Linked { auth_token, .. } => Some(auth_token),
        _ => None,
    })
}

fn create(harness: &Harness) -> Pin {
    harness.send(harness.plex_tv().create_short_pin()).unwrap().pin().clone()
}

#[test]
fn typed_code_links_the_pin() {
    over_every_carrier(|harness| {
        let short = harness.send(harness.plex_tv().create_short_pin()).unwrap();
        assert_eq!(short.expires_in(), Duration::from_secs(900));
        let pin = short.pin();
        assert_eq!(pin.client_identifier.as_deref(), Some(IDENTIFIER));
        assert_eq!(pin.location.as_ref().unwrap().postal_code.as_deref(), Some("9750"));
        assert!(pin.unreadable_fields().is_empty(), "{:?}", pin.unreadable_fields());
        assert!(poll(harness, pin).unwrap().is_none());

        let (front, back) = pin.code.expose().split_at(2);
        let typed = PinCode::new(format!(" {} {back}\n", front.to_lowercase())).unwrap();
        let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &typed);
        harness.send(link).unwrap();
        let token = poll(harness, pin).unwrap().unwrap();
        assert_eq!(harness.token_details(&token).unwrap().username.as_deref(), Some("tariq"));
    });
}

/// Submits the form on the fake's hosted page, and returns the URL that the page redirects to, if
/// any.
fn submit(harness: &Harness, page: &str, answer: &str) -> Option<String> {
    let (url, fragment) = page.split_once("#?").unwrap();
    assert_eq!(url, format!("{}/auth", harness.url()));
    let account = harness.fake(|fake| fake.account(Who::PlexPass).body()["uuid"].clone());
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(form_urlencoded::parse(fragment.as_bytes()));
    form.append_pair("account", account.as_str().unwrap()).append_pair("answer", answer);
    let request =
        Request::post("/auth").header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(form.finish().into_bytes()).unwrap();
    let response = harness.fake(|fake| fake.answer(&request, unix_now()));
    response.headers().get("location").map(|url| url.to_str().unwrap().to_owned())
}

#[test]
fn hosted_page_links_only_if_allowed() {
    over_every_carrier(|harness| {
        let me = ClientIdentity::builder(IDENTIFIER).product("My & App #1").build().unwrap();
        let plex_tv = PlexTv::at(me, harness.plex_tv().url().clone());
        let forward: ForwardUrl = "https://app.example.org/in?a=b&c#d".parse().unwrap();
        for (answer, linked) in [("refuse", false), ("allow", true)] {
            let strong = harness.send(plex_tv.create_strong_pin()).unwrap();
            assert_eq!(strong.expires_in(), Duration::from_secs(1800));
            assert_eq!(strong.pin().product.as_deref(), Some("My & App #1"));

            let page = strong.hosted_page(&plex_tv).forward_to(&forward).to_string();
            assert!(page.ends_with("&context%5Bdevice%5D%5Bproduct%5D=My%20%26%20App%20%231"));
            let forwarded = submit(harness, &page, answer);
            assert_eq!(forwarded.as_deref(), Some("https://app.example.org/in?a=b&c#d"));
            assert_eq!(poll(harness, strong.pin()).unwrap().is_some(), linked, "{answer}");
        }
    });
}

#[test]
fn gone_if_expired_unknown_or_anothers() {
    over_every_carrier(|harness| {
        let pin = create(harness);
        let stranger = ClientIdentity::builder("another").build().unwrap();
        let stranger = PlexTv::at(stranger, harness.plex_tv().url().clone());
        let unknown = PinId::new(4711);
        for call in [stranger.poll_pin(&pin.id), harness.plex_tv().poll_pin(&unknown)] {
            let error = harness.send(call).unwrap_err();
            assert!(error.is_pin_gone() && !error.is_retryable(), "{error}");
        }
        assert!(poll(harness, &pin).unwrap().is_none());
        harness.fake(|fake| fake.pin_mut(pin.id.expose()).unwrap().age(901));
        assert!(poll(harness, &pin).unwrap_err().is_pin_gone());
        let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &pin.code);
        assert!(harness.send(link).unwrap_err().is_pin_gone());

        harness.respond_once("/pins/4711", Misbehavior::answer(410, "", ""));
        let error = harness.send(harness.plex_tv().poll_pin(&unknown)).unwrap_err();
        assert!(error.is_pin_gone(), "{error}");
    });
}

#[test]
fn failed_polls_do_not_end_a_pin() {
    over_every_carrier(|harness| {
        let pin = create(harness);
        harness.link_pin(&pin.code, Who::Free);
        let path = format!("/pins/{}", pin.id.expose());
        for (response, retryable) in [
            (portal_page(), true),
            (Misbehavior::answer(404, "text/html", "<html>Sign in to the network</html>"), true),
            (Misbehavior::answer(429, "", "").header("retry-after", "7"), true),
            (bad_gateway(), true),
            (Misbehavior::redirect(302, "https://portal.example/"), false),
        ] {
            harness.respond_once(&path, response);
            let error = poll(harness, &pin).unwrap_err();
            assert!(!error.is_pin_gone() && !error.is_token_invalid(), "{error}");
            assert_eq!(error.is_retryable(), retryable, "{error}");
        }
        let token = poll(harness, &pin).unwrap().unwrap();
        assert_eq!(harness.token_details(&token).unwrap().username.as_deref(), Some("tariq"));
    });
}

#[test]
fn typed_code_is_sent_in_upper_case_only() {
    over_every_carrier(|harness| {
        // A letter O is not replaced with a zero, nor a zero with a letter O.
        for typed in ["go0x", "GOOX", "G00X"] {
            let code = PinCode::new(typed).unwrap();
            let link = harness.plex_tv().link_pin(&harness.token(Who::Free), &code);
            assert!(harness.send(link).unwrap_err().is_pin_gone());
            assert_eq!(harness.last_request().form_field("code"), Some(typed.to_uppercase()));
        }
    });
}
