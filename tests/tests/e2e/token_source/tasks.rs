//! The token source of plex-auth-hyper.

use std::error::Error as _;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use plex_auth_fake::{Misbehavior, Server, Which};
use plex_auth_hyper::{TokenSource, Transport};
use plex_auth_proto::flow::{Completion, DeviceTokenEnd, DeviceTokenRefresher, Now, RequestId};
use plex_auth_proto::jwt::Ed25519Key;
use plex_auth_proto::token_source::{HeldToken, Refresher, TokenError, TokenIssuer};
use plex_auth_proto::{Flow, Host, Secret, Step, Token};
use plex_auth_tests::carrier::runtime;
use tokio::sync::{Barrier, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{WATCHDOG, media_server, own_call, server};
use crate::harness::plex_tv_at;

fn transient_requests(server: &Server) -> usize {
    server.with(|fake| fake.seen("POST", "/security/token"))
}

fn refresher(server: &Server) -> plex_auth_proto::flow::TransientTokenRefresher {
    server.with(|fake| media_server(fake, server.url())).transient_token_refresher()
}

/// Runs a test, and panics if it hangs.
fn run<T>(test: impl Future<Output = T>) -> T {
    runtime().block_on(async { timeout(WATCHDOG, test).await.expect("it hangs") })
}

#[test]
fn rejection_in_1000_tasks_causes_one_refresh() {
    let server = server();
    run(async {
        let tokens = TokenSource::spawn(&Transport::new(), refresher(&server));
        let first = tokens.token().await.unwrap();
        server.with(|fake| fake.restart(Which::Claimed));
        let barrier = Arc::new(Barrier::new(1000));
        let mut tasks = JoinSet::new();
        for _ in 0..1000 {
            let (tokens, barrier) = (tokens.clone(), Arc::clone(&barrier));
            tasks.spawn(async move {
                let token = tokens.token().await.unwrap();
                barrier.wait().await;
                tokens.rejected(&token);
                (token, tokens.token().await.unwrap())
            });
        }
        let all = tasks.join_all().await;
        let second = tokens.token().await.unwrap();
        assert_ne!(first.expose(), second.expose());
        for (before, after) in all {
            assert_eq!((before.expose(), after.expose()), (first.expose(), second.expose()));
        }
    });
    assert_eq!(transient_requests(&server), 2);
}

#[test]
fn token_is_handed_out_after_its_save() {
    let server = server();
    run(async {
        let (start, mut started) = mpsc::unbounded_channel();
        let (release, released) = mpsc::unbounded_channel::<Result<(), &'static str>>();
        let released = Arc::new(tokio::sync::Mutex::new(released));
        let (give, given) = mpsc::unbounded_channel::<TokenSource>();
        let given = Arc::new(tokio::sync::Mutex::new(given));
        let save = move |_: Secret| {
            let (start, released, given) = (start.clone(), released.clone(), given.clone());
            async move {
                let source = given.lock().await.recv().await.unwrap();
                start.send(source.token().await).unwrap();
                released.lock().await.recv().await.unwrap()
            }
        };
        let tokens = TokenSource::spawn_with_save(&Transport::new(), refresher(&server), save);
        give.send(tokens.clone()).unwrap();
        let in_callback = started.recv().await.unwrap();
        assert!(matches!(in_callback, Err(TokenError::BeingSaved)), "{in_callback:?}");

        // Another task waits until the save has ended.
        let waiting = tokio::spawn(tokens.token());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "a token before its save");
        release.send(Err("disk full")).unwrap();
        let first = waiting.await.unwrap().unwrap();
        let status = tokens.status();
        assert_eq!(status.save_error().unwrap().source().unwrap().to_string(), "disk full");

        tokens.rejected(&first);
        give.send(tokens.clone()).unwrap();
        assert!(started.recv().await.unwrap().is_err());
        release.send(Ok(())).unwrap();
        tokens.token().await.unwrap();
        assert!(tokens.status().save_error().is_none());
    });
}

#[test]
fn panicking_save_is_survived() {
    let server = server();
    run(async {
        for at_once in [true, false] {
            let save = move |_: Secret| {
                assert!(!at_once, "the test's panic");
                async {
                    tokio::task::yield_now().await;
                    panic!("the test's panic");
                    #[expect(unreachable_code, reason = "it names the error's type")]
                    Ok::<(), String>(())
                }
            };
            let tokens = TokenSource::spawn_with_save(&Transport::new(), refresher(&server), save);
            tokens.token().await.unwrap();
            let status = tokens.status();
            let error = status.save_error().unwrap().source().unwrap().to_string();
            assert!(error.contains("panicked"), "{error}");
        }
    });
}

#[test]
fn shutdown_and_dropping_end_the_task() {
    let server = server();
    server.with(|fake| fake.misbehave("/security/token", Misbehavior::answer(503, "", "")));
    run(async {
        let (tokens, run) = TokenSource::new(&Transport::new(), refresher(&server));
        let (run, waiting) = (tokio::spawn(run), tokio::spawn(tokens.token()));
        tokio::task::yield_now().await;
        tokens.shutdown();
        assert!(matches!(waiting.await.unwrap(), Err(TokenError::ShutDown)));
        run.await.unwrap();

        let (tokens, run) = TokenSource::new(&Transport::new(), refresher(&server));
        let run = tokio::spawn(run);
        tokio::task::yield_now().await;
        drop(tokens);
        run.await.unwrap();

        let (tokens, run) = TokenSource::new(&Transport::new(), refresher(&server));
        let waiting = tokio::spawn(tokens.token());
        tokio::task::yield_now().await;
        drop(run);
        assert!(matches!(waiting.await.unwrap(), Err(TokenError::Stopped)));
    });
}

