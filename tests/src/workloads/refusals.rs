//! Turning responses to a sign-in into errors.

use std::hint::black_box;

use plex_auth_baseline::account::Account;
use plex_auth_baseline::answer;
use plex_auth_proto::http::header::{LOCATION, RETRY_AFTER};
use plex_auth_proto::http::{HeaderName, HeaderValue, Response};

use super::answers::{ACCOUNT, response, sign_in};
use super::{Kind, Ready, Work};
use crate::table::Limit;

type Answer = Response<Vec<u8>>;

const GATEWAY_PAGE: &str = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n\
    <body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n\
    <hr><center>nginx</center>\r\n</body>\r\n</html>";

const PORTAL_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Welcome aboard</title>\
    <meta charset=\"utf-8\"></head>\n<body><form method=\"post\" action=\"/login\">\
    <input name=\"room\"><input type=\"submit\"></form></body></html>";

pub(crate) fn all() -> Vec<Work> {
    vec![
        error("BadRequest", 1.55, || listed(400, 1000, "X-Plex-Client-Identifier is missing")),
        error("Unauthorized", 1.55, || listed(401, 1001, "User could not be authenticated")),
        error("VerificationCodeRequired", 1.55, || {
            listed(401, 1029, "Please enter the verification code")
        }),
        error("VerificationCodeRejected", 1.55, || listed(401, 1028, "Invalid verification code")),
        error("EmailOnly", 1.55, || listed(401, 1030, "This account uses email sign-in")),
        error("TooManyFailures", 1.55, || listed(401, 1031, "Too many failed attempts")),
        error("Forbidden", 1.55, || listed(403, 1009, "Not for managed users")),
        error("RateLimited", 1.55, || {
            with(listed(429, 1003, "Too many requests"), RETRY_AFTER, "120")
        }),
        error("Unavailable, a gateway's page", 2.3, || response(503, GATEWAY_PAGE)),
        error("Rejected", 1.55, || listed(404, 1002, "No such endpoint")),
        error("Redirected", 9.0, || {
            with(response(302, ""), LOCATION, "https://www.plex.example/api/v2/user")
        }),
        error("UnexpectedContent, a page", 8.5, || response(200, PORTAL_PAGE)),
        error("UnexpectedContent, cut off", 1.42, || response(200, ACCOUNT.split_at(4000).0)),
        error("UnexpectedShape, small", 1.35, || {
            response(201, r#"{"id":7,"username":"mireille"}"#)
        }),
        error("UnexpectedShape, 9 kB", 1.0, || response(201, ACCOUNT.replace("authToken", "x"))),
        error("BodyTooLarge", 12.0, || response(200, vec![b' '; 1024 * 1024 + 1])),
    ]
}

fn error(name: &str, limit: f64, answer: fn() -> Answer) -> Work {
    let variant = name.split(',').next().unwrap_or_default().to_owned();
    let ours = move || {
        let (reply, answer) = (sign_in(), answer());
        let error = format!("{:?}", reply.parse(&answer).unwrap_err());
        assert!(error.starts_with(&variant), "{error} is not {variant}");
        Ready::to(answer.body().len(), move || black_box(&reply).parse(black_box(&answer)))
    };
    let baseline = move || {
        let answer = answer();
        answer::read::<Account>(&answer).unwrap_err();
        Ready::to(answer.body().len(), move || answer::read::<Account>(black_box(&answer)))
    };
    Work {
        name: format!("error: {name}"),
        kind: Kind::Refusal,
        ours: Box::new(ours),
        baseline: Box::new(baseline),
        limit: Limit::Times(limit),
    }
}

fn listed(status: u16, code: u32, message: &str) -> Answer {
    let entry = format!(r#"{{"code":{code},"message":"{message}","status":{status}}}"#);
    response(status, format!(r#"{{"errors":[{entry}]}}"#))
}

fn with(mut answer: Answer, name: HeaderName, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}
