//! The refresher of a transient token, with a clock and a media server that are made up.

mod harness;
mod properties;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use plex_auth_proto::flow::{
    InvalidSavedState, TransientTokenProgress as Progress, TransientTokenReason as Reason,
    TransientTokenRefresher,
};
use plex_auth_proto::{Flow, Step, Token};

use harness::{Answer, Fate, HOUR, Play, RetryAfter, Silence, refresher, server_at, start};

#[test]
fn a_token_is_had_at_once_and_renewed_an_hour_before_its_end() {
    let mut play = Play::new(refresher());
    assert!(matches!(
        play.refresher.progress(play.now),
        Progress::Requesting { last_error: None, .. }
    ));
    play.meets(Fate::Token(1));
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-1"), Reason::First));
    play.meets(Fate::Token(2)).meets(Fate::Token(3));
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-3"), Reason::Renewal));
    assert_eq!(play.sent, [0, 47 * HOUR, 94 * HOUR]);

    let mut play = Play::new(refresher().jitter(Duration::from_secs(600)));
    play.meets(Fate::Token(1)).meets(Fate::Token(2));
    assert_eq!(play.sent, [0, 47 * HOUR + 600], "the first at once");
}

#[test]
fn trouble_costs_no_token_before_its_time_is_over() {
    let mut play = Play::new(refresher());
    play.meets(Fate::Token(1));
    let mut held = Vec::new();
    while play.passed() < 49 * HOUR {
        play.meets(Silence);
        held.push((play.passed(), play.token().is_some()));
    }
    for (passed, held) in held {
        assert_eq!(held, passed < 48 * HOUR, "{passed}");
    }
    let gaps: Vec<_> = play.sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps[1..11], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    let Progress::Requesting { last_error: Some(_), left, .. } = play.refresher.progress(play.now)
    else {
        panic!()
    };
    assert_eq!(left.as_secs(), 300);
    play.meets(Fate::Token(2));
    assert_eq!(play.token(), Some("transient-5ea1-2"));

    // Between two calls, with nobody refusing anything, it ends by itself, too.
    let mut play = Play::new(refresher());
    play.meets(Fate::Token(1)).meets(RetryAfter("7200"));
    play.sends();
    assert_eq!((play.passed(), play.token()), (49 * HOUR, None));
    let mut play = Play::new(refresher());
    play.meets(RetryAfter("99999999999")).meets(Silence);
    assert_eq!(play.sent[1], 24 * HOUR, "nothing is left alone for ever");
}

#[test]
fn a_server_that_was_restarted_is_asked_once_for_another() {
    let mut play = Play::new(refresher().jitter(Duration::from_secs(30)));
    play.meets(Fate::Token(1));
    let first = play.refresher.token().unwrap().clone();
    play.now += Duration::from_secs(HOUR);
    for _ in 0..100 {
        play.refresher.rejected(play.now, &first);
    }
    assert_eq!(play.token(), None);
    play.meets(Silence).meets(Fate::Token(2));
    assert_eq!(play.sent[1..], [HOUR + 30, HOUR + 32]);
    assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-2"), Reason::Restart));
    // A late answer speaks of the one before.
    play.refresher.rejected(play.now, &first);
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    // Nor does a refusal hurry a server that asked to be left alone.
    play.meets(RetryAfter("600")).is_refused().meets(Fate::Token(3));
    assert_eq!(play.sent[4] - play.sent[3], 600);
}

#[test]
fn a_server_that_refuses_what_it_hands_out_is_not_asked_in_a_loop() {
    let mut play = Play::new(refresher());
    for number in 0..12 {
        play.meets(Fate::Token(number)).is_refused();
    }
    let gaps: Vec<_> = play.sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    // One that has held for a while was not refused out of hand.
    play.meets(Fate::Token(20));
    play.now += Duration::from_secs(HOUR);
    let refused_at = play.passed();
    play.is_refused().meets(Fate::Token(21));
    assert_eq!(play.sent.last(), Some(&refused_at));
}

