//! The token source of plex-auth-ureq.

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use plex_auth_fake::{Misbehavior, Server, Which, Who};
use plex_auth_proto::flow::{Now, TransientTokenRefresher};
use plex_auth_proto::jwt::Ed25519Key;
use plex_auth_proto::token_source::{TokenError, TokenSendError};
use plex_auth_proto::{Host, MediaServer, Secret, Token};
use plex_auth_ureq::{TokenSource, Transport};

use super::{INVALID, WATCHDOG, media_server, own_call, server};
use crate::harness::plex_tv_at;

fn refresher(server: &Server) -> TransientTokenRefresher {
    media_server_of(server).transient_token_refresher()
}

fn media_server_of(server: &Server) -> MediaServer {
    server.with(|fake| media_server(fake, server.url()))
}

fn transient_requests(server: &Server) -> usize {
    server.with(|fake| fake.seen("POST", "/security/token"))
}

/// The channels through which a test controls a `save` callback. The callback requests the token
/// from the token source, and then waits to be released.
struct SlowSave {
    started: Receiver<Result<Token, TokenError>>,
    release: Sender<()>,
    source: Sender<TokenSource>,
}

fn slow_save() -> (SlowSave, impl FnMut(&Secret) -> Result<(), io::Error> + Send + 'static) {
    let ((start, started), (release, released)) = (mpsc::channel(), mpsc::channel());
    let (source, sources) = mpsc::channel::<TokenSource>();
    let mut own = None;
    let save = move |_: &Secret| {
        let source = own.get_or_insert_with(|| sources.recv().unwrap());
        let _ = start.send(source.token());
        let _ = released.recv();
        Ok(())
    };
    (SlowSave { started, release, source }, save)
}

#[test]
fn rejection_in_64_threads_causes_one_refresh() {
    let server = server();
    let media_server = media_server_of(&server);
    let http = Transport::new();
    let tokens = TokenSource::new(&http, media_server.transient_token_refresher());
    let first = tokens.token().unwrap();
    server.with(|fake| fake.restart(Which::Claimed));
    let barrier = Barrier::new(64);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut number = 0;
                let sent = tokens.send(&http, |token| {
                    number += 1;
                    if number == 1 {
                        // All threads have the token before the first one rejects it.
                        assert_eq!(token.expose(), first.expose());
                        barrier.wait();
                    }
                    media_server.address().clone().with_token(token.clone()).root()
                });
                sent.unwrap();
                assert_eq!(number, 2);
            });
        }
    });
    assert_eq!(transient_requests(&server), 2);
    assert_eq!(tokens.status().revision(), 2);
}

#[test]
fn hanging_save_does_not_block_readers() {
    let server = server();
    let elapsed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&elapsed);
    let http = Transport::new().clock(move || {
        let elapsed = Duration::from_secs(clock.load(Ordering::SeqCst));
        Now::new(elapsed, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + elapsed)
    });
    let refresher = refresher(&server);
    let (slow, save) = slow_save();
    let tokens = TokenSource::with_save(&http, refresher.max_wait(Duration::ZERO), save);
    slow.source.send(tokens.clone()).unwrap();

    let in_callback = slow.started.recv_timeout(WATCHDOG).unwrap();
    assert!(matches!(in_callback, Err(TokenError::BeingSaved)), "{in_callback:?}");
    let early = tokens.token_within(Duration::ZERO);
    assert!(matches!(early, Err(TokenError::TimedOut)), "a token before its save: {early:?}");
    slow.release.send(()).unwrap();
    let first = tokens.token_within(WATCHDOG).unwrap();

    // The token is renewed before it expires, and the save hangs.
    elapsed.store(47 * 3600 + 1, Ordering::SeqCst);
    let in_callback = slow.started.recv_timeout(WATCHDOG).unwrap();
    assert_eq!(in_callback.unwrap().expose(), first.expose());
    assert_eq!(tokens.token().unwrap().expose(), first.expose());
    tokens.rejected(&first);
    assert!(matches!(tokens.token_within(Duration::ZERO), Err(TokenError::TimedOut)));
    slow.release.send(()).unwrap();
    let second = tokens.token_within(WATCHDOG).unwrap();
    assert_ne!(second.expose(), first.expose());
    assert_eq!(transient_requests(&server), 2);

    // Shut down while the third save hangs.
    elapsed.store(95 * 3600, Ordering::SeqCst);
    slow.started.recv_timeout(WATCHDOG).unwrap().unwrap();
    tokens.shutdown();
    assert!(matches!(tokens.token(), Err(TokenError::ShutDown)));
}

#[test]
fn failing_and_panicking_save_is_reported() {
    for panics in [false, true] {
        let server = server();
        let refresher = refresher(&server);
        let saves = Arc::new(Mutex::new(0));
        let count = Arc::clone(&saves);
        let save = move |_: &Secret| {
            let mut saves = count.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            *saves += 1;
            match (*saves, panics) {
                (1, true) => panic!("the test's panic"),
                (1, false) => Err("disk full"),
                _ => Ok(()),
            }
        };
        let tokens = TokenSource::with_save(&Transport::new(), refresher, save);
        let token = tokens.token().unwrap();
        let error = tokens.status().save_error().unwrap().source().unwrap().to_string();
        assert_eq!(error.contains("panicked"), panics, "{error}");
        assert_eq!(error == "disk full", !panics, "{error}");
        // The next token is saved.
        tokens.rejected(&token);
        tokens.token().unwrap();
        assert!(tokens.status().save_error().is_none());
    }
}

