//! Any response to a call: the error matches the status and Plex's codes, is one line without a
//! secret, and is the same if only the part of the body that a sender must read has arrived.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{
    OWN, SHORT_TOKEN_DETAILS, SIGN_IN, SOURCE, TOKEN_DETAILS, TRANSIENT_TOKEN, answer, check_error,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Reply, ResponseError};

fuzz_target!(|data: &[u8]| {
    let answer = answer(data);
    match data.len() % 6 {
        0 => check(&SIGN_IN, &answer),
        1 => check(&TOKEN_DETAILS, &answer),
        2 => check(&SHORT_TOKEN_DETAILS, &answer),
        3 => check(&TRANSIENT_TOKEN, &answer),
        4 => check(&SOURCE, &answer),
        _ => check(&OWN, &answer),
    }
});

fn check<T>(reply: &Reply<T>, answer: &Response<Vec<u8>>) {
    let error = reply.parse(answer).err();
    assert!(error.is_some() || answer.status().is_success());
    if let Some(error) = &error {
        check_error(error, answer);
    }
    let worth_reading = reply.body_limit(answer.status(), answer.headers());
    if worth_reading < answer.body().len() {
        let read = answer.clone().map(|body| body[..worth_reading].to_vec());
        assert_eq!(shown(reply.parse(&read).err()), shown(error));
    }
}

fn shown(error: Option<ResponseError>) -> Option<String> {
    error.map(|error| error.to_string())
}
