//! Choosing a connection, with a clock and servers that are made up.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "so tests fail"
)]

use std::time::{Duration, SystemTime};

use plex_auth_proto::http::Response;
use plex_auth_proto::{
    CandidateLoss, CandidateState, ChosenConnection, ClientIdentity, ConnectionCandidate,
    ConnectionChoice, ConnectionChoiceError, ConnectionKind, ConnectionProgress, Conversation,
    NoAnswerReason, RequestId, Resource, SendError, SourceDevice, Step, TlsFault, Token,
};
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig as Config, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

const RIGHT: &str = r#"{"MediaContainer":{"machineIdentifier":"5f0e1c2d","version":"1.40.0"}}"#;
const ANOTHER: &str = r#"{"MediaContainer":{"machineIdentifier":"e71e77e7"}}"#;

type Outcome = Result<ChosenConnection, ConnectionChoiceError>;

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn me() -> ClientIdentity {
    ClientIdentity::builder("id").build().unwrap()
}

/// One's own server that takes plain HTTP, with these connections.
fn own(connections: &str) -> Resource {
    resource(r#""owned":true,"httpsRequired":false"#, connections)
}

fn resource(facts: &str, connections: &str) -> Resource {
    let json = format!(
        r#"{{"clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r-t0ken",{facts},"connections":[{connections}]}}"#
    );
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn at(uri: &str, local: bool, relay: bool) -> String {
    format!(r#"{{"uri":"{uri}","local":{local},"relay":{relay}}}"#)
}

/// A local one, a remote one, and the relay.
fn three() -> Resource {
    own(&[
        at("https://relay.plex.direct:8443", false, true),
        at("https://remote.plex.direct:32400", false, false),
        at("https://local.plex.direct:32400", true, false),
    ]
    .join(","))
}

/// A choice with a clock.
struct Play {
    choice: ConnectionChoice,
    now: SystemTime,
    /// What is under way: the number, the URL, and how the answer is read.
    asked: Vec<(RequestId, String, plex_auth_proto::Reply<plex_auth_proto::ServerIdentity>)>,
    /// Every URL that was asked, and the time that it has.
    all: Vec<(String, Duration)>,
    outcome: Option<Outcome>,
}

impl Play {
    fn new(choice: ConnectionChoice) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Self { choice, now, asked: Vec::new(), all: Vec::new(), outcome: None }
    }

    /// Goes on until it waits, and for how long, or is over.
    fn goes_on(&mut self) -> Option<Duration> {
        loop {
            match self.choice.next(self.now) {
                Step::Send(id, call) => {
                    let (request, reply) = call.into_parts();
                    assert!(!request.headers().contains_key("x-plex-token"), "a token is sent");
                    assert_eq!(request.method(), "GET");
                    let uri = request.uri().to_string();
                    let url = uri.strip_suffix("/identity").expect("an identity").to_owned();
                    self.all.push((url.clone(), reply.deadline().expect("a deadline")));
                    self.asked.push((id, url, reply));
                }
                Step::Wait(time) => {
                    assert!(time >= ms(1), "a busy loop");
                    return Some(time);
                }
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return None;
                }
            }
        }
    }

    fn passes(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self.goes_on();
        self
    }

    fn take(
        &mut self,
        part: &str,
    ) -> (RequestId, plex_auth_proto::Reply<plex_auth_proto::ServerIdentity>) {
        self.goes_on();
        let index = self.asked.iter().position(|(_, url, _)| url.contains(part));
        let (id, _, reply) =
            self.asked.remove(index.unwrap_or_else(|| panic!("{part} is not asked")));
        (id, reply)
    }

    /// The server at this URL answers so.
    fn answers(&mut self, part: &str, body: &'static str) -> &mut Self {
        let (id, reply) = self.take(part);
        let answer = reply.read(Response::new(body)).map_err(SendError::from);
        self.choice.receive(self.now, id, answer);
        self.goes_on();
        self
    }

    fn fails(&mut self, part: &str, reason: NoAnswerReason) -> &mut Self {
        let (id, reply) = self.take(part);
        self.choice.receive(self.now, id, Err(reply.no_answer(reason, false)));
        self.goes_on();
        self
    }

    fn urls(&mut self) -> Vec<&str> {
        self.goes_on();
        self.all.iter().map(|(url, _)| url.as_str()).collect()
    }

    fn outcome(&mut self) -> Outcome {
        self.goes_on();
        self.outcome.take().expect("it goes on")
    }

    fn chosen(&mut self) -> String {
        self.outcome().unwrap().url().to_string()
    }

    fn lost(&mut self) -> Vec<String> {
        match self.outcome() {
            Err(ConnectionChoiceError::NoneRight { candidates, .. }) => {
                candidates.iter().map(ToString::to_string).collect()
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

fn candidates(choice: &ConnectionChoice) -> Vec<ConnectionCandidate> {
    match choice.progress(SystemTime::UNIX_EPOCH) {
        ConnectionProgress::Asking { candidates, .. } => candidates,
        progress => panic!("{progress:?}"),
    }
}

/// What is asked, and what not and why.
fn plan(choice: &ConnectionChoice) -> Vec<String> {
    candidates(choice).iter().map(ToString::to_string).collect()
}

#[test]
fn local_goes_before_remote_before_relay_and_https_before_http_and_ipv4_before_ipv6() {
    let server = own(r#"{"uri":"http://relay:1","relay":true,"local":true},
           {"uri":"https://relay:2","relay":true},
           {"uri":"http://[2001:db8::1]:3","address":"2001:db8::1","IPv6":false},
           {"uri":"http://203.0.113.9:4"},
           {"uri":"https://six.plex.direct:5","address":"2001:db8::1","IPv6":0},
           {"uri":"https://six.plex.direct:6","IPv6":true},
           {"uri":"https://four.plex.direct:7","address":"203.0.113.9"},
           {"uri":"http://10.0.2.1:8","address":"10.0.2.1"},
           {"uri":"http://10.0.2.1:9","local":true},
           {"uri":"https://[fd00::1]:10","local":true},
           {"uri":"https://ten.plex.direct:11","local":true}"#);
    let mut play = Play::new(server.choose_connection(me()).at_once(100));
    let ports: Vec<_> = play.urls().iter().map(|url| url.rsplit(':').next().unwrap()).collect();
    assert_eq!(ports, ["11", "10", "8", "9", "7", "5", "6", "4", "3", "2", "1"]);
    let kinds: Vec<_> =
        candidates(&play.choice).iter().map(|one| (one.kind.to_string(), one.ipv6)).collect();
    assert_eq!((kinds[1].0.as_str(), kinds[1].1), ("local", true));
    assert_eq!((kinds[5].0.as_str(), kinds[5].1), ("remote", true), "whatever the flag says");
    assert_eq!(kinds[10].0, "relay", "also where it is called local");
}

#[test]
fn what_leads_nowhere_or_has_no_usable_uri_is_not_asked_and_says_why() {
    let server = own(r#"{"uri":"http://[::]:32400","address":"::","IPv6":false,"local":true},
           {"uri":"https://zero.plex.direct:32400","address":"::"},
           {"uri":"https://link.plex.direct:32400","address":"fe80::1%eth0"},
           {"uri":"http://[fe80::1]:32400"},
           {"uri":"http://0.0.0.0:32400"},
           {"uri":null,"address":"10.0.0.7","port":32400},
           {"uri":""},
           {"uri":"10.0.0.7:32400"},
           {"uri":"http://me:pa55word@10.0.0.7:32400"},
           {"uri":"http://10.0.0.7:32400/web/index.html#!/"},
           {"uri":"http://::ffff:10.0.0.7:32400"},
           {"uri":"HTTPS://a.plex.direct/"},
           {"uri":"https://a.plex.direct"},
           {"uri":"http://plex_server:32400/plex/"}"#);
    let choice = server.choose_connection(me());
    assert_eq!(
        plan(&choice),
        [
            "https://a.plex.direct (remote): not asked",
            "http://plex_server:32400/plex (remote): not asked",
            "one without a URL (local): the connection has no uri",
            "http://[::]:32400 (local): the address leads nowhere",
            "https://a.plex.direct (remote): a better connection has the same URL",
            "https://zero.plex.direct:32400 (remote): the address leads nowhere",
            "https://link.plex.direct:32400 (remote): the address leads nowhere",
            "http://0.0.0.0:32400 (remote): the address leads nowhere",
            "one without a URL (remote): the connection has no uri",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL does not start \
             with http:// or https://; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has a user name \
             or password in it (an @), which is not used; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has a fragment \
             (#), which a base URL has not; did you mean http://10.0.0.7:32400",
            "one without a URL (remote): the uri of the connection cannot be used: the server URL has an IPv6 \
             address without brackets; did you mean http://[::ffff:10.0.0.7]:32400",
            "http://[fe80::1]:32400 (remote): the address leads nowhere",
        ]
        .map(str::to_owned)
    );
    let mut play = Play::new(choice);
    assert_eq!(play.urls(), ["https://a.plex.direct", "http://plex_server:32400/plex"]);
}

#[test]
fn private_addresses_of_a_network_that_may_not_be_ones_own_are_not_asked() {
    let connections = r#"{"uri":"http://10.0.2.1:32400","local":true},
        {"uri":"http://192.168.1.9:32400","address":"192.168.1.9"},{"uri":"https://remote.plex.direct"}"#;
    for (facts, asked) in [
        (r#""owned":true"#, 3),
        (r#""owned":false"#, 1),
        (r#""owned":null"#, 1),
        (r#""owned":false,"publicAddressMatches":true"#, 3),
        (r#""owned":false,"publicAddressMatches":false,"home":true"#, 1),
    ] {
        let server = resource(facts, connections);
        let mut play = Play::new(server.choose_connection(me()));
        assert_eq!(play.urls().len(), asked, "{facts}");
        let foreign = plan(&play.choice);
        let is_foreign = |shown: &&String| shown.ends_with("not known to be yours");
        assert_eq!(foreign.iter().filter(is_foreign).count(), 3 - asked, "{foreign:?}");
        // The caller knows better.
        let mut play = Play::new(server.choose_connection(me()).local_ones(true));
        assert_eq!(play.urls().len(), 3, "{facts}");
        let mut play = Play::new(server.choose_connection(me()).local_ones(false));
        assert_eq!(play.urls(), ["https://remote.plex.direct"], "{facts}");
    }
}

#[test]
fn a_source_is_reached_likewise_and_its_local_connections_where_the_caller_says_so() {
    let source: SourceDevice = serde_json::from_str(
        r#"{"clientIdentifier":"5f0e1c2d","accessToken":"transient-5ea1","Connection":[
            {"uri":"https://remote.plex.direct:1","relay":0},{"uri":"https://local.plex.direct:2","local":1},
            {"uri":"https://relay.plex.direct:3","relay":1}]}"#,
    )
    .unwrap();
    let mut play = Play::new(source.choose_connection(me()));
    assert_eq!(play.urls(), ["https://remote.plex.direct:1", "https://relay.plex.direct:3"]);
    let mut play = Play::new(source.choose_connection(me()).local_ones(true).bare_addresses(true));
    assert_eq!(play.urls().len(), 3);
    play.answers("local", RIGHT);
    let server = play.outcome().unwrap().with_token(source.access_token.unwrap());
    assert_eq!(server.token().expose(), "transient-5ea1");
}

#[test]
fn the_best_one_that_answers_is_chosen_at_once_and_only_then_a_token_goes_along() {
    let attic = three();
    let mut play = Play::new(attic.choose_connection(me()));
    assert_eq!(play.urls().len(), 3, "all at once");
    play.passes(ms(40)).answers("local", RIGHT);
    let chosen = play.outcome().unwrap();
    assert_eq!((chosen.kind, chosen.took), (ConnectionKind::Local, ms(40)));
    assert_eq!(chosen.server.version.as_deref(), Some("1.40.0"));
    assert!(!chosen.ipv6 && !chosen.bare_address);
    assert_eq!(chosen.candidates.len(), 3);
    assert!(matches!(play.choice.next(play.now), Step::Wait(Duration::MAX)), "that is said once");
    assert!(matches!(play.choice.progress(play.now), ConnectionProgress::Over));
    let shown = format!("{:?} {chosen:?}", play.choice);
    assert!(!shown.contains("s3rv3r-t0ken"), "{shown}");

    let server = chosen.with_token(attic.access_token.unwrap());
    let call = server.root();
    assert_eq!(call.request().uri(), "https://local.plex.direct:32400/");
    assert_eq!(call.request().headers()["x-plex-token"], "s3rv3r-t0ken");
}

#[test]
fn a_better_one_has_half_a_second_more() {
    let start = |grace| {
        let mut play = Play::new(three().choose_connection(me()));
        if let Some(grace) = grace {
            play = Play::new(three().choose_connection(me()).grace(grace));
        }
        play.goes_on();
        play.passes(ms(100)).answers("relay", RIGHT);
        play
    };
    // It uses it.
    let mut play = start(None);
    assert_eq!(play.goes_on(), Some(ms(500)));
    play.passes(ms(499)).answers("local", RIGHT);
    assert_eq!(play.chosen(), "https://local.plex.direct:32400");

    // It does not; a second answer does not make it longer.
    let mut play = start(None);
    play.passes(ms(300)).answers("remote", RIGHT);
    assert_eq!(play.goes_on(), Some(ms(200)));
    play.passes(ms(200));
    assert_eq!(play.chosen(), "https://remote.plex.direct:32400");

    // There is none any more.
    let mut play = start(None);
    play.fails("local", NoAnswerReason::Refused).answers("remote", ANOTHER);
    let chosen = play.outcome().unwrap();
    assert_eq!(chosen.kind, ConnectionKind::Relay);
    let why: Vec<_> = chosen.candidates.iter().map(ToString::to_string).collect();
    assert_eq!(
        why,
        [
            "https://local.plex.direct:32400 (local): the connection was refused",
            "https://remote.plex.direct:32400 (remote): another server answers there",
            "https://relay.plex.direct:8443 (relay): answered within 100ms",
        ]
    );

    let mut play = start(Some(Duration::ZERO));
    assert_eq!(play.chosen(), "https://relay.plex.direct:8443");
    let mut play = start(Some(Duration::MAX));
    assert_eq!(play.goes_on(), Some(ms(9_900)), "the deadline ends all");
    play.passes(ms(9_900));
    assert_eq!(play.chosen(), "https://relay.plex.direct:8443");
}

#[test]
fn where_none_is_right_each_says_why() {
    let connections: Vec<_> =
        (1..=9).map(|port| at(&format!("https://host.plex.direct:{port}"), false, false)).collect();
    let mut play = Play::new(own(&connections.join(",")).choose_connection(me()).at_once(20));
    play.answers(":1", ANOTHER)
        .fails(":2", NoAnswerReason::NameNotFound)
        .fails(":3", NoAnswerReason::Tls(TlsFault::WrongName))
        .answers(":4", "<html>Sign in to the network</html>")
        .answers(":5", "{}");
    play.passes(Duration::from_secs(20));
    let error = play.outcome().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection leads to the server: \
         https://host.plex.direct:1 (remote): another server answers there; \
         https://host.plex.direct:2 (remote): the name of the host was not found; \
         https://host.plex.direct:3 (remote): TLS failed: the certificate is for another name; \
         https://host.plex.direct:4 (remote): getIdentity at https://host.plex.direct:4: answered 200 with an HTML page; \
         https://host.plex.direct:5 (remote): getIdentity at https://host.plex.direct:5: \
         `MediaContainer.machineIdentifier` is missing; this is no media server; \
         https://host.plex.direct:6 (remote): no whole answer within 10s; \
         https://host.plex.direct:7 (remote): no whole answer within 10s; \
         https://host.plex.direct:8 (remote): no whole answer within 10s; and 1 more"
    );
    let ConnectionChoiceError::NoneRight { candidates, .. } = error else { panic!() };
    assert_eq!(candidates.len(), 9);

    let mut play = Play::new(own("").choose_connection(me()));
    let error = play.outcome().unwrap_err().to_string();
    assert_eq!(error, "no connection leads to the server: it lists none");
}

#[test]
fn without_an_identifier_nothing_is_asked() {
    let server: Resource =
        serde_json::from_str(r#"{"owned":true,"connections":[{"uri":"http://10.0.2.1:1"}]}"#)
            .unwrap();
    let mut play = Play::new(server.choose_connection(me()));
    assert!(play.urls().is_empty());
    assert!(matches!(play.outcome(), Err(ConnectionChoiceError::NoIdentifier)));
}

#[test]
fn those_that_hang_leave_time_for_the_others() {
    let connections: Vec<_> =
        (1..=5).map(|port| at(&format!("http://10.0.2.1:{port}"), true, false)).collect();
    let server = own(&connections.join(","));
    let choice = server.choose_connection(me()).at_once(2).deadline(Duration::from_secs(9));
    let mut play = Play::new(choice.clone());
    // Nobody answers, and the carrier keeps each deadline.
    while play.goes_on().is_some() {
        assert!(play.asked.len() <= 2, "{:?}", play.asked.len());
        let limits = play.all.iter().rev().take(play.asked.len());
        let soonest = limits.map(|(_, limit)| *limit).min().unwrap();
        play.now += soonest;
        for (id, _, reply) in std::mem::take(&mut play.asked) {
            let limit = reply.deadline().unwrap();
            play.choice.receive(
                play.now,
                id,
                Err(reply.no_answer(NoAnswerReason::TimedOut(limit), true)),
            );
        }
    }
    assert_eq!(play.all.len(), 5, "each is asked");
    assert_eq!(play.all[0].1, Duration::from_secs(3));
    assert!(play.all.iter().all(|(_, limit)| *limit >= Duration::from_secs(3)), "{:?}", play.all);
    assert!(play.lost().iter().all(|lost| lost.contains("no whole answer within")));

    // And where the carrier keeps none: they take no place for ever, and the whole ends.
    let mut play = Play::new(choice);
    let mut waits = Vec::new();
    while let Some(wait) = play.goes_on() {
        waits.push(wait);
        play.now += wait;
    }
    assert_eq!(waits, [ms(3_000), ms(1_500), ms(1_500), ms(3_000)]);
    let lost = play.lost();
    let limits = ["3s", "4.5s", "3s", "4.5s", "3s"];
    for (lost, limit) in lost.iter().zip(limits) {
        assert!(lost.ends_with(&format!("no whole answer within {limit}")), "{lost}");
    }
    assert_eq!(play.all.len(), 5, "{lost:?}");
}

#[test]
fn a_hostile_list_makes_no_flood() {
    let connections: Vec<_> =
        (1..=1000).map(|port| at(&format!("http://203.0.113.9:{port}"), false, false)).collect();
    let mut play = Play::new(own(&connections.join(",")).choose_connection(me()).at_once(0));
    assert_eq!(play.urls().len(), 1, "one at least");
    assert_eq!(candidates(&play.choice).len(), 64);
}

const LOCAL_NAME: &str = r#"{"uri":"https://10-0-2-1.feed.plex.direct:32400","address":"10.0.2.1","port":32400,
    "local":true}"#;

#[test]
fn a_bare_address_is_asked_only_where_it_is_allowed_and_its_name_was_not_found() {
    let connections = format!(
        r#"{LOCAL_NAME},{{"uri":"https://203-0-113-9.feed.plex.direct:8443","address":"203.0.113.9","port":8443}}"#
    );
    let server = own(&connections);
    // Never by itself.
    let mut play = Play::new(server.choose_connection(me()));
    play.fails("10-0-2-1", NoAnswerReason::NameNotFound)
        .fails("203-0-113-9", NoAnswerReason::NameNotFound);
    assert_eq!(play.lost().len(), 2);

    let start = || Play::new(server.choose_connection(me()).bare_addresses(true));
    let mut play = start();
    assert_eq!(play.urls().len(), 2, "not before the name is lost");
    play.fails("203-0-113-9", NoAnswerReason::NameNotFound)
        .fails("10-0-2-1", NoAnswerReason::NameNotFound);
    assert_eq!(play.urls()[2..], ["http://10.0.2.1:32400"], "and none through the internet");
    play.answers("http://10.0.2.1", RIGHT);
    let chosen = play.outcome().unwrap();
    assert!(chosen.bare_address && chosen.kind == ConnectionKind::Local);
    assert_eq!(chosen.candidates[1].url.as_ref(), Some(chosen.url()));

    // Within the grace that the remote one's answer leaves.
    let mut play = start();
    play.answers("203-0-113-9", RIGHT)
        .fails("10-0-2-1", NoAnswerReason::NameNotFound)
        .answers("http://10.0.2.1", RIGHT);
    assert!(play.outcome().unwrap().bare_address);

    // The name was found: whoever answers there badly, nothing is sent in plain text.
    for reason in [
        NoAnswerReason::Refused,
        NoAnswerReason::Tls(TlsFault::UntrustedIssuer),
        NoAnswerReason::TimedOut(ms(100)),
    ] {
        let mut play = start();
        play.fails("10-0-2-1", reason).fails("203-0-113-9", reason);
        let lost = play.lost();
        assert!(lost[1].ends_with("the name that the address stands for was found"), "{lost:?}");
        assert_eq!(play.all.len(), 2);
    }
}

#[test]
fn a_bare_address_needs_a_server_that_takes_http_and_an_address() {
    let count =
        |server: &Resource| candidates(&server.choose_connection(me()).bare_addresses(true)).len();
    assert_eq!(count(&own(LOCAL_NAME)), 2);
    for facts in [
        r#""owned":true,"httpsRequired":true"#,
        r#""owned":true"#,
        r#""owned":true,"httpsRequired":"perhaps""#,
        r#""owned":false,"httpsRequired":false"#,
    ] {
        assert_eq!(count(&resource(facts, LOCAL_NAME)), 1, "{facts}");
    }
    for connection in [
        r#"{"uri":"https://a.plex.direct:1","local":true,"port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1"}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"attic","port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1","port":1,"relay":true}"#,
        r#"{"uri":"https://plex.example:1","local":true,"address":"10.0.2.1","port":1}"#,
        r#"{"uri":"https://a.notplex.direct:1","local":true,"address":"10.0.2.1","port":1}"#,
        r#"{"uri":"https://a.plex.direct:1","local":true,"address":"10.0.2.1","port":0}"#,
    ] {
        assert_eq!(count(&own(connection)), 1, "{connection}");
    }
    // The same is listed anyway: no second one.
    let twice = format!(r#"{LOCAL_NAME},{{"uri":"http://10.0.2.1:32400","local":true}}"#);
    assert_eq!(count(&own(&twice)), 2);
    let six = r#"{"uri":"https://a.plex.direct:1","local":true,"address":"fd00::1","port":1}"#;
    let choice = own(six).choose_connection(me()).bare_addresses(true);
    assert_eq!(candidates(&choice)[1].url.as_ref().unwrap().to_string(), "http://[fd00::1]:1");
}

#[test]
fn progress_shows_each_candidate() {
    let mut play = Play::new(three().choose_connection(me()).at_once(2));
    assert_eq!(plan(&play.choice).iter().filter(|it| it.ends_with(": not asked")).count(), 3);
    play.goes_on();
    let states = plan(&play.choice);
    assert_eq!(
        states,
        [
            "https://local.plex.direct:32400 (local): asked",
            "https://remote.plex.direct:32400 (remote): asked",
            "https://relay.plex.direct:8443 (relay): not asked",
        ]
    );
    play.now += Duration::from_secs(3);
    let ConnectionProgress::Asking { left, .. } = play.choice.progress(play.now) else { panic!() };
    assert_eq!(left, Duration::from_secs(7));
    play.answers("remote", RIGHT);
    let ConnectionProgress::Asking { left, candidates, .. } = play.choice.progress(play.now) else {
        panic!()
    };
    assert_eq!(left, ms(500));
    assert!(matches!(candidates[1].state, CandidateState::Right { .. }));
    assert_eq!(play.all.len(), 2, "the relay is not needed any more");
}

#[test]
fn what_comes_late_or_twice_or_of_nothing_changes_nothing() {
    let attic = three();
    let mut play = Play::new(attic.choose_connection(me()));
    let (id, reply) = play.take("remote");
    let right = || reply.read(Response::new(RIGHT)).map_err(SendError::from);
    play.choice.receive(play.now, id, Err(reply.no_answer(NoAnswerReason::CutOff, true)));
    play.choice.receive(play.now, id, right());
    play.fails("relay", NoAnswerReason::CutOff).fails("local", NoAnswerReason::CutOff);
    assert_eq!(play.lost().len(), 3);
    play.choice.receive(play.now, id, right());
    assert!(matches!(play.choice.next(play.now), Step::Wait(Duration::MAX)));

    // One whose place another has got is heard all the same.
    let mut play = Play::new(attic.choose_connection(me()).at_once(1));
    let (id, reply) = play.take("local");
    let wait = play.goes_on().unwrap();
    play.passes(wait);
    assert_eq!(play.all.len(), 2);
    play.choice.receive(play.now, id, reply.read(Response::new(RIGHT)).map_err(SendError::from));
    assert_eq!(play.chosen(), "https://local.plex.direct:32400");

    // One that comes after the deadline, before anybody has asked what is next, is right all the same.
    let mut play = Play::new(attic.choose_connection(me()));
    let (id, reply) = play.take("remote");
    play.now += Duration::from_secs(60);
    play.choice.receive(play.now, id, reply.read(Response::new(RIGHT)).map_err(SendError::from));
    assert_eq!(play.chosen(), "https://remote.plex.direct:32400");
}

/// What becomes of one call.
#[derive(Clone, Debug)]
enum Fate {
    Right,
    Another,
    Page,
    Fails(NoAnswerReason),
    Hangs,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        any::<bool>().prop_map(|_| Fate::Right),
        any::<bool>().prop_map(|_| Fate::Another),
        any::<bool>().prop_map(|_| Fate::Page),
        any::<bool>().prop_map(|_| Fate::Fails(NoAnswerReason::NameNotFound)),
        any::<bool>().prop_map(|_| Fate::Fails(NoAnswerReason::Refused)),
        any::<bool>().prop_map(|_| Fate::Hangs),
    ]
}

proptest! {
    // A failing case becomes a test of its own, rather than a file.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_comes_in_whatever_order_the_end_is_true_and_in_time(
        // How long each takes, what it is, and where its host leads.
        hosts in vec((fate(), 0_u64..12_000, any::<bool>(), any::<bool>(), any::<bool>()), 0..14),
        at_once in 0_usize..10,
        grace in 0_u64..2_000,
        bare in any::<bool>(),
        jumps in vec((0_usize..30, -100_000_i64..100_000), 0..3),
    ) {
        let connections: Vec<_> = hosts.iter().enumerate().map(|(index, (_, _, local, relay, https))| {
            let (scheme, name) = if *https { ("https", ".plex.direct") } else { ("http", ".lan") };
            let port = index + 1;
            format!(
                r#"{{"uri":"{scheme}://host{name}:{port}","address":"10.0.2.1","port":{port},"local":{local},"relay":{relay}}}"#
            )
        }).collect();
        let choice = own(&connections.join(",")).choose_connection(me());
        let mut choice = choice.at_once(at_once).grace(ms(grace)).bare_addresses(bare);
        let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        // By a clock that does not jump.
        let mut passed = Duration::ZERO;
        let mut under_way = Vec::new();
        let mut asked = Vec::new();
        let mut right = Vec::new();
        for round in 0..1_000 {
            for (_, jump) in jumps.iter().filter(|(when, _)| *when == round) {
                let by = ms(jump.unsigned_abs());
                now = if *jump < 0 { now - by } else { now + by };
            }
            match choice.next(now) {
                Step::Send(id, call) => {
                    let (request, reply) = call.into_parts();
                    let url = request.uri().to_string();
                    prop_assert!(!asked.contains(&url), "{url} is asked twice");
                    let port = request.uri().port_u16().unwrap();
                    let (fate, takes, ..) = &hosts[usize::from(port) - 1];
                    let limit = reply.deadline().unwrap();
                    let due = match fate {
                        Fate::Hangs => None,
                        _ if ms(*takes) > limit => None,
                        _ => Some(passed + ms(*takes)),
                    };
                    under_way.push((due.unwrap_or(passed + limit), due.is_some(), id, url.clone(), fate, reply));
                    asked.push(url);
                    let jumped = jumps.iter().any(|(_, jump)| *jump > 0);
                    // Those whose time is over now are about to say so.
                    let going = under_way.iter().filter(|call| call.0 > passed).count();
                    prop_assert!(going <= at_once.max(1) || jumped);
                }
                Step::Wait(time) => {
                    prop_assert!(time >= ms(1), "a busy loop");
                    let first = (0..under_way.len()).min_by_key(|index| under_way[*index].0);
                    match first.filter(|first| under_way[*first].0 <= passed + time) {
                        None => {
                            passed += time;
                            now += time;
                        }
                        Some(first) => {
                            let (when, answers, id, url, fate, reply) = under_way.remove(first);
                            let step = when.saturating_sub(passed);
                            passed += step;
                            now += step;
                            let read = |body| reply.read(Response::new(body)).map_err(SendError::from);
                            let answer = match fate {
                                _ if !answers => Err(reply.no_answer(NoAnswerReason::TimedOut(ms(1)), true)),
                                Fate::Right => read(RIGHT),
                                Fate::Another => read(ANOTHER),
                                Fate::Page => read("<html>"),
                                Fate::Fails(reason) => Err(reply.no_answer(*reason, false)),
                                Fate::Hangs => unreachable!(),
                            };
                            if answer.is_ok() && matches!(fate, Fate::Right) {
                                right.push(url);
                            }
                            choice.receive(now, id, answer);
                        }
                    }
                }
                Step::Done(outcome) => {
                    let limit = if jumps.iter().any(|(_, jump)| *jump < 0) { ms(500_000) } else { ms(10_010) };
                    prop_assert!(passed <= limit, "{passed:?}");
                    let candidates = match &outcome {
                        Ok(chosen) => &chosen.candidates,
                        Err(ConnectionChoiceError::NoneRight { candidates, .. }) => candidates,
                        Err(error) => panic!("{error}"),
                    };
                    // The chosen one is the best of those that were right.
                    let mut of_right = candidates.iter().filter_map(|one| {
                        let url = one.url.as_ref()?;
                        right.contains(&format!("{url}/identity")).then_some(url)
                    });
                    prop_assert_eq!(outcome.as_ref().ok().map(ChosenConnection::url), of_right.next());
                    if outcome.is_err() {
                        for candidate in candidates {
                            prop_assert!(matches!(candidate.state, CandidateState::Lost(_)), "{candidate}");
                            let url = format!("{}/identity", candidate.url.as_ref().unwrap());
                            let was_asked = matches!(
                                candidate.state,
                                CandidateState::Lost(CandidateLoss::Failed(_) | CandidateLoss::AnotherServer)
                            );
                            prop_assert_eq!(was_asked, asked.contains(&url), "{}", candidate);
                        }
                    }
                    let is_over = matches!(choice.next(now), Step::Wait(Duration::MAX));
                    prop_assert!(is_over);
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "it has not ended");
    }
}

#[test]
fn a_choice_can_be_sent_to_another_thread() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    check(&three().choose_connection(me()));
    check(&Token::new("abc").unwrap());
}
