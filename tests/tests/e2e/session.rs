//! Sessions: checking a token and signing out.

use plex_auth_fake::Who;

use crate::harness::over_every_carrier;

#[test]
fn token_is_valid_until_sign_out() {
    over_every_carrier(|harness| {
        let plex_tv = harness.plex_tv();
        let token = harness.sign_in(&harness.credentials(Who::Free)).unwrap().auth_token;
        harness.send(plex_tv.ping(&token)).unwrap();
        harness.send(plex_tv.sign_out(&token)).unwrap();
        for error in [
            harness.send(plex_tv.ping(&token)).unwrap_err(),
            harness.send(plex_tv.sign_out(&token)).unwrap_err(),
            harness.token_details(&token).unwrap_err(),
        ] {
            assert!(error.is_token_invalid(), "{error}");
        }
        harness.send(plex_tv.ping(&harness.token(Who::Free))).unwrap();
    });
}
