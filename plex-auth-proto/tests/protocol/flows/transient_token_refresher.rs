//! Refreshing a transient token.

mod properties;

use std::collections::BTreeMap;
use std::time::Duration;

use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::{
    InvalidSavedState, TransientTokenProgress as Progress, TransientTokenReason as Reason,
    TransientTokenRefresher,
};
use plex_auth_proto::{ClientIdentity, Flow, MediaServer, Token};

use super::harness::{
    Answer, Built, Dated, Driven, RetryAfter, Scripted, TransportError, edited, epoch, start,
};

const HOUR: u64 = 3600;
const UNREACHABLE: Scripted = TransportError(TransportErrorKind::Unreachable, false);

/// Returns a response with a transient token that contains this number.
fn transient(number: u32) -> Scripted {
    Built(format!(r#"<MediaContainer size="0" token="transient-5ea1-{number}"/>"#))
}

fn server_at(url: &str, identifier: &str) -> MediaServer {
    let me = ClientIdentity::builder(identifier).build().unwrap();
    MediaServer::new(me, url.parse().unwrap(), Token::new("s3rv3r").unwrap())
}

fn refresher() -> TransientTokenRefresher {
    server_at("http://10.0.0.7:32400", "id").transient_token_refresher()
}

impl Driven<TransientTokenRefresher> {
    fn token(&self) -> Option<&str> {
        self.flow.token().map(Token::expose)
    }

    /// Reports the current token as rejected.
    fn reject(&mut self) -> &mut Self {
        let token = self.flow.token().expect("a token").clone();
        self.flow.rejected(self.now, &token);
        self
    }

    fn reason(&self) -> Reason {
        match self.progress() {
            Progress::Active { reason, .. } => reason,
            progress => panic!("{progress:?}"),
        }
    }
}

#[test]
fn token_is_renewed_an_hour_before_it_expires() {
    let mut driven = Driven::new(refresher());
    assert!(matches!(driven.progress(), Progress::Requesting { last_error: None, .. }));
    driven.respond(transient(1));
    assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-1"), Reason::First));
    driven.respond(transient(2)).respond(transient(3));
    assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-3"), Reason::Renewal));
    assert_eq!(driven.times(), [0, 47 * HOUR, 94 * HOUR]);

    let mut driven = Driven::new(refresher().jitter(Duration::from_secs(600)));
    driven.respond(transient(1)).respond(transient(2));
    assert_eq!(driven.times(), [0, 47 * HOUR + 600], "jitter must delay only the renewal");
    let mut driven = Driven::new(refresher().jitter(Duration::MAX));
    driven.respond(transient(1)).respond(transient(2));
    assert_eq!(driven.times(), [0, 47 * HOUR + 1800], "the jitter is not limited");
}

#[test]
fn errors_lose_no_token_before_it_expires() {
    let mut driven = Driven::new(refresher());
    driven.respond(transient(1));
    let Progress::Active { next_request, .. } = driven.progress() else { panic!() };
    assert_eq!(next_request.as_secs(), 47 * HOUR);
    let mut held = Vec::new();
    while driven.elapsed() < 49 * HOUR {
        driven.respond(UNREACHABLE);
        held.push((driven.elapsed(), driven.token().is_some()));
    }
    for (passed, held) in held {
        assert_eq!(held, passed < 48 * HOUR, "{passed}");
    }
    assert_eq!(driven.gaps()[1..11], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    let Progress::Requesting { last_error: Some(_), next_request, .. } = driven.progress() else {
        panic!()
    };
    assert_eq!(next_request.as_secs(), 300);
    driven.respond(transient(2));
    assert_eq!(driven.token(), Some("transient-5ea1-2"));
    assert!(matches!(driven.progress(), Progress::Active { last_error: None, .. }));
    // After a success, the backoff starts over.
    driven.respond(UNREACHABLE).respond(transient(3));
    assert_eq!(driven.gaps().last(), Some(&2));

    // The token also expires between two requests, without a rejection.
    let mut driven = Driven::new(refresher());
    driven.respond(transient(1)).respond(RetryAfter(503, "7200"));
    driven.send();
    assert_eq!((driven.elapsed(), driven.token()), (49 * HOUR, None));
    let mut driven = Driven::new(refresher());
    driven.respond(RetryAfter(503, "99999999999")).respond(UNREACHABLE);
    assert_eq!(driven.times()[1], 24 * HOUR, "the wait is not limited to a day");
}

#[test]
fn restarted_server_gets_one_request() {
    let mut driven = Driven::new(refresher().jitter(Duration::from_secs(30)));
    driven.respond(transient(1));
    let first = driven.flow.token().unwrap().clone();
    driven.now += Duration::from_secs(HOUR);
    for _ in 0..100 {
        driven.flow.rejected(driven.now, &first);
    }
    assert_eq!(driven.token(), None);
    driven.respond(UNREACHABLE).respond(transient(2));
    assert_eq!(driven.times()[1..], [HOUR + 30, HOUR + 32]);
    assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-2"), Reason::Restart));
    // A late rejection of the previous token is ignored.
    driven.flow.rejected(driven.now, &first);
    assert_eq!(driven.token(), Some("transient-5ea1-2"));
    // A rejection does not shorten the wait that `Retry-After` requires.
    driven.respond(RetryAfter(503, "600")).reject().respond(transient(3));
    assert_eq!(driven.gaps()[3], 600);
}

#[test]
fn server_that_rejects_its_tokens_starts_no_loop() {
    let mut driven = Driven::new(refresher());
    for number in 0..12 {
        driven.respond(transient(number)).reject();
    }
    assert_eq!(driven.gaps(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    // The rejection of a token that was accepted for an hour does not increase the backoff.
    driven.respond(transient(20));
    driven.now += Duration::from_secs(HOUR);
    let refused_at = driven.elapsed();
    driven.reject().respond(transient(21));
    assert_eq!(driven.last().at, refused_at);
}

#[test]
fn stops_if_the_account_token_is_refused() {
    for status in [401, 403] {
        let mut driven = Driven::new(refresher());
        driven.respond(transient(1)).reject().respond(Answer(status, "<html>"));
        let Progress::Refused { error, token, .. } = driven.progress() else { panic!() };
        assert_eq!((error.status().as_u16(), token.is_some()), (status, false));
        assert!(driven.send().is_none(), "a request after the refusal");

        // The refresher stops until the caller retries or sets another token.
        driven.flow.retry();
        driven.respond(Answer(status, ""));
        driven.flow.set_token(Token::new("an0ther").unwrap());
        let request = driven.send().unwrap();
        assert_eq!(request.outgoing.request().headers()["x-plex-token"], "an0ther");
        driven.complete(&request, &transient(2));
        assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-2"), Reason::Renewal));
        driven.respond(transient(3));
        assert_eq!(driven.gaps().last(), Some(&(47 * HOUR)), "the new token was renewed early");
    }
    // Even after a refusal, the current token is returned until it expires.
    let mut driven = Driven::new(refresher());
    driven.respond(transient(1)).respond(Answer(401, ""));
    let Progress::Refused { token: Some(_), .. } = driven.progress() else { panic!() };
    driven.flow.retry();
    let _ = driven.flow.poll(driven.now);
    assert_eq!(driven.token(), Some("transient-5ea1-1"));
}

#[test]
fn backoff_starts_again_after_a_refusal() {
    let resumes: [fn(&mut TransientTokenRefresher); 2] =
        [TransientTokenRefresher::retry, |flow| flow.set_token(Token::new("an0ther").unwrap())];
    for resume in resumes {
        let mut driven = Driven::new(refresher());
        driven.respond_all((0..5).map(|_| Answer(502, ""))).respond(Answer(401, ""));
        assert!(driven.send().is_none(), "a request after the refusal");
        resume(&mut driven.flow);
        driven.respond(Answer(502, "")).respond(transient(1));
        assert_eq!(driven.gaps().last(), driven.gaps().first());
    }
}

#[test]
fn new_account_token_causes_no_burst() {
    let mut driven = Driven::new(refresher());
    let request = driven.send().unwrap();
    driven.flow.set_token(Token::new("an0ther").unwrap());
    driven.complete(&request, &Answer(401, ""));
    driven.respond(transient(1));
    assert_eq!(driven.times(), [0, 1], "the failure of the previous token still has an effect");
    driven.flow.retry();
    assert!(driven.is_waiting(), "`retry` caused a request");
}

#[test]
fn missing_response_is_retried_after_a_minute() {
    let mut driven = Driven::new(refresher());
    let lost = driven.send().unwrap();
    driven.respond(transient(2));
    assert_eq!(driven.times(), [0, 60]);
    driven.complete(&lost, &transient(1));
    assert_eq!(driven.token(), Some("transient-5ea1-2"));
}

#[test]
fn response_after_a_minute_is_accepted() {
    for takes in [65, 130] {
        let mut driven = Driven::new(refresher());
        let mut requests = Vec::new();
        while driven.elapsed() < takes - takes % 60 {
            requests.extend(driven.send());
        }
        driven.now = start() + Duration::from_secs(takes);
        driven.complete(&requests[0], &transient(1));
        assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-1"), Reason::First));
        // The responses to later requests change nothing.
        for request in &requests {
            driven.complete(request, &transient(2));
        }
        assert_eq!(driven.token(), Some("transient-5ea1-1"));
        // The token's lifetime is counted from the first request.
        driven.respond(transient(3));
        assert_eq!(driven.last().at, 47 * HOUR);
    }

    // A late refusal is ignored: if the account token is invalid, the next request is refused as
    // well.
    let mut driven = Driven::new(refresher());
    let slow = driven.send().unwrap();
    let next = driven.send().unwrap();
    driven.complete(&slow, &Answer(401, ""));
    driven.complete(&next, &transient(1));
    assert_eq!(driven.token(), Some("transient-5ea1-1"));

    // A late token is accepted even if the next request has failed.
    let mut driven = Driven::new(refresher());
    let slow = driven.send().unwrap();
    driven.respond(Answer(503, ""));
    driven.complete(&slow, &transient(1));
    assert_eq!((driven.token(), driven.reason()), (Some("transient-5ea1-1"), Reason::First));

    // Even if the server has refused the next request.
    let mut driven = Driven::new(refresher());
    let slow = driven.send().unwrap();
    driven.respond(Answer(403, "<html>"));
    driven.complete(&slow, &transient(1));
    assert_eq!(driven.token(), Some("transient-5ea1-1"));
    assert!(matches!(driven.progress(), Progress::Refused { .. }));

    // If the token may have expired in the meantime, the next response is needed.
    let mut driven = Driven::new(refresher());
    let slow = driven.send().unwrap();
    driven.now += Duration::from_secs(48 * HOUR);
    let next = driven.send().unwrap();
    driven.complete(&slow, &transient(1));
    assert_eq!(driven.token(), None);
    driven.complete(&next, &transient(2));
    assert_eq!(driven.token(), Some("transient-5ea1-2"));
    assert!(driven.flow.save(driven.now + Duration::from_secs(48 * HOUR - 1)).is_some());
}

#[test]
fn sleep_is_counted_in_the_saved_state_and_the_expiry() {
    const DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const FIRST: &str = r#"{"MediaContainer":{"token":"transient-5ea1-1"}}"#;
    let mut driven = Driven::new(refresher());
    driven.respond(Dated(DATE, FIRST));
    driven.set_wall(30 * HOUR as i64);
    driven.settle();
    let saved = driven.flow.save(driven.now).unwrap();
    let server = server_at("http://10.0.0.7:32400", "id");
    let again = TransientTokenRefresher::restore(server, saved.expose(), driven.now).unwrap();
    assert!(again.token().is_some(), "18 hours are left");

    // The response after a sleep has no date.
    let mut driven = Driven::new(refresher());
    driven.respond(Dated(DATE, FIRST));
    driven.set_wall(100 * HOUR as i64);
    driven.respond(transient(2)).settle();
    assert_eq!(driven.token(), Some("transient-5ea1-2"));
}

#[test]
fn wall_clock_jumps_and_sleep_do_no_harm() {
    // The computer sleeps until the token has expired, which is noticed within a minute.
    let mut driven = Driven::new(refresher());
    driven.respond(transient(1));
    driven.set_wall(100 * HOUR as i64);
    assert!(matches!(driven.progress(), Progress::Requesting { .. }));
    driven.respond(transient(2));
    assert!(driven.elapsed() <= 60, "{}", driven.elapsed());
    // A wall clock that is set back does not extend the token's lifetime.
    let set_back = driven.elapsed();
    driven.set_wall(-50 * HOUR as i64);
    driven.respond(transient(3));
    assert_eq!(driven.elapsed() - set_back, 47 * HOUR);
}

/// Returns the highest number of requests in any one second after all the refreshers' servers
/// restart at the same time.
fn busiest_second(refreshers: u32, spread: Duration) -> u32 {
    let mut seconds = BTreeMap::<u64, u32>::new();
    for number in 0..refreshers {
        let jitter = spread * number / refreshers;
        let mut driven =
            Driven::new(refresher().jitter(jitter).max_wait(Duration::from_secs(HOUR)));
        driven.respond(transient(1));
        driven.now = start() + Duration::from_secs(HOUR);
        driven.reject();
        // The servers are available after a minute, and the renewals follow 47 hours later.
        while driven.elapsed() < HOUR + 60 {
            driven.respond(UNREACHABLE);
        }
        driven.respond(transient(2)).respond(transient(3));
        for second in &driven.times()[1..] {
            *seconds.entry(*second).or_default() += 1;
        }
    }
    seconds.into_values().max().unwrap_or_default()
}

#[test]
fn jitter_spreads_the_load_after_a_restart() {
    assert_eq!(busiest_second(200, Duration::ZERO), 200, "not all requests were sent at once");
    // The jitter starts 20 refreshers in each second, and each of them sends at most five requests
    // in its first minute.
    let busiest = busiest_second(1_200, Duration::from_secs(60));
    assert!(busiest <= 6 * 1_200 / 60, "{busiest}");
}

#[test]
fn saved_state_is_restored() {
    let url = "http://10.0.0.7:32400";
    let mut driven = Driven::new(refresher());
    assert!(driven.flow.save(driven.now).is_none());
    driven.respond(transient(1));
    let saved = driven.flow.save(driven.now).unwrap();
    assert!(!saved.expose().contains("s3rv3r"), "the state contains the account token");
    for secret in ["5ea1", "s3rv3r"] {
        assert!(!format!("{:?} {saved:?}", driven.flow).contains(secret));
    }
    assert!(driven.flow.save(driven.now + Duration::from_secs(48 * HOUR)).is_none());

    let later = start() + Duration::from_secs(40 * HOUR);
    let restore =
        |at| TransientTokenRefresher::restore(server_at(url, "id"), &edited(&saved), at).unwrap();
    let mut driven = Driven::at(later, restore(later));
    assert_eq!(driven.token(), Some("transient-5ea1-1"));
    driven.respond(transient(2));
    assert_eq!(driven.times(), [47 * HOUR]);
    assert!(
        restore(start() + Duration::from_secs(48 * HOUR)).token().is_none(),
        "an expired token was restored"
    );
    let mut driven = Driven::at(later, restore(later).jitter(Duration::from_secs(600)));
    driven.respond(transient(2));
    assert_eq!(driven.times(), [47 * HOUR + 600], "jitter was not applied to a restored token");
    // A clock that was set back does not extend the restored token's lifetime.
    let Progress::Active { left, .. } = restore(epoch()).progress(epoch()) else { panic!() };
    assert_eq!(left.as_secs(), 48 * HOUR);

    let refusal =
        |server, saved: &str| TransientTokenRefresher::restore(server, saved, later).unwrap_err();
    let other = refusal(server_at(url, "other"), saved.expose());
    assert_eq!(other, InvalidSavedState::OtherIdentifier);
    let other = refusal(server_at("http://10.0.0.8:32400", "id"), saved.expose());
    assert_eq!(other, InvalidSavedState::OtherService);
}