#[test]
fn where_the_token_that_asks_is_refused_it_says_so_and_stops() {
    for status in [401, 403] {
        let mut play = Play::new(refresher());
        play.meets(Fate::Token(1)).is_refused().meets(Answer(status, "<html>"));
        let Progress::Refused { error, token, .. } = play.refresher.progress(play.now) else {
            panic!()
        };
        assert_eq!((error.status().as_u16(), token.is_some()), (status, false));
        assert!(play.sends().is_none(), "it goes on");

        // Until it is told otherwise, in either way.
        play.refresher.retry();
        play.meets(Answer(status, ""));
        play.refresher.set_token(Token::new("an0ther").unwrap());
        let (id, call) = play.sends().unwrap();
        assert_eq!(call.request().headers()["x-plex-token"], "an0ther");
        play.refresher.complete(play.now, id, Fate::Token(2).of(&call));
        assert_eq!(play.token(), Some("transient-5ea1-2"));
    }
    // The one at hand is handed out until it ends.
    let mut play = Play::new(refresher());
    play.meets(Fate::Token(1)).meets(Answer(401, ""));
    let Progress::Refused { token: Some(_), .. } = play.refresher.progress(play.now) else {
        panic!()
    };
    play.refresher.retry();
    let _ = play.refresher.poll(play.now);
    assert_eq!(play.token(), Some("transient-5ea1-1"));
}

#[test]
fn another_token_that_asks_is_used_at_once_and_does_not_hurry() {
    let mut play = Play::new(refresher());
    let (id, call) = play.sends().unwrap();
    play.refresher.set_token(Token::new("an0ther").unwrap());
    play.refresher.complete(play.now, id, Answer(401, "").of(&call));
    play.meets(Fate::Token(1));
    assert_eq!(play.sent, [0, 1], "what the one before met with is forgotten");
    play.refresher.retry();
    assert!(matches!(play.refresher.poll(play.now), Step::Wait(_)), "it need not be told");
}

#[test]
fn a_call_of_which_nothing_comes_is_made_again_after_a_minute() {
    let mut play = Play::new(refresher());
    let (lost, call) = play.sends().unwrap();
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [0, 60]);
    play.refresher.complete(play.now, lost, Fate::Token(1).of(&call));
    assert_eq!(play.token(), Some("transient-5ea1-2"));
}

#[test]
fn a_server_that_takes_longer_than_a_minute_is_heard_all_the_same() {
    for takes in [65, 130] {
        let mut play = Play::new(refresher());
        let mut asked = Vec::new();
        while play.passed() < takes - takes % 60 {
            asked.extend(play.sends());
        }
        play.now = start() + Duration::from_secs(takes);
        let (slow, call) = &asked[0];
        // A late "no" is not heard, as the call that has followed will be told the same.
        play.refresher.complete(play.now, *slow, Answer(401, "").of(call));
        play.refresher.complete(play.now, *slow, Fate::Token(1).of(call));
        assert_eq!((play.token(), play.reason()), (Some("transient-5ea1-1"), Reason::First));
        // What comes of those that followed changes nothing.
        for (id, call) in &asked {
            play.refresher.complete(play.now, *id, Fate::Token(2).of(call));
        }
        assert_eq!(play.token(), Some("transient-5ea1-1"));
        // Its time counts from the first of them.
        play.meets(Fate::Token(3));
        assert_eq!(play.sent.last(), Some(&(47 * HOUR)));
    }

    // Where so long passes that it may have ended, the next one is waited for.
    let mut play = Play::new(refresher());
    let (slow, call) = play.sends().unwrap();
    play.now += Duration::from_secs(48 * HOUR);
    let (next, next_call) = play.sends().unwrap();
    play.refresher.complete(play.now, slow, Fate::Token(1).of(&call));
    assert_eq!(play.token(), None);
    play.refresher.complete(play.now, next, Fate::Token(2).of(&next_call));
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    assert!(play.refresher.save(play.now + Duration::from_secs(48 * HOUR - 1)).is_some());
}

