//! The `Retry-After` header of a rate limit response. Each line of the input is one header value:
//! seconds, a date, or neither.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use plex_auth_fuzz::{TOKEN_DETAILS, check_error};
use plex_auth_proto::error::RetryAfter;
use plex_auth_proto::http::header::{HeaderValue, RETRY_AFTER};
use plex_auth_proto::http::{Response, StatusCode};

fuzz_target!(|data: &[u8]| {
    let values: Vec<_> = data
        .split(|byte| *byte == b'\n')
        .filter_map(|line| HeaderValue::from_bytes(line).ok())
        .collect();
    let found = read(&values);
    let seconds = match values.as_slice() {
        [value] => value.to_str().ok().map(str::trim).filter(|text| is_digits(text)),
        _ => None,
    };
    match (seconds, found) {
        (Some(seconds), found) => {
            let wait = seconds.parse().ok().map(Duration::from_secs);
            assert_eq!(found, wait.map(RetryAfter::In));
        }
        (None, Some(RetryAfter::At(moment))) => {
            // The same moment in the preferred date format must be read as the same value.
            let date = httpdate::fmt_http_date(moment);
            let date = HeaderValue::try_from(date).expect("a date is a header's value");
            assert_eq!(read(&[date]), found);
        }
        (None, found) => assert_eq!(found, None),
    }
    if let Some(found) = found {
        check_wait(found, data.len() as u64);
    }
});

fn read(values: &[HeaderValue]) -> Option<RetryAfter> {
    let mut answer = Response::new("");
    *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    for value in values {
        answer.headers_mut().append(RETRY_AFTER, value.clone());
    }
    let error = TOKEN_DETAILS.parse(&answer).expect_err("429 is an error");
    check_error(&error, &answer);
    assert!(error.is_retryable());
    error.retry_after()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_wait(found: RetryAfter, seconds: u64) {
    let distance = Duration::from_secs(seconds);
    match found {
        RetryAfter::In(wait) => assert_eq!(found.wait(SystemTime::UNIX_EPOCH), wait),
        RetryAfter::At(moment) => {
            assert_eq!(found.wait(moment), Duration::ZERO);
            assert_eq!(found.wait(moment + distance), Duration::ZERO);
            assert_eq!(found.wait(moment - distance), distance);
        }
        _ => panic!("unknown kind: {found:?}"),
    }
}
