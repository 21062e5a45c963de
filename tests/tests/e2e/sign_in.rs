//! Signing in with a password.

use plex_auth_fake::Who;
use plex_auth_proto::{Credentials, SignedIn};

use crate::harness::{over_every_carrier, variant};

#[test]
fn returns_the_account_and_its_token() {
    over_every_carrier(|harness| {
        let SignedIn { auth_token, account, .. } =
            harness.sign_in(&harness.credentials(Who::PlexPass)).unwrap();
        assert_eq!(account.username.as_deref(), Some("rosa"));
        assert!(account.has_plex_pass());
        assert_eq!(account.subscription.unwrap().features.len(), 100);

        let details = harness.token_details(&auth_token).unwrap();
        assert_eq!(details.auth_token.unwrap().expose(), auth_token.expose());
        assert_eq!(details.username.as_deref(), Some("rosa"));
    });
}

#[test]
fn two_factor_account_needs_a_valid_code() {
    over_every_carrier(|harness| {
        let credentials = harness.credentials(Who::TwoFactor);
        let code = harness
            .fake(|fake| fake.account(Who::TwoFactor).verification_code().map(str::to_owned));

        let error = harness.sign_in(&credentials).unwrap_err();
        assert_eq!(variant(&error), "VerificationCodeRequired");
        assert!(error.needs_verification_code() && !error.is_token_invalid(), "{error}");
        let error = harness.sign_in(&credentials.clone().verification_code(" \n")).unwrap_err();
        assert_eq!(variant(&error), "VerificationCodeRequired");
        let error = harness.sign_in(&credentials.clone().verification_code("000000")).unwrap_err();
        assert_eq!(variant(&error), "VerificationCodeRejected");
        let credentials = credentials.verification_code(format!(" {}\n", code.unwrap()));
        let signed_in = harness.sign_in(&credentials).unwrap();
        assert_eq!(signed_in.account.two_factor_enabled, Some(true));
    });
}

#[test]
fn eleventh_attempt_is_one_too_many() {
    over_every_carrier(|harness| {
        let wrong = Credentials::new("tariq", "wrong").unwrap();
        for _ in 0..10 {
            assert_eq!(variant(&harness.sign_in(&wrong).unwrap_err()), "Unauthorized");
        }
        let error = harness.sign_in(&harness.credentials(Who::Free)).unwrap_err();
        assert_eq!(variant(&error), "TooManyFailures");
        assert!(!error.is_retryable());
    });
}

#[test]
fn account_without_a_password_is_email_only() {
    over_every_carrier(|harness| {
        let login =
            harness.fake(|fake| fake.account(Who::EmailOnly).login().map(str::to_owned)).unwrap();
        let error = harness.sign_in(&Credentials::new(login, "any").unwrap()).unwrap_err();
        assert_eq!(variant(&error), "EmailOnly");
    });
}

#[test]
fn any_password_is_sent_unchanged() {
    over_every_carrier(|harness| {
        let long = "ü&=+% ".repeat(2000);
        for password in
            ["a&b=c+d%20$é\"😀;", " spaces around ", "'\"<>\\", "line\r\nbreak\0", &long]
        {
            harness.fake(|fake| fake.account_mut(Who::Free).set_password(password));
            let signed_in = harness.sign_in(&harness.credentials(Who::Free)).unwrap();
            assert_eq!(signed_in.account.username.as_deref(), Some("tariq"));
        }
    });
}
