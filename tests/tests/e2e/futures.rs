//! The futures of the async transport: on another thread, dropped at any point, and without a
//! runtime.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use plex_auth_fake::{FakePlex, Server};
use plex_auth_hyper::Transport;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::flow::PinLoginError;
use plex_auth_proto::jwt::PlexKeys;
use plex_auth_proto::{Call, Error};
use plex_auth_tests::carrier::runtime;
use plex_auth_tests::dropped_after;

use crate::harness::{plex_tv_at, transport_error};

/// Returns a call that needs no token.
fn call(server: &Server) -> Call<PlexKeys> {
    plex_tv_at(&format!("{}/api/v2", server.url())).plex_keys()
}

#[test]
fn can_be_dropped_after_any_poll() {
    let server = Server::http(FakePlex::new());
    runtime().block_on(async {
        let transport = Transport::new();
        let mut polls = 1;
        while dropped_after(polls, transport.send(call(&server))).await.is_none() {
            transport.send(call(&server)).await.unwrap();
            polls += 1;
        }
        assert!(polls > 1, "the first poll was the last");
    });
}

#[test]
fn can_be_sent_and_outlives_its_transport() {
    let server = Server::http(FakePlex::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let tasks: Vec<_> = {
        let transport = Transport::new();
        (0..8).map(|_| runtime.spawn(transport.send(call(&server)))).collect()
    };
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap();
    }
}

#[test]
fn driven_flow_can_be_sent() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let mut login = plex_tv_at("https://plex.example").hosted_page_login();
    let transport = Transport::new();
    drop(is_send(transport.drive(&mut login)));
}

/// Polls a future once, outside of any runtime.
fn poll_once<T>(future: impl Future<Output = T>) -> T {
    let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the future waits");
    };
    output
}

fn is_not_started(error: &Error) {
    let error = transport_error(error);
    assert!(matches!(error.kind(), TransportErrorKind::NotStarted(_)), "{error}");
    assert!(!error.may_have_been_sent());
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let server = Server::http(FakePlex::new());
    let transport = Transport::new();
    is_not_started(&poll_once(transport.send(call(&server))).unwrap_err());
    let mut login = plex_tv_at(server.url()).link_code_login();
    let outcome = poll_once(transport.drive(&mut login));
    let Some(Err(PinLoginError::Failed(error))) = outcome else { panic!("{outcome:?}") };
    is_not_started(&error);
    assert_eq!(server.connections(), 0);
}

#[test]
fn shut_down_runtime_is_an_error() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let server = Server::http(FakePlex::new());
    for call in [call(&server), call(&server).own_connection()] {
        is_not_started(&handle.block_on(Transport::new().send(call)).unwrap_err());
    }
    assert_eq!(server.connections(), 0);
}
