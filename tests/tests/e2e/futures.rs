//! The async transport's futures: sent to other threads, dropped at any point, with and without a runtime.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use plex_auth_fake::{FakePlex, Server, Who};
use plex_auth_hyper::Transport;
use plex_auth_proto::error::TransportErrorKind as Reason;
use plex_auth_proto::{Account, Call, ClientIdentity, PlexTv, Token};
use plex_auth_tests::dropped_after;

use plex_auth_tests::carrier::runtime;

fn details(server: &Server) -> Call<Account> {
    let me = ClientIdentity::builder("id").build().unwrap();
    let token = Token::new(server.with(|fake| fake.account(Who::Free).token().to_owned())).unwrap();
    PlexTv::at(me, server.url().parse().unwrap()).token_details(&token)
}

#[test]
fn one_can_be_dropped_after_any_poll_and_nothing_is_left_broken() {
    let server = Server::http(FakePlex::new());
    runtime().block_on(async {
        let http = Transport::new();
        let mut polls = 1;
        while dropped_after(polls, http.send(details(&server))).await.is_none() {
            http.send(details(&server)).await.unwrap();
            polls += 1;
        }
        assert!(polls > 1, "the first poll was the last");
    });
}

#[test]
fn one_can_be_sent_to_another_thread_and_outlives_its_transport() {
    let server = Server::http(FakePlex::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let tasks: Vec<_> = {
        let http = Transport::new();
        (0..8).map(|_| runtime.spawn(http.send(details(&server)))).collect()
    };
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap();
    }
}

#[test]
fn without_a_runtime_it_is_an_error_and_no_panic() {
    let server = Server::http(FakePlex::new());
    let future = Transport::new().send(details(&server));
    let mut future = pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(outcome) = future.as_mut().poll(&mut context) else {
        panic!("it waits for ever")
    };
    let error = outcome.unwrap_err();
    let transport_error = error.as_transport().unwrap();
    assert!(matches!(transport_error.kind(), Reason::NotStarted(_)), "{error}");
    assert!(!transport_error.may_have_been_sent());
    assert_eq!(server.connections(), 0);
}
