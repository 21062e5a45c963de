//! Measures both transports' token sources against a fake Plex over a socket.
//!
//! `cargo bench -p plex-auth-tests --bench token_source` prints the time that it takes to read the
//! token, to get a new token after a rejection, and to end a caller's wait by shutting down.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use plex_auth_fake::{FakePlex, Misbehavior, Server, Who};
use plex_auth_proto::flow::TransientTokenRefresher;
use plex_auth_proto::{ClientIdentity, MediaServer, Token};
use plex_auth_tests::carrier::runtime;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const READS: u32 = 100_000;

// The refresher sends at most one request per second.
const PAUSE: Duration = Duration::from_secs(2);

fn main() -> Outcome<()> {
    println!("plex-auth-ureq");
    threads()?;
    println!("plex-auth-hyper");
    runtime().block_on(tasks())
}

fn refresher(server: &Server) -> Outcome<TransientTokenRefresher> {
    let token = Token::new(server.with(|fake| fake.account(Who::PlexPass).token().to_owned()))?;
    let identity = ClientIdentity::builder("benchmark").build()?;
    Ok(MediaServer::new(identity, server.url().parse()?, token).transient_token_refresher())
}

fn show(what: &str, time: Duration) {
    println!("  {what}: {time:?}");
}

fn threads() -> Outcome<()> {
    let server = Server::http(FakePlex::new());
    let http = plex_auth_ureq::Transport::new();
    let tokens = plex_auth_ureq::TokenSource::new(&http, refresher(&server)?);
    let token = tokens.token()?;
    let start = Instant::now();
    for _ in 0..READS {
        tokens.token()?;
    }
    show("one read", start.elapsed() / READS);
    thread::sleep(PAUSE);
    let start = Instant::now();
    tokens.rejected(&token);
    tokens.token()?;
    show("rejection to the next token, with one request", start.elapsed());

    server.with(|fake| fake.misbehave("/security/token", Misbehavior::answer(503, "", "")));
    let tokens = plex_auth_ureq::TokenSource::new(&http, refresher(&server)?);
    let (sender, receiver) = mpsc::channel::<()>();
    let waiting = tokens.clone();
    let thread = thread::spawn(move || {
        drop(sender);
        drop(waiting.token());
        Instant::now()
    });
    // The thread closes the channel as soon as it runs.
    assert!(receiver.recv().is_err(), "nothing is sent");
    let start = Instant::now();
    tokens.shutdown();
    let end = thread.join().map_err(|_| "the thread panicked")?;
    show("shutdown to the end of a wait", end.saturating_duration_since(start));
    Ok(())
}

async fn tasks() -> Outcome<()> {
    let server = Server::http(FakePlex::new());
    let http = plex_auth_hyper::Transport::new();
    let tokens = plex_auth_hyper::TokenSource::spawn(&http, refresher(&server)?);
    let token = tokens.token().await?;
    let start = Instant::now();
    for _ in 0..READS {
        tokens.token().await?;
    }
    show("one read", start.elapsed() / READS);
    tokio::time::sleep(PAUSE).await;
    let start = Instant::now();
    tokens.rejected(&token);
    tokens.token().await?;
    show("rejection to the next token, with one request", start.elapsed());

    server.with(|fake| fake.misbehave("/security/token", Misbehavior::answer(503, "", "")));
    let (tokens, run) = plex_auth_hyper::TokenSource::new(&http, refresher(&server)?);
    let run = tokio::spawn(run);
    let waiting = tokio::spawn(tokens.token());
    tokio::task::yield_now().await;
    let start = Instant::now();
    tokens.shutdown();
    drop(waiting.await?);
    run.await?;
    show("shutdown to the end of a wait and of the task", start.elapsed());
    Ok(())
}
