use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use http::{Request, Response};

use super::Outcome::{self, NotSent, Refused, Unknown};
use crate::error::{Error, ResponseError, TransportErrorKind};
use crate::pin::PinId;
use crate::{Call, ClientIdentity, Credentials, Host, MediaServer, PlexTv, Token};

/// Gives every variant a name, and declares a list of all names. The code does not compile if a new
/// variant has no name, and the test fails if a variant has no row.
macro_rules! variants {
    ($($variant:pat => $name:literal,)*) => {
        const VARIANTS: &[&str] = &[$($name),*];

        fn variant(error: &Error) -> &'static str {
            match error {
                $($variant => $name,)*
            }
        }
    };
}

variants! {
    Error::Transport(_) => "Transport",
    Error::Response(ResponseError::BadRequest(_)) => "BadRequest",
    Error::Response(ResponseError::Unauthorized(_)) => "Unauthorized",
    Error::Response(ResponseError::VerificationCodeRequired(_)) => "VerificationCodeRequired",
    Error::Response(ResponseError::VerificationCodeRejected(_)) => "VerificationCodeRejected",
    Error::Response(ResponseError::EmailOnly(_)) => "EmailOnly",
    Error::Response(ResponseError::TooManyFailures(_)) => "TooManyFailures",
    Error::Response(ResponseError::Forbidden(_)) => "Forbidden",
    Error::Response(ResponseError::RateLimited(_)) => "RateLimited",
    Error::Response(ResponseError::Unavailable(_)) => "Unavailable",
    Error::Response(ResponseError::Rejected(_)) => "Rejected",
    Error::Response(ResponseError::Redirected { .. }) => "Redirected",
    Error::Response(ResponseError::UnexpectedContent { .. }) => "UnexpectedContent",
    Error::Response(ResponseError::UnexpectedShape { .. }) => "UnexpectedShape",
    Error::Response(ResponseError::Mismatched { .. }) => "Mismatched",
    Error::Response(ResponseError::BodyTooLarge { .. }) => "BodyTooLarge",
}

/// The host that a request is for.
#[derive(Clone, Copy, Debug)]
enum To {
    PlexTv,
    PlexTvOverHttp,
    /// plex.tv, for a request that polls a PIN.
    Pin,
    MediaServer,
    /// No host, for a custom call without one.
    Own,
}
use To::{MediaServer as Server, Own, Pin, PlexTv as Tv, PlexTvOverHttp as TvOverHttp};

const PLEX: &str = r#"{"errors":[{"code":1001}]}"#;
const TEXT: &str = r#"{"error":"You appear to be having trouble"}"#;
const XML: &str = "<errors><error>Please sign in.</error></errors>";
const NOTHING_DONE: &str = r#"{"errors":[{"code":1013}]}"#;
const PAGE: &str = "<html><body><h1>No</h1></body></html>";
const HALF: &str = r#"{"errors":[{"code":10"#;
const NONE: &str = "";
/// A body longer than the limit that [`call`] sets.
const LARGE: &str = r#"{"authToken":"xyz-Abc_0123456789ab","username":"rosa","title":"Rosa"}"#;