#[test]
fn a_clock_that_jumps_and_a_machine_that_sleeps_do_no_harm() {
    let mut play = Play::new(refresher());
    play.meets(Fate::Token(1));
    play.now += Duration::from_secs(100 * HOUR);
    assert!(matches!(play.refresher.progress(play.now), Progress::Requesting { .. }));
    play.meets(Fate::Token(2));
    let before = play.now;
    play.now -= Duration::from_secs(50 * HOUR);
    let back = play.now;
    let _ = play.refresher.poll(play.now);
    assert_eq!(play.token(), Some("transient-5ea1-2"));
    play.meets(Fate::Token(3));
    assert_eq!(play.now.duration_since(back).unwrap().as_secs(), 47 * HOUR);
    assert!(play.now < before);
}

/// How many refreshers ask in each second, where servers are restarted under all of them at once.
fn busiest_second(refreshers: u32, spread: Duration) -> u32 {
    let mut seconds = BTreeMap::<u64, u32>::new();
    for number in 0..refreshers {
        let jitter = spread * number / refreshers;
        let mut play = Play::new(refresher().jitter(jitter));
        play.meets(Fate::Token(1));
        play.now = start() + Duration::from_secs(HOUR);
        play.is_refused();
        // They come up again after a minute, and are asked again 47 hours later.
        while play.passed() < HOUR + 60 {
            play.meets(Silence);
        }
        play.meets(Fate::Token(2)).meets(Fate::Token(3));
        for second in &play.sent[1..] {
            *seconds.entry(*second).or_default() += 1;
        }
    }
    seconds.into_values().max().unwrap_or_default()
}

#[test]
fn a_restart_under_many_refreshers_is_spread_by_their_jitter() {
    assert_eq!(busiest_second(200, Duration::ZERO), 200, "all at once");
    // Each of them asks some six times in the first minute.
    let busiest = busiest_second(6_000, Duration::from_secs(60));
    assert!(busiest <= 6 * 6_000 / 60, "{busiest}");
}

#[test]
fn it_is_kept_and_gone_on_with() {
    let url = "http://10.0.0.7:32400";
    let mut play = Play::new(refresher());
    assert!(play.refresher.save(play.now).is_none());
    play.meets(Fate::Token(1));
    let saved = play.refresher.save(play.now).unwrap();
    assert!(!saved.expose().contains("s3rv3r"), "the token that asks is not in it");
    for secret in ["5ea1", "s3rv3r"] {
        assert!(!format!("{:?} {saved:?}", play.refresher).contains(secret));
    }
    assert!(play.refresher.save(play.now + Duration::from_secs(48 * HOUR)).is_none());

    let later = start() + Duration::from_secs(40 * HOUR);
    let restore =
        |at| TransientTokenRefresher::restore(server_at(url, "id"), saved.expose(), at).unwrap();
    let mut play = Play::new(restore(later));
    play.now = later;
    assert_eq!(play.token(), Some("transient-5ea1-1"));
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [47 * HOUR]);
    assert!(
        restore(start() + Duration::from_secs(48 * HOUR)).token().is_none(),
        "its time is over"
    );
    let mut play = Play::new(restore(later).jitter(Duration::from_secs(600)));
    play.now = later;
    play.meets(Fate::Token(2));
    assert_eq!(play.sent, [47 * HOUR + 600], "the jitter is kept for it, too");
    // A clock that was set back does not lengthen its life.
    let Progress::Active { left, .. } =
        restore(SystemTime::UNIX_EPOCH).progress(SystemTime::UNIX_EPOCH)
    else {
        panic!()
    };
    assert_eq!(left.as_secs(), 48 * HOUR);

    let refusal =
        |server, saved: &str| TransientTokenRefresher::restore(server, saved, later).unwrap_err();
    let other = refusal(server_at(url, "other"), saved.expose());
    assert_eq!(other, InvalidSavedState::OtherIdentifier);
    let other = refusal(server_at("http://10.0.0.8:32400", "id"), saved.expose());
    assert_eq!(other, InvalidSavedState::OtherServer);
    for broken in ["", "{}", "[]", r#"{"token":"a b","endsAt":1,"clientIdentifier":"id"}"#] {
        let error = refusal(server_at(url, "id"), broken);
        assert_eq!(error, InvalidSavedState::Unreadable, "{broken}");
    }
}
