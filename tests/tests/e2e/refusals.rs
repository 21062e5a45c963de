//! What Plex, a media server or a proxy answers instead, over every carrier.

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Error, ResponseError};

use crate::harness::{Harness, over_every_carrier};
use plex_auth_tests::every_operation::{EveryOperation, Inputs, every_operation, one_of_each_kind};

const HTML: &str = "<html><head><title>Unauthorized</title><script>alert(1)</script></head>\
                    <body><h1>401 Unauthorized</h1></body></html>";

/// Sends every operation once, and returns the errors.
fn ask_everything(harness: &Harness, answer: impl Fn() -> Misbehaviour) -> Vec<Error> {
    ask_those(harness, every_operation(), answer)
}

/// Sends the operations that read something from a successful response, and returns the errors.
fn ask_with_output(harness: &Harness, answer: impl Fn() -> Misbehaviour) -> Vec<Error> {
    let mut operations = every_operation();
    operations.retain(|every| !every.has_no_output());
    ask_those(harness, operations, answer)
}

fn ask_those(
    harness: &Harness,
    operations: Vec<EveryOperation>,
    answer: impl Fn() -> Misbehaviour,
) -> Vec<Error> {
    let refused = |every: EveryOperation| {
        harness.fake(|fake| {
            fake.behave();
            fake.misbehave(&every.path(), answer());
        });
        harness.ask(&every).expect_err(every.operation.name)
    };
    operations.into_iter().map(refused).collect()
}

#[test]
fn the_status_decides_whatever_the_body_is() {
    let inputs = Inputs::at("https://plex.example");
    for (status, variant) in [
        (400, "BadRequest("),
        (401, "Unauthorized("),
        (403, "Forbidden("),
        (404, "Rejected("),
        (422, "Rejected("),
        (429, "RateLimited("),
        (498, "Unauthorized("),
        (500, "Unavailable("),
        (503, "Unavailable("),
        (302, "Redirected {"),
    ] {
        for (kind, body) in [
            ("application/json", r#"{"errors":[{"code":7,"message":"alert","status":401}]}"#),
            ("application/xml", "<errors><error code='7' message='alert'/></errors>"),
            ("text/html", HTML),
            ("application/json", HTML),
            ("text/plain", ""),
        ] {
            let response = Response::builder().status(status).header("content-type", kind);
            let response = response.body(body.into()).unwrap();
            for every in every_operation() {
                let answered = every.parse(&inputs, &response).unwrap_err();
                let shown = format!("{answered:?}");
                assert!(shown.starts_with(variant), "{status} {body}: {shown}");
                let error = Error::from(answered);
                assert_eq!(error.status().unwrap().as_u16(), status);
                assert!(!format!("{error} {error:?}").contains("alert"), "{error:?}");
            }
        }
    }
}

#[test]
fn a_page_with_status_200_is_no_answer_of_plexs() {
    over_every_carrier(|harness| {
        for (kind, body, content) in [
            ("text/html", "<html>Sign in to the hotel's network</html>", "an HTML page"),
            ("application/json", "<!DOCTYPE html><html></html>", "an HTML page"),
        ] {
            for error in ask_everything(harness, || Misbehaviour::answer(200, kind, body)) {
                assert!(error.to_string().ends_with(&format!("answered 200 with {content}")));
                assert!(!error.is_token_invalid(), "{error}");
            }
        }
        for (kind, body, content) in [
            ("application/json", "", "no body"),
            ("application/json", "{\"a\": tru", "broken JSON"),
            ("application/json", "{} {}", "broken JSON"),
            ("text/plain", "OK", "neither JSON nor XML"),
        ] {
            for error in ask_with_output(harness, || Misbehaviour::answer(200, kind, body)) {
                assert!(
                    error.to_string().ends_with(&format!("answered 200 with {content}")),
                    "{error}"
                );
                assert!(!error.is_token_invalid());
            }
        }
        for status in [201, 204] {
            for error in ask_with_output(harness, || Misbehaviour::answer(status, "text/plain", ""))
            {
                assert!(
                    error.to_string().ends_with(&format!("answered {status} with no body")),
                    "{error}"
                );
            }
        }
    });
}

#[test]
fn an_encoding_that_was_not_asked_for_is_named() {
    over_every_carrier(|harness| {
        let gzip = |status, body: &'static [u8]| {
            move || {
                Misbehaviour::answer(status, "application/json", body)
                    .header("content-encoding", "gzip")
            }
        };
        for error in ask_everything(harness, gzip(200, b"\x1f\x8b\x08\x00")) {
            assert!(error.to_string().ends_with("(gzip)"), "{error}");
        }
        for error in ask_everything(harness, gzip(401, b"\x1f\x8b\x08\x00")) {
            assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
        }
        for error in ask_with_output(harness, gzip(204, b"")) {
            assert!(error.to_string().ends_with("answered 204 with no body"), "{error}");
        }
    });
}

#[test]
fn an_answer_is_bounded_with_and_without_a_length() {
    over_every_carrier(|harness| {
        let large = || Misbehaviour::answer(200, "application/json", vec![b' '; 2 * 1024 * 1024]);
        for error in ask_those(harness, one_of_each_kind(), large) {
            assert!(
                matches!(
                    error.as_response(),
                    Some(ResponseError::BodyTooLarge { limit: 1_048_576, .. })
                ),
                "{error}"
            );
        }
        let refusal = || Misbehaviour::answer(401, "text/html", vec![b' '; 2 * 1024 * 1024]);
        for error in ask_those(harness, one_of_each_kind(), refusal) {
            assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
        }
    });
}

#[test]
fn after_ten_wrong_passwords_plex_says_stop() {
    over_every_carrier(|harness| {
        let wrong = plex_auth_proto::Credentials::new("tariq", "wrong").unwrap();
        for _ in 0..10 {
            let error = harness.sign_in(&wrong).unwrap_err();
            assert!(matches!(error.as_response(), Some(ResponseError::Unauthorized(_))), "{error}");
        }
        let error = harness.sign_in(&harness.credentials(Who::Free)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::TooManyFailures(_))), "{error}");
        assert!(!error.is_retryable());
    });
}

#[test]
fn an_account_without_a_password_says_how_it_signs_in() {
    over_every_carrier(|harness| {
        let login =
            harness.fake(|fake| fake.account(Who::EmailOnly).login().map(str::to_owned)).unwrap();
        let credentials = plex_auth_proto::Credentials::new(login, "any").unwrap();
        let error = harness.sign_in(&credentials).unwrap_err();
        assert!(error.to_string().contains("signs in by e-mail only"), "{error}");
    });
}
