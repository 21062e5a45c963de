use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Attempt, AttemptEnd, AttemptOutcome, ObservedExchange, Observer};
use crate::error::TransportErrorKind;
use crate::home::HomePin;
use crate::pin::PinId;
use crate::{Call, ClientIdentity, Credentials, Outgoing, PlexTv, Token};

thread_local! {
    #[expect(clippy::disallowed_methods, reason = "there is no other `Instant` to start from")]
    static NOW: Cell<Instant> = Cell::new(Instant::now());
}

/// Returns the time of a fake clock, which advances by one second with each call.
fn now() -> Instant {
    NOW.set(NOW.get() + Duration::from_secs(1));
    NOW.get()
}

/// Records the reports as text.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn add(&self, report: String) {
        self.0.lock().unwrap().push(report);
    }
}

impl Observer for Recorder {
    fn started(&self, attempt: &mut Attempt) {
        let number = attempt.number();
        attempt.extensions_mut().insert(number);
        self.add(format!("{} {}", attempt.number(), attempt.operation()));
    }

    fn finished(&self, attempt: &Attempt, end: &AttemptEnd) {
        assert_eq!(attempt.extensions().get(), Some(&attempt.number()));
        assert_eq!(end.duration(), Duration::from_secs(1));
        let number = attempt.number();
        self.add(format!("{number} {} {:?}", end.outcome(), end.status().map(|it| it.as_u16())));
    }
}

const TOKEN: &str = "xyz-Abc_0123456789ab";

fn plex_tv() -> PlexTv {
    PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build().unwrap())
}

fn token_details() -> Outgoing {
    outgoing(plex_tv().token_details(&Token::new(TOKEN).unwrap()))
}

fn outgoing<T>(call: Call<T>) -> Outgoing {
    call.into_outgoing().0
}

fn observed(observer: impl Observer + 'static) -> ObservedExchange {
    ObservedExchange::new(Arc::new(observer), &token_details(), now)
}

#[test]
fn each_attempt_starts_and_finishes_once() {
    let recorder = Arc::new(Recorder::default());
    let mut exchange = observed(Arc::clone(&recorder));
    exchange.finish(0, Ok(()));
    exchange.start();
    exchange.finish(0, Err(TransportErrorKind::CutOff));
    exchange.finish(0, Ok(()));
    exchange.start();
    exchange.head_received(StatusCode::OK, &HeaderMap::new());
    exchange.start();
    exchange.head_received(StatusCode::OK, &HeaderMap::new());
    exchange.finish(7, Ok(()));
    exchange.cancel();
    exchange.start();
    drop(exchange);
    let reports = [
        "1 getTokenDetails",
        "1 the connection closed before the response was complete None",
        "2 getTokenDetails",
        "2 cancelled Some(200)",
        "3 getTokenDetails",
        "3 response received Some(200)",
        "4 getTokenDetails",
        "4 cancelled None",
    ];
    assert_eq!(*recorder.0.lock().unwrap(), reports);
}

#[test]
fn panic_of_an_observer_is_caught() {
    struct Panicking;
    impl Observer for Panicking {
        fn started(&self, _: &mut Attempt) {
            panic!("started");
        }
        fn finished(&self, _: &Attempt, _: &AttemptEnd) {
            panic!("finished");
        }
    }
    let mut exchange = observed(Panicking);
    exchange.start();
    exchange.finish(0, Ok(()));
    exchange.start();
    drop(exchange);
}

#[test]
fn both_observers_of_a_pair_are_notified() {
    let both = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    observed(both.clone()).start();
    let (first, second) = (both.0.0.lock().unwrap(), both.1.0.lock().unwrap());
    assert_eq!(*first, ["1 getTokenDetails", "1 cancelled None"]);
    assert_eq!(*first, *second);
}

#[test]
fn extensions_are_dropped_after_the_attempt() {
    struct Store(Arc<()>);
    impl Observer for Store {
        fn started(&self, attempt: &mut Attempt) {
            attempt.extensions_mut().insert(Arc::clone(&self.0));
        }
    }
    let value = Arc::new(());
    let mut exchange = observed(Store(Arc::clone(&value)));
    exchange.start();
    assert_eq!(Arc::strong_count(&value), 3);
    exchange.finish(0, Ok(()));
    assert_eq!(Arc::strong_count(&value), 2);
}

