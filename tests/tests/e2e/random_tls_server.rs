//! Errors from a TLS server that misbehaves at random: if an error states that nothing was sent,
//! that must be true.

use std::time::Duration;

use plex_auth_proto::{Credentials, Token};
use plex_auth_tests::carrier::Carrier;
use plex_auth_tests::{RandomTlsServer, in_parallel};
use plex_auth_ureq::Transport;
use plex_auth_ureq::ureq::Agent;
use plex_auth_ureq::ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::harness::plex_tv_at;

/// The timeout, which ends exchanges in which both sides wait.
const LIMIT: Duration = Duration::from_millis(500);

fn over_own_agent(root: &[u8]) -> Carrier {
    let roots = RootCerts::new_with_certs(&[Certificate::from_der(root).to_owned()]);
    let tls = TlsConfig::builder().root_certs(roots).build();
    let agent = Agent::config_builder().proxy(None).tls_config(tls).build().new_agent();
    Carrier::Ureq(Transport::over(agent))
}

/// Sends calls until this many have failed with a transport error, and returns the errors that
/// wrongly state that nothing was sent.
fn untrue_statements(carrier: &Carrier, server: &RandomTlsServer, count: usize) -> Vec<String> {
    let credentials = Credentials::new("rosa", "nine kites & a lantern").unwrap();
    let token = Token::new("abc").unwrap();
    let (mut statements, mut untrue) = (0, Vec::new());
    for number in 0.. {
        if statements >= count {
            break;
        }
        let plex_tv = plex_tv_at(&server.begin_call());
        let result = if number % 2 == 0 {
            carrier.send(plex_tv.sign_in(&credentials)).map(drop)
        } else {
            carrier.send(plex_tv.token_details(&token)).map(drop)
        };
        let Err(error) = result else { continue };
        let Some(error) = error.as_transport() else { continue };
        statements += 1;
        if !error.may_have_been_sent() && server.has_read() {
            untrue.push(error.to_string());
        }
    }
    untrue
}

fn statements_are_true(count: usize, seed: u64) {
    let carriers: [fn(&[u8]) -> Carrier; 3] = [
        |root| Carrier::ureq(Some(root.to_vec())),
        |root| Carrier::hyper(Some(root.to_vec())),
        over_own_agent,
    ];
    in_parallel(carriers, |carrier| {
        let server = RandomTlsServer::start(seed);
        let carrier = carrier(&server.root_der()).timeout(LIMIT);
        let untrue = untrue_statements(&carrier, &server, count);
        println!("{}: {} of {count} statements are untrue", carrier.name(), untrue.len());
        assert!(untrue.is_empty(), "{}: {} {untrue:#?}", carrier.name(), untrue.len());
    });
}

#[test]
fn not_sent_is_true_of_a_random_tls_server() {
    statements_are_true(60, 1);
}

#[test]
#[ignore = "takes minutes"]
fn not_sent_is_true_in_2000_random_errors() {
    statements_are_true(2_000, 2);
}