#[test]
fn key_is_registered_only_if_the_state_is_saved() {
    let server = server();
    let plex_tv = plex_tv_at(&format!("{}/api/v2", server.url()));
    let http = Transport::new();
    let register = || {
        let old = Token::new(server.with(|fake| fake.issue_token(Who::PlexPass))).unwrap();
        plex_tv.register_device(Ed25519Key::from_seed(&[3; 32]), old)
    };
    let tokens = TokenSource::with_save(&http, register(), |_| Err("disk full"));
    let error = tokens.token().unwrap_err();
    assert!(matches!(error, TokenError::Ended(_)), "{error:?}");
    assert_eq!(server.with(|fake| fake.requests().len()), 0);

    let saved = Arc::new(Mutex::new(Vec::new()));
    let states = Arc::clone(&saved);
    let tokens = TokenSource::with_save(&http, register(), move |state| {
        states.lock().unwrap().push(state.expose().to_owned());
        Ok::<(), io::Error>(())
    });
    let token = tokens.token().unwrap();
    tokens.send(&http, |token| plex_tv.token_details(token)).unwrap();
    let saved = saved.lock().unwrap();
    assert_eq!(saved.len(), 2);
    assert!(!saved[0].contains(token.expose()) && saved[1].contains(token.expose()));
}

#[test]
fn shutdown_ends_waiting_threads() {
    let server = server();
    server.with(|fake| fake.misbehave("/security/token", Misbehavior::answer(503, "", "")));
    let tokens = TokenSource::new(&Transport::new(), refresher(&server));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..8 {
            let (tokens, sender) = (&tokens, sender.clone());
            scope.spawn(move || {
                sender.send(None).unwrap();
                sender.send(Some(tokens.token())).unwrap();
            });
        }
        let wait = || receiver.recv_timeout(WATCHDOG).unwrap();
        let mut outcomes: Vec<_> = (0..8).map(|_| wait()).collect();
        tokens.shutdown();
        outcomes.extend((0..8).map(|_| wait()));
        let ended = outcomes.into_iter().flatten();
        assert_eq!(ended.filter(|ended| matches!(ended, Err(TokenError::ShutDown))).count(), 8);
    });
}

#[test]
fn thread_ends_with_the_last_clone_or_shutdown() {
    for is_dropped in [false, true] {
        let server = server();
        // When the thread ends, the callback is dropped, and the sender with it.
        let (sender, receiver) = mpsc::channel::<()>();
        let save = move |_: &Secret| {
            let _ = &sender;
            Ok::<(), io::Error>(())
        };
        let tokens = TokenSource::with_save(&Transport::new(), refresher(&server), save);
        drop(tokens.clone());
        tokens.token().expect("a dropped clone ended the token source");
        if is_dropped {
            drop(tokens);
        } else {
            tokens.shutdown();
        }
        assert_eq!(receiver.recv_timeout(WATCHDOG), Err(RecvTimeoutError::Disconnected));
    }
}

#[test]
fn call_is_sent_twice_only_if_refused() {
    let server = server();
    let media_server = media_server_of(&server);
    let http = Transport::new();
    let tokens = TokenSource::new(&http, media_server.transient_token_refresher());
    let send = || tokens.send(&http, |token| own_call(server.url(), Host::MediaServer, token));
    for (status, requests, refreshes) in [(502, 1, 1), (403, 1, 1), (401, 2, 2)] {
        server.with(|fake| {
            fake.behave();
            fake.misbehave("/own", Misbehavior::answer(status, "", "").times(1));
        });
        let before = server.with(|fake| fake.seen("POST", "/own"));
        let _ = send();
        let after = server.with(|fake| fake.seen("POST", "/own"));
        assert_eq!(after - before, requests, "{status}");
        assert_eq!(transient_requests(&server), refreshes, "{status}");
    }
}

#[test]
fn fixed_token_ends_only_if_its_issuer_rejects_it() {
    let server = server();
    let plex_tv = plex_tv_at(&format!("{}/api/v2", server.url()));
    let http = Transport::new();
    let account = Token::new(server.with(|fake| fake.issue_token(Who::PlexPass))).unwrap();
    let tokens = TokenSource::new(&http, plex_tv.fixed_token(account));
    server.with(|fake| fake.misbehave("/own", Misbehavior::answer(401, "", INVALID)));

    let error = tokens.send(&http, |token| own_call(server.url(), Host::MediaServer, token));
    assert!(matches!(error, Err(TokenSendError::Call(_))), "{error:?}");
    tokens.token().expect("a media server's 401 made the account's token invalid");

    let error = tokens.send(&http, |token| own_call(server.url(), Host::PlexTv, token));
    assert!(matches!(error, Err(TokenSendError::Call(error)) if error.is_token_invalid()));
    assert!(matches!(tokens.token(), Err(TokenError::Rejected)));
    let error = tokens.send(&http, |token| own_call(server.url(), Host::PlexTv, token));
    assert!(matches!(error, Err(TokenSendError::Token(TokenError::Rejected))), "{error:?}");
    assert_eq!(server.with(|fake| fake.seen("POST", "/own")), 2);
}
