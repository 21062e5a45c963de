//! Redirects are never followed, because the token could be sent to another host.

use plex_auth_fake::{Authority, FakePlex, Misbehavior, Server};
use plex_auth_proto::ResponseError;
use plex_auth_proto::http::Response;
use plex_auth_tests::every_operation::{every_operation, one_of_each_kind};

use crate::harness::{Harness, over_every_client, over_every_own_client};

/// Answers requests with redirects that have various `Location` headers or none, and checks that no
/// redirect is followed.
fn is_not_followed(harness: &Harness) {
    let other = Server::http(FakePlex::new());
    let encrypted = Server::https(FakePlex::new(), Authority::new().good());
    let without_scheme = other.url().trim_start_matches("http:").to_owned();
    let with_scheme = format!("{}:{without_scheme}", harness.scheme());
    let locations = [
        (Some(format!("{}/user?x=1", other.url())), Some(other.url().to_owned())),
        (Some(format!("{}/user", encrypted.url())), Some(encrypted.url().to_owned())),
        (Some(format!("{without_scheme}/user")), Some(with_scheme)),
        (Some("/user".to_owned()), Some(harness.url().to_owned())),
        (Some("../user".to_owned()), Some(harness.url().to_owned())),
        (Some("http://[::".to_owned()), None),
        (None, None),
    ];
    for status in [301, 302, 303, 307, 308] {
        for (location, to) in &locations {
            // A 307 redirect keeps the method and the body, so it is checked with every operation.
            let operations = if status == 307 { every_operation() } else { one_of_each_kind() };
            for every in operations {
                harness.fake(|fake| {
                    fake.behave();
                    fake.forget_requests();
                    fake.misbehave(&every.path(), redirect(status, location.as_deref()));
                });
                let error = harness.send_operation(&every).expect_err("a redirect");
                let Some(ResponseError::Redirected { to: found, .. }) = error.as_response() else {
                    panic!("{status} to {location:?}: {error:?}");
                };
                let found = found.as_ref().map(|found| found.origin().to_string());
                assert_eq!(found, *to, "{location:?}");
                let requests = harness.fake(|fake| fake.requests().len());
                assert_eq!(requests, 1, "{status} to {location:?}");
            }
        }
    }
    assert_eq!((other.connections(), encrypted.connections()), (0, 0));
}

fn redirect(status: u16, location: Option<&str>) -> Misbehavior {
    match location {
        Some(location) => Misbehavior::redirect(status, location),
        None => {
            let response = Response::builder().status(status).body(Vec::new());
            Misbehavior::respond(response.unwrap())
        }
    }
}

#[test]
fn transports_follow_none() {
    over_every_client(is_not_followed);
}

#[test]
fn own_clients_follow_none() {
    over_every_own_client(is_not_followed);
}
