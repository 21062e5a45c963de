//! The memory that a device's flow holds.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Who};
use plex_auth_proto::flow::DeviceTokenRefresher;
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::Ed25519Key;
use plex_auth_proto::{ClientIdentity, Error, Flow, PlexTv, Step, Token};

type Refresher = DeviceTokenRefresher<Ed25519Key>;

/// What one device's state may take, in bytes, with its identity, its key and all that it points to.
const A_DEVICE: i64 = 2048;

/// What it may take beside that while it cannot renew its token: why it cannot.
const AN_ERROR: i64 = 160;

/// A device that has an identity of its own and an old token.
fn device(old_token: &str) -> Refresher {
    let identity = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
        .product("Plex for Roku")
        .device("Roku 3")
        .version("2.4.1")
        .platform("Roku")
        .build()
        .unwrap();
    let old_token = Token::new(old_token).unwrap();
    PlexTv::new(identity).register_device(Ed25519Key::from_seed(&[3; 32]), old_token)
}

/// Lets a device live for so many days, of which the last one has no plex.tv.
fn live(refresher: &mut Refresher, plex: &mut FakePlex, days: u64) {
    const DAY: u64 = 24 * 60 * 60;
    let mut passed = 0;
    while passed < days * DAY {
        let now = 1_700_000_000 + passed;
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        match refresher.poll(clock) {
            Step::Done(end) => panic!("{end}"),
            Step::Wait(time) => passed += time.as_secs() + u64::from(time.subsec_nanos() > 0),
            Step::Send(id, call) => {
                let (request, reply) = call.into_parts();
                let answer = if passed < (days - 1) * DAY {
                    plex.answer(&request.map(Vec::from), now)
                } else {
                    let answer = Response::builder().status(503).header("retry-after", "60");
                    answer.body(b"<html>Service Unavailable</html>".to_vec()).unwrap()
                };
                refresher.complete(clock, id, reply.read(answer).map_err(Error::from));
            }
        }
    }
}

#[test]
fn a_device_takes_two_kilobytes_at_the_most() {
    let states = [(0, "new", 0), (2, "renewed", 0), (7, "with an error", AN_ERROR)];
    for (days, name, more) in states {
        let mut plex = FakePlex::new();
        let old_token = plex.issue_token(Who::PlexPass);
        let mut made = None;
        let new = allocation_counter::measure(|| made = Some(device(&old_token)));
        let mut refresher = made.unwrap();
        // The fake grows, too, so that only what is let go of again shows what a device holds.
        if days > 0 {
            live(&mut refresher, &mut plex, days);
        }
        let holds = allocation_counter::measure(|| drop(refresher)).bytes_current;
        let inline = i64::try_from(size_of::<Refresher>()).unwrap();
        println!("{name}: {inline} bytes, and {} on the heap", -holds);
        assert!(days > 0 || holds == -new.bytes_current, "all is let go of");
        assert!(
            inline - holds <= A_DEVICE + more,
            "{name}: {inline} bytes, and {} on the heap",
            -holds
        );
    }
}
