//! The users of a Plex Home, and switching to one of them.

use plex_auth_fake::{Which, Who};
use plex_auth_proto::home::{Home, HomePin, HomeUser, HomeUserUuid};

use crate::harness::{Harness, over_every_carrier, variant};

fn home(harness: &Harness, who: Who) -> Home {
    harness.send(harness.plex_tv().home_users(&harness.token(who))).unwrap()
}

fn named<'h>(home: &'h Home, title: &str) -> &'h HomeUser {
    home.users.iter().find(|user| user.title.as_deref() == Some(title)).unwrap()
}

fn valid_pin(harness: &Harness) -> HomePin {
    let pin = harness.fake(|fake| fake.account(Who::PlexPass).home_pin().map(str::to_owned));
    HomePin::new(pin.unwrap()).unwrap()
}

#[test]
fn user_without_a_pin_gets_their_own_access() {
    over_every_carrier(|harness| {
        let home = home(harness, Who::PlexPass);
        assert!(home.unreadable_fields().is_empty(), "{:?}", home.unreadable_fields());
        assert_eq!(home.users.len(), 2);
        let nilo = named(&home, "Nilo");
        assert!(!nilo.has_home_pin() && nilo.email.is_none() && nilo.username.is_none());
        assert_eq!((nilo.restricted, nilo.admin), (Some(true), Some(false)));

        let (rosa, uuid) = (harness.token(Who::PlexPass), nilo.uuid.clone().unwrap());
        let call = harness.plex_tv().switch_home_user(&rosa, &uuid, None);
        let signed_in = harness.send(call).unwrap();
        assert!(signed_in.account.is_managed());
        let token = &signed_in.auth_token;
        assert_eq!(harness.token_details(token).unwrap().title.as_deref(), Some("Nilo"));
        let resources = harness.send(harness.plex_tv().resources(token)).unwrap();
        let boathouse = resources.servers().next().unwrap();
        assert_eq!(boathouse.owned, Some(false));
        let server =
            harness.media_server_with(Which::Claimed, boathouse.access_token.clone().unwrap());
        harness.send(server.root()).unwrap();
        harness.send(harness.plex_tv().ping(&rosa)).unwrap();
    });
}

#[test]
fn user_with_a_pin_needs_the_valid_one() {
    over_every_carrier(|harness| {
        let home = home(harness, Who::Managed);
        let rosa = named(&home, "rosa");
        assert!(rosa.has_home_pin());
        let (uuid, nilo) = (rosa.uuid.clone().unwrap(), harness.token(Who::Managed));
        let switch = |pin: Option<&HomePin>| {
            harness.send(harness.plex_tv().switch_home_user(&nilo, &uuid, pin))
        };
        let wrong = HomePin::new("0000").unwrap();
        for pin in [None, Some(&wrong)] {
            let error = switch(pin).unwrap_err();
            assert!(error.needs_home_pin(), "{error}");
            assert!(!error.is_token_invalid() && !error.is_retryable(), "{error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("0000") && !shown.contains(uuid.as_str()), "{shown}");
        }
        let signed_in = switch(Some(&valid_pin(harness))).unwrap();
        assert_eq!(signed_in.account.home_admin, Some(true));
        assert_eq!(harness.last_request().header("content-length"), Some("0"));

        for _ in 0..5 {
            switch(Some(&wrong)).unwrap_err();
        }
        let error = switch(Some(&wrong)).unwrap_err();
        assert_eq!(variant(&error), "RateLimited");
        assert!(!error.needs_home_pin(), "{error}");
    });
}

#[test]
fn user_of_another_home_is_forbidden() {
    over_every_carrier(|harness| {
        let uuid =
            harness.fake(|fake| fake.account(Who::Free).body()["uuid"].as_str().map(str::to_owned));
        let uuid: HomeUserUuid = uuid.unwrap().parse().unwrap();
        let rosa = harness.token(Who::PlexPass);
        let call = harness.plex_tv().switch_home_user(&rosa, &uuid, None);
        let error = harness.send(call).unwrap_err();
        assert_eq!(variant(&error), "Forbidden");
        assert!(!error.needs_home_pin() && !error.is_token_invalid(), "{error}");
    });
}
