//! A server or a proxy that sends one response too many on a reused connection, so that each later
//! request on that connection gets the response to the previous request.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::pin::{PinId, PinState};
use plex_auth_proto::{
    Body, Call, Error, OPERATIONS, Outgoing, ResponseError, Token, TransportError,
};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::every_operation::{Inputs, every_operation};
use plex_auth_tests::{RawServer, Step, in_parallel};
use plex_auth_ureq::ureq::middleware::MiddlewareNext;
use plex_auth_ureq::ureq::{self, Agent, SendBody};

use crate::harness::{TIMEOUT, plex_tv_at, write_response};

mod refusals;

const ROSA: &str = r#"{"id":1,"username":"rosa","authToken":"token-1"}"#;
const NILO: &str = r#"{"id":2,"username":"nilo","authToken":"token-2"}"#;
/// A JWT whose payload contains `"user":{"id":2}`.
const JWT_OF_NILO: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0.eyJpc3MiOiJwbGV4LnR2IiwiYXVkIjoicGxleC50diIsImV4cCI6NDEwMjQ0NDgwMCwidXNlciI6eyJpZCI6Mn19.c2lnbmF0dXJl";

/// Both transports, once with the default client and once with a client that the caller built.
const CARRIERS: [fn() -> Carrier; 4] =
    [|| Carrier::ureq(None), || Carrier::hyper(None), Carrier::own_ureq, Carrier::own_hyper];

fn success(body: &str) -> Step {
    write_response("200 OK", body)
}

/// Returns a server whose first connection answers a second request with Rosa's account again, and
/// whose second connection returns this response.
fn shifted(second: &str) -> RawServer {
    RawServer::per_connection(vec![
        vec![success(ROSA), Step::AwaitRequest, success(ROSA), Step::StallUntilDropped],
        vec![success(second), Step::StallUntilDropped],
    ])
}

/// Sends Rosa's request, then this call, with each transport, and checks the second result.
fn second_result<T>(
    second: &str,
    call: impl Fn(&str) -> Call<T> + Sync,
    check: impl Fn(Result<T, Error>, &RawServer) + Sync,
) {
    in_parallel(CARRIERS, |carrier| {
        let (carrier, server) = (carrier(), shifted(second));
        let rosa = plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        assert_eq!(carrier.send(rosa).unwrap().id, Some(1));
        check(carrier.send(call(&server.url())), &server);
    });
}

#[test]
fn account_of_another_token_is_requested_again() {
    for token in ["token-2", JWT_OF_NILO] {
        let call = |url: &str| plex_tv_at(url).token_details(&Token::new(token).unwrap());
        second_result(NILO, call, |result, server| {
            assert_eq!(result.unwrap().username.as_deref(), Some("nilo"));
            assert_eq!((server.requests().len(), server.connections()), (3, 2));
        });
    }
}