#[test]
fn shutdown_does_not_wait_for_a_hanging_save() {
    let server = server();
    run(async {
        let (start, mut started) = mpsc::unbounded_channel();
        let save = move |_: Secret| {
            start.send(()).unwrap();
            pending::<Result<(), String>>()
        };
        let tokens = TokenSource::spawn_with_save(&Transport::new(), refresher(&server), save);
        started.recv().await.unwrap();
        let waiting = tokio::spawn(tokens.token());
        tokens.shutdown();
        assert!(matches!(waiting.await.unwrap(), Err(TokenError::ShutDown)));
    });
}

#[test]
fn shutdown_lets_a_running_save_finish() {
    let server = server();
    run(async {
        let (start, mut started) = mpsc::unbounded_channel();
        let (finish, mut finished) = mpsc::unbounded_channel();
        let (release, released) = mpsc::unbounded_channel::<()>();
        let released = Arc::new(tokio::sync::Mutex::new(released));
        let save = move |_: Secret| {
            let (start, finish, released) = (start.clone(), finish.clone(), Arc::clone(&released));
            async move {
                start.send(()).unwrap();
                released.lock().await.recv().await.unwrap();
                finish.send(()).unwrap();
                Ok::<(), String>(())
            }
        };
        let (tokens, run) = TokenSource::with_save(&Transport::new(), refresher(&server), save);
        let mut run = pin!(run);
        tokio::select! {
            () = &mut run => panic!("ended before the shutdown"),
            _ = started.recv() => {}
        }
        tokens.shutdown();
        let is_waiting = poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await;
        assert!(is_waiting, "the save was dropped");
        release.send(()).unwrap();
        run.await;
        assert!(finished.try_recv().is_ok(), "the state is half written");
    });
}

/// Two refreshers, each of which requests a save, combined into one flow.
struct Two {
    flows: [DeviceTokenRefresher<Ed25519Key>; 2],
    completed: mpsc::UnboundedSender<bool>,
}

impl Flow for Two {
    type Output = DeviceTokenEnd;

    fn poll(&mut self, now: Now) -> Step<DeviceTokenEnd> {
        match self.flows[0].poll(now) {
            Step::Wait(_) => self.flows[1].poll(now),
            step => step,
        }
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        let is_cancelled = matches!(completion, Completion::Cancelled);
        self.completed.send(is_cancelled).unwrap();
        for flow in &mut self.flows {
            flow.complete(
                now,
                id,
                if is_cancelled { Completion::Cancelled } else { Completion::Saved(Ok(())) },
            );
        }
    }
}

impl Refresher for Two {
    fn current(&self, _: Now) -> Option<HeldToken> {
        None
    }

    fn rejected(&mut self, _: Now, _: &Token) {}

    fn revision(&self) -> u64 {
        0
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::plex_tv()
    }

    fn enable_saving(&mut self) {}
}

#[test]
fn second_save_in_flight_is_cancelled() {
    let server = server();
    run(async {
        let (release, released) = oneshot::channel();
        let mut released = Some(released);
        let save = move |_: Secret| {
            let released = released.take().expect("two saves at once");
            async move { released.await.map_err(|_| "dropped") }
        };
        let (completed, mut completions) = mpsc::unbounded_channel();
        let flows = [1, 2].map(|seed| {
            let token = Token::new("unknown-t0k3n").unwrap();
            let key = Ed25519Key::from_seed(&[seed; 32]);
            plex_tv_at(server.url()).device_token_refresher(key, token).save_through_driver()
        });
        let refresher = Two { flows, completed };
        let _tokens = TokenSource::spawn_with_save(&Transport::new(), refresher, save);
        assert_eq!(completions.recv().await, Some(true));
        release.send(()).unwrap();
        assert_eq!(completions.recv().await, Some(false));
    });
}

#[test]
fn source_without_a_runtime_is_stopped() {
    let server = server();
    let tokens = TokenSource::spawn(&Transport::new(), refresher(&server));
    let error = runtime().block_on(tokens.token());
    assert!(matches!(error, Err(TokenError::Stopped)), "{error:?}");
}

#[test]
fn call_is_sent_twice_only_if_refused() {
    let server = server();
    run(async {
        let http = Transport::new();
        let tokens = TokenSource::spawn(&http, refresher(&server));
        for (status, requests, refreshes) in [(502, 1, 1), (403, 1, 1), (401, 2, 2)] {
            server.with(|fake| {
                fake.behave();
                fake.misbehave("/own", Misbehavior::answer(status, "", "").times(1));
            });
            let before = server.with(|fake| fake.seen("POST", "/own"));
            let call = |token: &_| own_call(server.url(), Host::MediaServer, token);
            let _ = tokens.send(&http, call).await;
            let after = server.with(|fake| fake.seen("POST", "/own"));
            assert_eq!(after - before, requests, "{status}");
            assert_eq!(transient_requests(&server), refreshes, "{status}");
        }
    });
}

#[test]
fn fixed_token_that_was_rejected_is_an_error() {
    let server = server();
    let plex_tv = plex_tv_at(&format!("{}/api/v2", server.url()));
    run(async {
        let http = Transport::new();
        let fixed = plex_tv.fixed_token("unknown-t0k3n".parse().unwrap());
        let tokens = TokenSource::spawn(&http, fixed);
        let sent = tokens.send(&http, |token| plex_tv.token_details(token)).await;
        assert!(sent.is_err());
        assert!(matches!(tokens.token().await, Err(TokenError::Rejected)));
        assert_eq!(server.with(|fake| fake.seen("GET", "/user")), 1);
    });
}
