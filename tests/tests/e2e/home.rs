//! The people of a Plex Home, and becoming one of them.

use plex_auth_fake::{Misbehaviour, Which, Who};
use plex_auth_proto::home::{Home, HomePin, HomeUser, HomeUserUuid};
use plex_auth_proto::{Error, ResponseError};

use crate::harness::{Harness, over_every_carrier};

fn home(harness: &Harness, who: Who) -> Home {
    harness.send(harness.plex_tv().home_users(&harness.token(who))).unwrap()
}

fn named<'h>(home: &'h Home, title: &str) -> &'h HomeUser {
    home.users.iter().find(|user| user.title.as_deref() == Some(title)).unwrap()
}

fn right_pin(harness: &Harness) -> HomePin {
    let pin = harness.fake(|fake| fake.account(Who::PlexPass).home_pin().map(str::to_owned));
    HomePin::new(pin.unwrap()).unwrap()
}

#[test]
fn somebody_without_a_pin_is_switched_to_and_sees_what_they_may_see() {
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
        let details = harness.send(harness.plex_tv().token_details(token)).unwrap();
        assert_eq!(details.title.as_deref(), Some("Nilo"));
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
fn somebody_with_a_pin_wants_the_right_one() {
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
            assert!(error.to_string().contains("the Home PIN is missing or wrong"), "{error}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("0000") && !shown.contains(uuid.as_str()), "{shown}");
        }
        let signed_in = switch(Some(&right_pin(harness))).unwrap();
        assert_eq!(signed_in.account.home_admin, Some(true));
        let seen = harness.fake(|fake| fake.requests().last().cloned()).unwrap();
        assert_eq!(seen.header("content-length"), Some("0"));

        for _ in 0..5 {
            switch(Some(&wrong)).unwrap_err();
        }
        let error = switch(Some(&wrong)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::RateLimited(_))), "{error}");
        assert!(!error.needs_home_pin(), "{error}");
    });
}

#[test]
fn somebody_of_another_home_is_not_switched_to_and_no_pin_is_asked_for() {
    over_every_carrier(|harness| {
        let uuid =
            harness.fake(|fake| fake.account(Who::Free).body()["uuid"].as_str().map(str::to_owned));
        let uuid: HomeUserUuid = uuid.unwrap().parse().unwrap();
        let rosa = harness.token(Who::PlexPass);
        let error =
            harness.send(harness.plex_tv().switch_home_user(&rosa, &uuid, None)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Forbidden(_))), "{error}");
        assert!(!error.needs_home_pin() && !error.is_token_invalid(), "{error}");
    });
}

#[test]
fn a_switch_without_a_token_in_its_answer_is_none() {
    over_every_carrier(|harness| {
        let home = home(harness, Who::PlexPass);
        let uuid = named(&home, "Nilo").uuid.clone().unwrap();
        harness.fake(|fake| {
            let answer = Misbehaviour::answer(201, "application/json", r#"{"title":"Nilo"}"#);
            fake.misbehave(&format!("/home/users/{uuid}/switch"), answer);
        });
        let rosa = harness.token(Who::PlexPass);
        let error: Error =
            harness.send(harness.plex_tv().switch_home_user(&rosa, &uuid, None)).unwrap_err();
        assert!(error.to_string().contains("`authToken` is missing"), "{error}");
    });
}