#[test]
fn own_connection_is_believed() {
    // It is not known whether plex.tv always repeats the token, so a mismatch on a new connection
    // is accepted.
    let call = |url: &str| plex_tv_at(url).token_details(&Token::new("token-2").unwrap());
    second_result(ROSA, call, |result, server| {
        assert_eq!(result.unwrap().username.as_deref(), Some("rosa"));
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn renewed_jwt_is_no_mismatch() {
    let renewed = format!(r#"{{"id":1,"authToken":"{JWT_OF_NILO}"}}"#);
    let server = RawServer::start(vec![success(&renewed)]);
    for carrier in Carrier::transports() {
        let call = plex_tv_at(&server.url()).token_details(&Token::new("token-2").unwrap());
        assert_eq!(carrier.send(call).unwrap().id, Some(1));
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn pin_of_another_login_is_polled_again() {
    let call = |url: &str| plex_tv_at(url).poll_pin(&PinId::new(2));
    second_result(NILO, call, |result, server| {
        match result.unwrap() {
            PinState::Linked { auth_token, .. } => assert_eq!(auth_token.expose(), "token-2"),
            state => panic!("{state:?}"),
        }
        assert_eq!(server.requests().len(), 3);
    });
    second_result(ROSA, call, |result, _| {
        let error = result.unwrap_err();
        assert!(
            matches!(error, Error::Response(ResponseError::Mismatched { path: "id", .. })),
            "{error}"
        );
        assert!(error.is_retryable() && !error.is_token_invalid() && !error.is_pin_gone());
    });
}

#[test]
fn shifted_connection_is_not_used_again() {
    // Neither of these calls is sent again.
    type SendSecond = fn(&Carrier, &str) -> Error;
    let calls: [SendSecond; 2] = [
        |carrier, url| {
            let call = plex_tv_at(url).token_details(&Token::new("token-2").unwrap());
            carrier.send(call.idempotent(false)).unwrap_err()
        },
        |carrier, url| carrier.send(plex_tv_at(url).plex_keys()).unwrap_err(),
    ];
    in_parallel(CARRIERS, |carrier| {
        for send in calls {
            let (carrier, server) = (carrier(), shifted(NILO));
            let rosa = plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
            carrier.send(rosa).unwrap();
            let error = send(&carrier, &server.url());
            assert!(error.as_response().is_some(), "{error}");
            let nilo = plex_tv_at(&server.url()).token_details(&Token::new("token-2").unwrap());
            assert_eq!(carrier.send(nilo).unwrap().id, Some(2), "{}", carrier.name());
            assert_eq!(server.connections(), 2, "{}", carrier.name());
        }
    });
}

#[test]
fn mismatch_retires_the_shared_connection() {
    in_parallel(CARRIERS, |carrier| {
        let carrier = carrier();
        let rosa = || [success(ROSA), Step::AwaitRequest];
        let keys = || success(r#"{"keys":[]}"#);
        let server = RawServer::per_connection(vec![
            [rosa(), rosa(), rosa()].into_iter().flatten().collect(),
            // A client that the caller built may reuse the second connection.
            vec![success(NILO), Step::AwaitRequest, keys(), Step::StallUntilDropped],
            vec![keys(), Step::StallUntilDropped],
        ]);
        for (token, id) in [("token-1", 1), ("token-2", 2)] {
            let call = plex_tv_at(&server.url()).token_details(&Token::new(token).unwrap());
            assert_eq!(carrier.send(call).unwrap().id, Some(id));
        }
        let keys = carrier.send(plex_tv_at(&server.url()).plex_keys());
        assert!(keys.is_ok(), "{}: {keys:?}", carrier.name());
    });
}

fn fetch(carrier: &Carrier, outgoing: Outgoing) -> Result<Response<Body>, TransportError> {
    match carrier {
        Carrier::Ureq(transport) => transport.fetch(outgoing),
        Carrier::Hyper(transport, runtime) => runtime.block_on(transport.fetch(outgoing)),
        Carrier::OwnHyper(transport, runtime) => runtime.block_on(transport.fetch(outgoing)),
        Carrier::Value(_) | Carrier::HandMade(_) => panic!("not a transport"),
    }
}

#[test]
fn fetched_mismatch_retires_its_connection() {
    in_parallel(CARRIERS, |carrier| {
        let (carrier, server) = (carrier(), shifted(NILO));
        let rosa = plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        carrier.send(rosa).unwrap();
        let nilo = || plex_tv_at(&server.url()).token_details(&Token::new("token-2").unwrap());
        let (outgoing, reply) = nilo().into_outgoing();
        let error = reply.read(fetch(&carrier, outgoing).unwrap()).unwrap_err();
        assert!(matches!(error, ResponseError::Mismatched { .. }), "{error}");
        assert_eq!(carrier.send(nilo()).unwrap().id, Some(2), "{}", carrier.name());
        assert_eq!(server.connections(), 2, "{}", carrier.name());
    });
}

#[test]
fn failed_attempt_leaves_the_connection_retired() {
    let is_down = Arc::new(AtomicBool::new(false));
    let lookup = Arc::clone(&is_down);
    let agent = Agent::config_builder().proxy(None).middleware(
        move |request: Request<SendBody<'_>>, next: MiddlewareNext<'_>| {
            if lookup.swap(false, Ordering::SeqCst) {
                return Err(ureq::Error::HostNotFound);
            }
            next.handle(request)
        },
    );
    let carrier = Carrier::Ureq(plex_auth_ureq::Transport::over(agent.build().new_agent()));
    let server = shifted(NILO);
    let account = |number| {
        let token = Token::new(format!("token-{number}")).unwrap();
        plex_tv_at(&server.url()).token_details(&token).idempotent(false).deadline(TIMEOUT)
    };
    carrier.send(account(1)).unwrap();
    // The response is Rosa's, so the connection is retired.
    carrier.send(account(2)).unwrap_err();
    is_down.store(true, Ordering::SeqCst);
    let error = carrier.send(account(2)).unwrap_err();
    assert!(!error.as_transport().unwrap().may_have_been_sent(), "{error}");
    assert_eq!(carrier.send(account(2)).unwrap().id, Some(2));
    assert_eq!(server.connections(), 2);
}

#[test]
fn failure_of_the_second_request_is_not_unsent() {
    in_parallel(Carrier::transports(), |carrier| {
        let server = RawServer::per_connection(vec![vec![success(ROSA)], vec![Step::Reset]]);
        let call = plex_tv_at(&server.url()).token_details(&Token::new("token-2").unwrap());
        let error = carrier.send(call).unwrap_err();
        assert!(error.as_transport().unwrap().may_have_been_sent(), "{error}");
    });
}

#[test]
fn switch_to_another_user_is_an_error() {
    let server = RawServer::start(vec![success(r#"{"uuid":"0000","authToken":"token-2"}"#)]);
    for carrier in Carrier::transports() {
        let inputs = Inputs::at(&server.url());
        let call = inputs.plex_tv.switch_home_user(&inputs.token, &inputs.home_user, None);
        let error = carrier.send(call).unwrap_err();
        assert!(
            matches!(error, Error::Response(ResponseError::Mismatched { path: "uuid", .. })),
            "{error}"
        );
        assert!(!error.is_retryable() && !error.is_token_invalid());
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn response_before_the_request_is_not_accepted() {
    in_parallel(Carrier::transports(), |carrier| {
        let surplus = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"id\":2}";
        let server = RawServer::per_connection(vec![
            vec![
                success(ROSA),
                Step::Pause(Duration::from_millis(30)),
                Step::Write(surplus.to_vec()),
                Step::StallUntilDropped,
            ],
            vec![success(ROSA), Step::StallUntilDropped],
        ]);
        let rosa = || plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
        carrier.send(rosa()).unwrap();
        // During this time, hyper's runtime does not run.
        thread::sleep(Duration::from_millis(150));
        // This call is not idempotent, so it is not sent again for confirmation, and its first
        // response counts.
        let second = carrier.send(rosa().idempotent(false)).unwrap();
        assert_eq!((second.id, server.connections()), (Some(1), 2), "{}", carrier.name());
    });
}

#[test]
fn home_of_another_user_is_not_accepted() {
    in_parallel(Carrier::transports(), |carrier| {
        let home = |title| success(&format!(r#"{{"users":[{{"id":1,"title":"{title}"}}]}}"#));
        let server = RawServer::per_connection(vec![
            vec![home("Rosa"), Step::AwaitRequest, home("Rosa"), Step::StallUntilDropped],
            vec![home("Nilo"), Step::StallUntilDropped],
        ]);
        for (token, title) in [("token-1", "Rosa"), ("token-2", "Nilo")] {
            let call = plex_tv_at(&server.url()).home_users(&Token::new(token).unwrap());
            let home = carrier.send(call).unwrap();
            assert_eq!(home.users[0].title.as_deref(), Some(title), "{}", carrier.name());
        }
    });
}

#[test]
fn other_calls_do_not_share_connections() {
    let shared = OPERATIONS.iter().filter(|operation| !operation.own_connection);
    let names: Vec<_> = shared.map(|operation| operation.name).collect();
    // The responses of the first two are checked against the request. The others contain nothing
    // that belongs to an account.
    let expected = ["getTokenDetails", "getOAuthPin", "getAuthNonce", "getAuthKeys", "getIdentity"];
    assert_eq!(names, expected);
}

#[test]
fn tokens_are_handed_out_on_own_connections() {
    let operations: Vec<_> =
        every_operation().into_iter().filter(|every| every.operation.own_connection).collect();
    assert!(operations.len() >= 18, "{}", operations.len());
    in_parallel(operations, |every| {
        in_parallel(Carrier::transports(), |carrier| {
            let server = RawServer::per_connection(vec![
                vec![success(ROSA), Step::AwaitRequest, success(ROSA), Step::StallUntilDropped],
                // A second request on this connection would get no response.
                vec![success(every.success), Step::StallUntilDropped],
            ]);
            let rosa = || plex_tv_at(&server.url()).token_details(&Token::new("token-1").unwrap());
            carrier.send(rosa()).unwrap();
            every.send(&Inputs::at(&server.url()), &carrier).unwrap();
            carrier.send(rosa()).unwrap();
            assert_eq!(server.connections(), 2, "{} {}", carrier.name(), every.operation.name);
        });
    });
}

/// Starts a server that answers each request with the account that the token belongs to, and
/// returns the server's URL. On each connection, from the fourth request on, the server sends the
/// response to the previous request instead, as if it had sent one response too many.
fn account_server() -> io::Result<String> {
    fn serve(stream: TcpStream) -> io::Result<()> {
        let mut writer = stream.try_clone()?;
        let mut lines = BufReader::new(stream).lines();
        let mut before = String::new();
        for count in 0.. {
            let mut number = None;
            loop {
                let Some(line) = lines.next().transpose()? else { return Ok(()) };
                if line.is_empty() {
                    break;
                }
                if let Some((name, value)) = line.split_once(": ")
                    && name.eq_ignore_ascii_case("x-plex-token")
                {
                    number = value.strip_prefix("token-").map(str::to_owned);
                }
            }
            let number = number.unwrap_or_default();
            let body = format!(r#"{{"id":{number},"authToken":"token-{number}"}}"#);
            let own = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let sent = if count > 2 { &before } else { &own };
            writer.write_all(sent.as_bytes())?;
            before = own;
        }
        Ok(())
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    Ok(url)
}

/// Sends this many requests, each with a different token, from several threads, and checks that
/// each response contains the account that the token belongs to.
fn assert_no_account_is_mixed_up(requests: u32) {
    for carrier in Carrier::transports() {
        let url = account_server().unwrap();
        in_parallel(0..8, |thread| {
            for request in 0..requests / 8 {
                let number = u64::from(request * 8 + thread);
                let token = Token::new(format!("token-{number}")).unwrap();
                let account = carrier.send(plex_tv_at(&url).token_details(&token)).unwrap();
                assert_eq!(account.id, Some(number), "{}", carrier.name());
            }
        });
    }
}

#[test]
fn accounts_are_not_mixed_up_under_load() {
    assert_no_account_is_mixed_up(400);
}

#[test]
#[ignore = "takes minutes"]
fn accounts_are_not_mixed_up_in_20_000_calls() {
    assert_no_account_is_mixed_up(20_000);
}
