//! The devices of an account, and taking one off.

use plex_auth_fake::{Misbehaviour, Who};
use plex_auth_proto::ResponseError;
use plex_auth_proto::device::DeviceId;

use crate::harness::over_every_carrier;
use plex_auth_tests::every_operation::IDENTIFIER;

#[test]
fn a_device_that_is_removed_is_signed_out() {
    over_every_carrier(|harness| {
        let plex_tv = harness.plex_tv();
        let lost = harness.sign_in(&harness.credentials(Who::Free)).unwrap().auth_token;
        let tariq = harness.token(Who::Free);
        let devices = harness.send(plex_tv.devices(&tariq)).unwrap();
        assert!(devices.unreadable_fields().is_empty(), "{:?}", devices.unreadable_fields());
        assert_eq!(devices.devices.len(), 2);
        let is_ours = |device: &&plex_auth_proto::device::Device| {
            device.client_identifier.as_deref() == Some(IDENTIFIER)
        };
        let ours = devices.devices.iter().find(is_ours).unwrap();
        assert_eq!(ours.product.as_deref(), Some("Scenario"));
        assert_eq!(ours.token.as_ref().unwrap().expose(), lost.expose());
        assert!(ours.created_at.is_some() && ours.connections.len() == 1);
        let seen = harness.fake(|fake| fake.requests().last().cloned()).unwrap();
        assert_eq!(seen.target, "/devices.xml");

        let id = ours.id.unwrap();
        harness.send(plex_tv.remove_device(&tariq, id)).unwrap();
        let error = harness.send(plex_tv.ping(&lost)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        assert_eq!(harness.send(plex_tv.devices(&tariq)).unwrap().devices.len(), 1);
        let error = harness.send(plex_tv.remove_device(&tariq, id)).unwrap_err();
        assert!(matches!(error.as_response(), Some(ResponseError::Rejected(_))), "{error}");
        assert!(!error.is_token_invalid(), "{error}");
    });
}

#[test]
fn an_odd_device_costs_itself_alone() {
    over_every_carrier(|harness| {
        let list =
            "<MediaContainer><Device>odd</Device><Device id='7' name='Lamp'/></MediaContainer>";
        harness.fake(|fake| {
            fake.misbehave("/devices.xml", Misbehaviour::answer(200, "application/xml", list));
        });
        let devices = harness.send(harness.plex_tv().devices(&harness.token(Who::Free))).unwrap();
        assert_eq!(devices.devices.len(), 1);
        assert_eq!(devices.devices[0].id, Some(DeviceId(7)));
        assert_eq!(devices.unreadable_fields(), ["Device"]);
    });
}

#[test]
fn a_revoked_token_is_dead_also_as_older_paths_say_it() {
    over_every_carrier(|harness| {
        let invalid = "<errors><error>Invalid token</error></errors>";
        harness.fake(|fake| {
            fake.misbehave("/devices.xml", Misbehaviour::answer(422, "application/xml", invalid));
        });
        let error = harness.send(harness.plex_tv().devices(&harness.token(Who::Free))).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
    });
}