const ROWS: &[(To, RangeInclusive<u16>, &str, Outcome)] = &[
    (Tv, 100..=199, NONE, Unknown),
    (Tv, 200..=299, PAGE, Unknown),
    (Tv, 200..=299, "{}", Unknown),
    (Tv, 200..=299, LARGE, Unknown),
    (Tv, 300..=303, PAGE, Refused),
    (Tv, 304..=304, NONE, Unknown),
    (Tv, 305..=399, PAGE, Refused),
    (Tv, 400..=499, PLEX, Refused),
    (Tv, 400..=499, TEXT, Refused),
    (Tv, 400..=499, XML, Refused),
    (Tv, 401..=401, r#"{"errors":[{"code":1028}]}"#, Refused),
    (Tv, 401..=401, r#"{"errors":[{"code":1029}]}"#, Refused),
    (Tv, 401..=401, r#"{"errors":[{"code":1030}]}"#, Refused),
    (Tv, 401..=401, r#"{"errors":[{"code":1031}]}"#, Refused),
    (Tv, 400..=428, PAGE, Unknown),
    (Tv, 400..=428, HALF, Unknown),
    (Tv, 400..=400, NONE, Unknown),
    (Tv, 401..=401, NONE, Refused),
    (Tv, 402..=428, NONE, Unknown),
    (Tv, 429..=429, PAGE, Refused),
    (Tv, 429..=429, NONE, Refused),
    (Tv, 430..=499, PAGE, Unknown),
    (Tv, 430..=497, NONE, Unknown),
    (Tv, 498..=498, NONE, Refused),
    (Tv, 499..=499, NONE, Unknown),
    (Tv, 500..=599, PAGE, Unknown),
    (Tv, 500..=599, PLEX, Unknown),
    (Tv, 500..=502, NOTHING_DONE, Unknown),
    (Tv, 503..=503, NOTHING_DONE, Refused),
    (Tv, 504..=599, NOTHING_DONE, Unknown),
    (Tv, 600..=999, PLEX, Unknown),
    (TvOverHttp, 400..=499, PLEX, Refused),
    (TvOverHttp, 400..=428, NONE, Unknown),
    (Pin, 200..=299, r#"{"id":8,"authToken":"xyz-Abc_0123456789ab"}"#, Unknown),
    (Server, 300..=303, PAGE, Refused),
    (Server, 400..=400, PAGE, Unknown),
    (Server, 401..=401, PAGE, Refused),
    (Server, 401..=401, NONE, Refused),
    (Server, 402..=402, PAGE, Unknown),
    (Server, 403..=403, PAGE, Refused),
    (Server, 404..=428, PAGE, Unknown),
    (Server, 404..=428, PLEX, Unknown),
    (Server, 429..=429, PAGE, Refused),
    (Server, 500..=599, PAGE, Unknown),
    (Own, 300..=303, PAGE, Refused),
    (Own, 400..=428, PLEX, Unknown),
    (Own, 400..=428, NONE, Unknown),
    (Own, 429..=429, NONE, Refused),
    (Own, 500..=599, PAGE, Unknown),
];

fn call(to: To) -> Call<()> {
    let me = || ClientIdentity::builder("id").build().unwrap();
    let credentials = Credentials::new("rosa", "x").unwrap();
    let url = "http://10.0.0.7:32400".parse().unwrap();
    let call = match to {
        Tv => PlexTv::new(me()).sign_in(&credentials).map(|_| ()),
        TvOverHttp => PlexTv::at(me(), url).sign_in(&credentials).map(|_| ()),
        Pin => PlexTv::new(me()).poll_pin(&PinId::new(7)).map(|_| ()),
        Server => MediaServer::new(me(), url, Token::new("abc").unwrap()).root().map(|_| ()),
        Own => Call::status_only("postX", Request::post("https://plex.tv/x").body(()).unwrap()),
    };
    call.max_body_size(LARGE.len() - 1)
}

fn response(status: u16, body: &str) -> Response<&str> {
    Response::builder().status(status).body(body).unwrap()
}

#[test]
fn outcome_of_each_error() {
    let mut seen = BTreeSet::new();
    let mut check = |error: Error, expected, row: &str| {
        assert_eq!(error.outcome(), expected, "{row}: {error}");
        seen.insert(variant(&error));
    };
    for (sent, expected) in [(false, NotSent), (true, Unknown)] {
        let error = call(Tv).reply().transport_error(TransportErrorKind::CutOff, sent);
        check(error, expected, "transport");
    }
    for (to, statuses, body, expected) in ROWS {
        for status in statuses.clone() {
            let error = call(*to).reply().parse(&response(status, body)).unwrap_err();
            check(error.into(), *expected, &format!("{to:?} {status} {body}"));
        }
    }
    assert_eq!(seen, VARIANTS.iter().copied().collect());
}

#[test]
fn cut_off_401_is_not_an_empty_401() {
    for (length, expected) in [("0", Refused), ("162", Unknown)] {
        let mut response = response(401, "");
        response.headers_mut().insert("content-length", length.parse().unwrap());
        let error = call(Tv).reply().parse(&response).unwrap_err();
        assert_eq!(error.outcome(), expected, "{length}");
    }
}

#[test]
fn custom_call_to_plex_tv_is_refused_like_any_other() {
    let call = call(Own).host(Host::PlexTv);
    let error = call.reply().parse(&response(404, PLEX)).unwrap_err();
    assert_eq!(error.outcome(), Refused);
}
