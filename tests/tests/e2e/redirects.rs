//! A redirect is never followed: the token would go along.

use plex_auth_fake::{Authority, FakePlex, Misbehaviour, Server};
use plex_auth_proto::ResponseError;
use plex_auth_proto::http::Response;

use crate::harness::{Harness, over_every_client, over_every_own_client};
use plex_auth_tests::every_operation::{every_operation, one_of_each_kind};

/// The answer points to a second server in every way that there is; none gets there.
fn is_not_followed(harness: &Harness) {
    let elsewhere = Server::http(FakePlex::new());
    let encrypted = Server::https(FakePlex::new(), Authority::new().good());
    let bare = elsewhere.url().trim_start_matches("http:").to_owned();
    let places = [
        (Some(format!("{}/user?x=1", elsewhere.url())), Some(elsewhere.url().to_owned())),
        (Some(format!("{}/user", encrypted.url())), Some(encrypted.url().to_owned())),
        (Some(format!("{bare}/user")), Some(format!("{}:{bare}", harness.scheme()))),
        (Some("/user".to_owned()), Some(harness.url().to_owned())),
        (Some("../user".to_owned()), Some(harness.url().to_owned())),
        (Some("http://[::".to_owned()), None),
        (None, None),
    ];
    for status in [301, 302, 303, 307, 308] {
        for (location, to) in &places {
            // A temporary redirect keeps the method and the body: every operation has that one.
            let operations = if status == 307 { every_operation() } else { one_of_each_kind() };
            for every in operations {
                harness.fake(|fake| {
                    fake.behave();
                    fake.forget_requests();
                    fake.misbehave(&every.path(), redirect(status, location.as_deref()));
                });
                let error = harness.ask(&every).expect_err("no success");
                let Some(ResponseError::Redirected { to: found, .. }) = error.as_response() else {
                    panic!("{status} to {location:?}: {error:?}");
                };
                assert_eq!(found.as_ref().map(ToString::to_string), *to, "{location:?}");
                let asked = harness.fake(|fake| fake.requests().len());
                assert_eq!(asked, 1, "{status} to {location:?}");
            }
        }
    }
    assert_eq!((elsewhere.connections(), encrypted.connections()), (0, 0));
}

fn redirect(status: u16, location: Option<&str>) -> Misbehaviour {
    match location {
        Some(location) => Misbehaviour::redirect(status, location),
        None => {
            let answer = Response::builder().status(status).body(Vec::new());
            Misbehaviour::respond(answer.unwrap())
        }
    }
}

#[test]
fn not_by_the_transports_as_they_come() {
    over_every_client(is_not_followed);
}

#[test]
fn not_over_a_callers_own_client_that_follows() {
    over_every_own_client(is_not_followed);
}
