//! An account's devices.

use plex_auth_fake::Who;
use plex_auth_proto::device::Device;
use plex_auth_tests::every_operation::IDENTIFIER;

use crate::harness::{over_every_carrier, variant};

#[test]
fn removed_device_is_signed_out() {
    over_every_carrier(|harness| {
        let plex_tv = harness.plex_tv();
        let lost = harness.sign_in(&harness.credentials(Who::Free)).unwrap().auth_token;
        let tariq = harness.token(Who::Free);
        let devices = harness.send(plex_tv.devices(&tariq)).unwrap();
        assert!(devices.unreadable_fields().is_empty(), "{:?}", devices.unreadable_fields());
        assert_eq!(devices.devices.len(), 2);
        let is_ours = |device: &&Device| device.client_identifier.as_deref() == Some(IDENTIFIER);
        let ours = devices.devices.iter().find(is_ours).unwrap();
        assert_eq!(ours.product.as_deref(), Some("Scenario"));
        assert_eq!(ours.token.as_ref().unwrap().expose(), lost.expose());
        assert!(ours.created_at.is_some() && ours.connections.len() == 1);
        assert_eq!(harness.last_request().target, "/devices.xml");

        let id = ours.id.unwrap();
        harness.send(plex_tv.remove_device(&tariq, id)).unwrap();
        let error = harness.send(plex_tv.ping(&lost)).unwrap_err();
        assert!(error.is_token_invalid(), "{error}");
        assert_eq!(harness.send(plex_tv.devices(&tariq)).unwrap().devices.len(), 1);
        let error = harness.send(plex_tv.remove_device(&tariq, id)).unwrap_err();
        assert_eq!(variant(&error), "Rejected");
        assert!(!error.is_token_invalid(), "{error}");
    });
}