#[test]
fn secret_url_is_masked() {
    struct Check;
    impl Observer for Check {
        fn started(&self, attempt: &mut Attempt) {
            assert_eq!(attempt.url(), "https://plex.tv/***");
            assert!(!format!("{attempt:?}").contains("4711"));
        }
    }
    let outgoing = outgoing(plex_tv().poll_pin(&PinId::new(47_114_711)));
    assert!(outgoing.request().uri().path().contains("47114711"));
    ObservedExchange::new(Arc::new(Check), &outgoing, now).start();
}

/// Returns the request ID that an observer receives for this `x-request-id`.
fn request_id(outgoing: &Outgoing, id: &[u8]) -> Option<String> {
    #[derive(Default)]
    struct Id(Mutex<Option<String>>);
    impl Observer for Id {
        fn finished(&self, _: &Attempt, end: &AttemptEnd) {
            assert_eq!(end.outcome(), AttemptOutcome::Response);
            *self.0.lock().unwrap() = end.request_id().map(str::to_owned);
        }
    }
    let id_seen = Arc::new(Id::default());
    let observer: Arc<dyn Observer> = Arc::clone(&id_seen) as _;
    let mut exchange = ObservedExchange::new(observer, outgoing, now);
    let name = HeaderName::from_static("x-request-id");
    let headers = HeaderMap::from_iter([(name, HeaderValue::from_bytes(id).unwrap())]);
    exchange.start();
    exchange.head_received(StatusCode::OK, &headers);
    exchange.finish(0, Ok(()));
    id_seen.0.lock().unwrap().take()
}

const UUID: &str = "0d5f2a66-5a2e-4ef0-8f8b-3f6f5d3c2b1a";

#[test]
fn request_id_is_short_visible_ascii() {
    let outgoing = token_details();
    for id in [UUID, "r-7", "req_01:a/b=", &"x".repeat(128)] {
        assert_eq!(request_id(&outgoing, id.as_bytes()).as_deref(), Some(id));
    }
    for id in ["", "a b", "a\tb", "é", &"x".repeat(129)] {
        assert_eq!(request_id(&outgoing, id.as_bytes()), None, "{id}");
    }
}

#[test]
fn request_id_repeats_no_secret() {
    let plex_tv = plex_tv();
    let token = Token::new(TOKEN).unwrap();
    let credentials = Credentials::new("rosa", "p&ss-w%rd").unwrap().verification_code("123456");
    let (user, pin) = ("5e1f0c9b7a3d2468".parse().unwrap(), "8305".parse::<HomePin>().unwrap());
    let sign_in = outgoing(plex_tv.sign_in(&credentials));
    let switch = outgoing(plex_tv.switch_home_user(&token, &user, Some(&pin)));
    for (outgoing, ids) in [
        (&token_details(), &[TOKEN, "id-xyz-Abc_0123456789ab-7", "3456789a", "Abc_0123"][..]),
        (&sign_in, &["123456", "a-123456", "p&ss-w%rd", "rosa"]),
        (&outgoing_with_secret_in_url(), &["claim-abcdef", "x-abcdefgh"]),
        (&switch, &["8305", "pin-8305-1", TOKEN]),
    ] {
        for id in ids {
            assert_eq!(request_id(outgoing, id.as_bytes()), None, "{id}");
        }
        assert_eq!(request_id(outgoing, UUID.as_bytes()).as_deref(), Some(UUID));
    }
}

fn outgoing_with_secret_in_url() -> Outgoing {
    let server = crate::MediaServerAddress::new(
        ClientIdentity::builder("id").build().unwrap(),
        "http://10.0.0.7:32400".parse().unwrap(),
    );
    outgoing(server.claim(&"claim-abcdefghijkl".parse().unwrap()))
}

#[test]
fn no_request_id_if_the_body_is_too_large() {
    let request = |size: usize| {
        let request = http::Request::post("https://plex.tv/x").body(vec![b'.'; size]).unwrap();
        outgoing(Call::status_only("postX", request))
    };
    assert!(request_id(&request(16 * 1024), UUID.as_bytes()).is_some());
    assert!(request_id(&request(16 * 1024 + 1), UUID.as_bytes()).is_none());
}
