//! An account as a log may show it.

use std::fmt;

use super::Account;
use crate::secret::masked;

/// Names and e-mail addresses are shown as `***`: a log is no place for them.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart, so that a new field must be thought about here.
        let Self {
            auth_token,
            id,
            uuid,
            username,
            title,
            email,
            friendly_name,
            locale,
            confirmed,
            joined_at,
            email_only_auth,
            has_password,
            protected,
            thumb,
            mailing_list_status,
            mailing_list_active,
            scrobble_types,
            country,
            pin,
            subscription,
            subscription_description,
            restricted,
            anonymous,
            home,
            guest,
            home_size,
            home_admin,
            max_home_size,
            remember_expires_at,
            profile,
            entitlements,
            roles,
            subscriptions,
            past_subscriptions,
            trials,
            services,
            ads_consent,
            ads_consent_set_at,
            ads_consent_reminder_at,
            experimental_features,
            two_factor_enabled,
            backup_codes_created,
            attribution_partner,
            providers,
            restriction_profile,
            mapped_restriction_profile,
            custom_restrictions,
            settings,
            cloud_sync_device,
            queue_email,
            queue_uid,
            unreadable,
        } = self;
        f.debug_struct("Account")
            .field("auth_token", auth_token)
            .field("id", id)
            .field("uuid", uuid)
            .field("username", &masked(username))
            .field("title", &masked(title))
            .field("email", &masked(email))
            .field("friendly_name", &masked(friendly_name))
            .field("locale", locale)
            .field("confirmed", confirmed)
            .field("joined_at", joined_at)
            .field("email_only_auth", email_only_auth)
            .field("has_password", has_password)
            .field("protected", protected)
            .field("thumb", thumb)
            .field("mailing_list_status", mailing_list_status)
            .field("mailing_list_active", mailing_list_active)
            .field("scrobble_types", scrobble_types)
            .field("country", country)
            .field("pin", pin)
            .field("subscription", subscription)
            .field("subscription_description", subscription_description)
            .field("restricted", restricted)
            .field("anonymous", anonymous)
            .field("home", home)
            .field("guest", guest)
            .field("home_size", home_size)
            .field("home_admin", home_admin)
            .field("max_home_size", max_home_size)
            .field("remember_expires_at", remember_expires_at)
            .field("profile", profile)
            .field("entitlements", entitlements)
            .field("roles", roles)
            .field("subscriptions", subscriptions)
            .field("past_subscriptions", past_subscriptions)
            .field("trials", trials)
            .field("services", services)
            .field("ads_consent", ads_consent)
            .field("ads_consent_set_at", ads_consent_set_at)
            .field("ads_consent_reminder_at", ads_consent_reminder_at)
            .field("experimental_features", experimental_features)
            .field("two_factor_enabled", two_factor_enabled)
            .field("backup_codes_created", backup_codes_created)
            .field("attribution_partner", attribution_partner)
            .field("providers", providers)
            .field("restriction_profile", restriction_profile)
            .field("mapped_restriction_profile", mapped_restriction_profile)
            .field("custom_restrictions", custom_restrictions)
            .field("settings", settings)
            .field("cloud_sync_device", &masked(cloud_sync_device))
            .field("queue_email", &masked(queue_email))
            .field("queue_uid", &masked(queue_uid))
            .field("unreadable", unreadable)
            .finish()
    }
}
