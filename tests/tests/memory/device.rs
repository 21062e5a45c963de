//! The memory that a device's token refresher uses.

use std::time::{Duration, SystemTime};

use plex_auth_fake::{FakePlex, Who};
use plex_auth_proto::flow::{Action, Completion, DeviceTokenRefresher, Now};
use plex_auth_proto::http::Response;
use plex_auth_proto::jwt::Ed25519Key;
use plex_auth_proto::{Body, ClientIdentity, Flow, PlexTv, Step, Token};

type Refresher = DeviceTokenRefresher<Ed25519Key>;

/// The maximum size of one device in bytes, with its identity, its key and everything on the heap.
const DEVICE_BYTES: i64 = 2048;

/// The maximum size in bytes of the error that a device stores while its token cannot be renewed.
const ERROR_BYTES: i64 = 160;

/// Returns a device with its own identity and an old token.
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

/// Runs a device for this many days. On the last day, plex.tv is unavailable.
fn run(refresher: &mut Refresher, plex: &mut FakePlex, days: u64) {
    const DAY: u64 = 24 * 60 * 60;
    let mut elapsed = 0;
    while elapsed < days * DAY {
        let now = 1_700_000_000 + elapsed;
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let clock = Now::new(Duration::from_secs(elapsed), wall);
        match refresher.poll(clock) {
            Step::Done(end) => panic!("{end}"),
            Step::Finished => panic!("the flow was finished before"),
            Step::Wait(None) => panic!("there is nothing to wait for"),
            Step::Wait(Some(time)) => {
                elapsed += time.as_secs() + u64::from(time.subsec_nanos() > 0);
            }
            Step::Do(id, Action::Send(outgoing)) => {
                let request = outgoing.into_request();
                let response = if elapsed < (days - 1) * DAY {
                    plex.answer(&request.map(Vec::from), now)
                } else {
                    let response = Response::builder().status(503).header("retry-after", "60");
                    response.body(b"<html>Service Unavailable</html>".to_vec()).unwrap()
                };
                refresher.complete(clock, id, Completion::Response(response.map(Body::from)));
            }
            Step::Do(id, _) => refresher.complete(clock, id, Completion::Unsupported),
        }
    }
}

#[test]
fn takes_at_most_two_kilobytes() {
    let states = [(0, "new", 0), (2, "renewed", 0), (7, "with an error", ERROR_BYTES)];
    for (days, name, more) in states {
        let mut plex = FakePlex::new();
        let old_token = plex.issue_token(Who::PlexPass);
        let mut created = None;
        let new = allocation_counter::measure(|| created = Some(device(&old_token)));
        let mut refresher = created.unwrap();
        // The fake grows, too, so only dropping the device shows its size.
        if days > 0 {
            run(&mut refresher, &mut plex, days);
        }
        let heap = allocation_counter::measure(|| drop(refresher)).bytes_current;
        let inline = i64::try_from(size_of::<Refresher>()).unwrap();
        println!("{name}: {inline} bytes, and {} on the heap", -heap);
        assert!(days > 0 || heap == -new.bytes_current, "everything is freed");
        assert!(
            inline - heap <= DEVICE_BYTES + more,
            "{name}: {inline} bytes, and {} on the heap",
            -heap
        );
    }
}
