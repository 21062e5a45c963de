//! Any answer to any call: an error says what the status and Plex's codes say, in one line without a secret, and
//! says the same of as much of the body as a carrier must read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{
    OWN, SIGN_IN, SOURCE, TOKEN_DETAILS, TRANSIENT_TOKEN, answer, check_error,
};
use plex_auth_proto::http::Response;
use plex_auth_proto::{Error, Reply};

fuzz_target!(|data: &[u8]| {
    let answer = answer(data);
    let limit = 64 + data.len() % 64;
    check(&SIGN_IN, &answer, limit);
    check(&TOKEN_DETAILS, &answer, limit);
    check(&TRANSIENT_TOKEN, &answer, limit);
    check(&SOURCE, &answer, limit);
    check(&OWN, &answer, limit);
});

fn check<T>(reply: &Reply<T>, answer: &Response<Vec<u8>>, _limit: usize) {
    let error = reply.parse(answer).err();
    assert!(error.is_some() || answer.status().is_success());
    if let Some(error) = &error {
        check_error(error, answer);
    }
    let seen = reply.body_limit(answer.status(), answer.headers());
    if seen < answer.body().len() {
        let cut = answer.clone().map(|body| body[..seen].to_vec());
        assert_eq!(line(reply.parse(&cut).err()), line(error));
    }
}

fn line(error: Option<Error>) -> Option<String> {
    error.map(|error| error.to_string())
}
