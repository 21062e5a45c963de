use crate::plex_tv::account::profile::Profile;
use crate::plex_tv::account::restrictions::{CustomRestrictions, Setting};
use crate::plex_tv::account::service::Service;
use crate::plex_tv::account::subscription::{Subscription, SubscriptionPeriod, SubscriptionStatus};
use crate::values::secret::Secret;
use crate::values::token::Token;
use crate::values::unix_seconds::UnixSeconds;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;
use crate::wire::raw_json::RawJson;
use crate::wire::redaction::redacted_debug;

pub(crate) mod profile;
pub(crate) mod restrictions;
pub(crate) mod service;
pub(crate) mod sign_in;
pub(crate) mod subscription;
pub(crate) mod token_details;

lenient::object! {
    /// A plex.tv account, as returned by [`token_details`](crate::PlexTv::token_details) and, in a
    /// [`SignedIn`](crate::SignedIn), by [`sign_in`](crate::PlexTv::sign_in) and
    /// [`switch_home_user`](crate::PlexTv::switch_home_user).
    ///
    /// Every field is optional, so if Plex drops, renames or changes a field, only that field is
    /// affected. There are two exceptions: a [`SignedIn`](crate::SignedIn) requires a token, and
    /// `token_details` requires at least one field that identifies the account. `null`, an empty
    /// string and a missing field are equivalent.
    ///
    /// Most programs need only the methods that interpret the fields:
    /// [`has_plex_pass`](Self::has_plex_pass), [`is_managed`](Self::is_managed),
    /// [`is_guest`](Self::is_guest) and [`has_home_pin`](Self::has_home_pin).
    ///
    /// `Debug` redacts names, email addresses, secrets, and the identifiers of the cloud sync
    /// device and the watch-later queue.
    ///
    /// In a test, create an account from JSON:
    ///
    /// ```
    /// use plex_auth_proto::Account;
    ///
    /// let account: Account = serde_json::from_str(
    ///     r#"{"authToken": "xyz-Abc_0123456789ab", "username": "rosa", "roles": ["plexpass"]}"#,
    /// )?;
    /// assert!(account.has_plex_pass());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Account {
        /// The token that Plex sends with the account. `None` in [`SignedIn`](crate::SignedIn),
        /// which has a separate field for it.
        pub auth_token: Option<Token> as "authToken",
        /// The account's numeric ID.
        pub id: Option<u64>,
        /// The account's public identifier: 16 hexadecimal digits.
        pub uuid: Option<String>,
        /// The username, or the email address if the user has not chosen a username. `None` for
        /// managed users.
        pub username: Option<String>,
        /// The display name. Managed users have one as well.
        pub title: Option<String>,
        /// The email address. `None` for managed users.
        pub email: Option<String>,
        /// The full name, if the user has set one.
        pub friendly_name: Option<String> as "friendlyName",
        /// The language, such as `en`.
        pub locale: Option<String>,
        /// Whether the email address is confirmed.
        pub confirmed: Option<bool>,
        /// The time at which the account was created.
        pub joined_at: Option<UnixSeconds> as "joinedAt",
        /// Whether the account uses email sign-in instead of a password.
        pub email_only_auth: Option<bool> as "emailOnlyAuth",
        /// Whether the account has a password.
        pub has_password: Option<bool> as "hasPassword",
        /// Whether switching to this Home user requires a PIN.
        pub protected: Option<bool>,
        /// The URL of the profile picture.
        pub thumb: Option<String>,
        /// The status of the subscription to Plex's mailing list.
        pub mailing_list_status: Option<MailingListStatus> as "mailingListStatus",
        /// Whether the user is subscribed to Plex's mailing list.
        pub mailing_list_active: Option<bool> as "mailingListActive",
        /// The enabled scrobbling services, as comma-separated numbers.
        pub scrobble_types: Option<String> as "scrobbleTypes",
        /// The country as a two-letter ISO 3166-1 code.
        pub country: Option<String>,
        /// A hash of the Home PIN.
        pub pin: Option<Secret>,
        /// The Plex Pass subscription.
        pub subscription: Option<Subscription>,
        /// The description of the Plex Pass subscription, such as `Lifetime Plex Pass`.
        pub subscription_description: Option<String> as "subscriptionDescription",
        /// Whether the user is a managed user, whose permissions the Home's administrator sets.
        pub restricted: Option<bool>,
        /// Whether this is an anonymous account, which has no email address.
        pub anonymous: Option<bool>,
        /// Whether the account is part of a Plex Home.
        pub home: Option<bool>,
        /// Whether the user is the guest of a Plex Home.
        pub guest: Option<bool>,
        /// The number of users in the Home.
        pub home_size: Option<u32> as "homeSize",
        /// Whether the user is the administrator of the Home.
        pub home_admin: Option<bool> as "homeAdmin",
        /// The maximum number of users in the Home.
        pub max_home_size: Option<u32> as "maxHomeSize",
        /// The time at which a "remember me" session expires.
        pub remember_expires_at: Option<UnixSeconds> as "rememberExpiresAt",
        /// The language and subtitle settings.
        pub profile: Option<Profile>,
        /// The platforms on which the account has full access, such as `ios`, or `all` for every
        /// platform.
        pub entitlements: Vec<String>,
        /// The roles of the account, such as `plexpass`.
        pub roles: Vec<String>,
        /// The current subscriptions.
        pub subscriptions: Vec<SubscriptionPeriod>,
        /// The subscriptions that have ended.
        pub past_subscriptions: Vec<SubscriptionPeriod> as "pastSubscriptions",
        /// The trial subscriptions.
        pub trials: Vec<SubscriptionPeriod>,
        /// The services that Plex's own clients use with this account.
        pub services: Vec<Service>,
        /// Whether the user consented to personalized ads. `None` if the user was not asked.
        pub ads_consent: Option<bool> as "adsConsent",
        /// The time at which the user answered the request for ads consent.
        pub ads_consent_set_at: Option<UnixSeconds> as "adsConsentSetAt",
        /// The time at which the user will be asked for ads consent again.
        pub ads_consent_reminder_at: Option<UnixSeconds> as "adsConsentReminderAt",
        /// Whether experimental features are enabled.
        pub experimental_features: Option<bool> as "experimentalFeatures",
        /// Whether signing in requires a verification code.
        pub two_factor_enabled: Option<bool> as "twoFactorEnabled",
        /// Whether backup codes exist for two-factor authentication.
        pub backup_codes_created: Option<bool> as "backupCodesCreated",
        /// The partner that referred the user.
        pub attribution_partner: Option<String> as "attributionPartner",
        /// The media providers, whose structure is unknown. Present for managed and guest users.
        pub providers: Vec<RawJson>,
        /// The name of the restriction profile, such as `little_kid`. Present for managed and guest
        /// users.
        pub restriction_profile: Option<String> as "restrictionProfile",
        /// The name of the restriction profile for older clients. Present for managed and guest
        /// users.
        pub mapped_restriction_profile: Option<String> as "mappedRestrictionProfile",
        /// The individual restrictions. Present for managed and guest users.
        pub custom_restrictions: Option<CustomRestrictions> as "customRestrictions",
        /// The settings of Plex's own clients. Present for managed and guest users.
        pub settings: Vec<Setting>,
        /// The identifier of the cloud sync device. Present for managed and guest users.
        pub cloud_sync_device: Option<String> as "cloudSyncDevice",
        /// The email address of the watch-later queue. Present for managed and guest users.
        pub queue_email: Option<String> as "queueEmail",
        /// The identifier of the watch-later queue. Present for managed and guest users.
        pub queue_uid: Option<String> as "queueUid",
    }
}

impl Account {
    /// Returns whether the account has an active Plex Pass.
    ///
    /// This is `subscription.active`. If that field is missing or unreadable, the result depends on
    /// `subscription.status`. If the status is also missing, unreadable or unknown, the result
    /// depends on the role `plexpass`. This way, an API change does not lock out paying users.
    pub fn has_plex_pass(&self) -> bool {
        let subscription = self.subscription.as_ref();
        let active = subscription.and_then(|subscription| subscription.active);
        let status = subscription.and_then(|subscription| subscription.status.as_ref());
        active
            .or_else(|| match status? {
                SubscriptionStatus::Active | SubscriptionStatus::PendingCancellation => Some(true),
                status => status.is_known().then_some(false),
            })
            .unwrap_or_else(|| self.roles.iter().any(|role| role == "plexpass"))
    }

    /// Returns whether the user is a managed user (`restricted`), who has no email address and
    /// whose permissions the Home's administrator sets.
    pub fn is_managed(&self) -> bool {
        self.restricted == Some(true)
    }

    /// Returns whether the user is the guest of a Home.
    pub fn is_guest(&self) -> bool {
        self.guest == Some(true)
    }

    /// Returns whether switching to this user requires a Home PIN (`protected`).
    pub fn has_home_pin(&self) -> bool {
        self.protected == Some(true)
    }

    /// Returns the JSON paths of fields that this version of the library could not read, so that a
    /// program can report them and tell them apart from missing fields.
    ///
    /// If a list element was dropped, the list's path is returned. Unknown fields and the content
    /// of a [`RawJson`] are not checked. Paths contain no values.
    ///
    /// ```
    /// use plex_auth_proto::Account;
    ///
    /// let account: Account = serde_json::from_str(
    ///     r#"{"authToken": "abc", "homeSize": "many", "subscription": {"active": [], "plan": null}}"#,
    /// )?;
    /// assert_eq!(account.home_size, None);
    /// assert_eq!(account.unreadable_fields(), ["homeSize", "subscription.active"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

redacted_debug! {
    /// Redacts names, email addresses, and the identifiers of the cloud sync device and the
    /// watch-later queue.
    Account {
        auth_token, id, uuid, username masked, title masked, email masked, friendly_name masked, locale, confirmed,
        joined_at, email_only_auth, has_password, protected, thumb, mailing_list_status, mailing_list_active,
        scrobble_types, country, pin, subscription, subscription_description, restricted, anonymous, home, guest,
        home_size, home_admin, max_home_size, remember_expires_at, profile, entitlements, roles, subscriptions,
        past_subscriptions, trials, services, ads_consent, ads_consent_set_at, ads_consent_reminder_at,
        experimental_features, two_factor_enabled, backup_codes_created, attribution_partner, providers,
        restriction_profile, mapped_restriction_profile, custom_restrictions, settings, cloud_sync_device masked,
        queue_email masked, queue_uid masked, unreadable,
    }
}

open_enum! {
    /// The status of the subscription to Plex's mailing list.
    pub enum MailingListStatus {
        /// The user is subscribed.
        Active = "active",
        /// The user has unsubscribed.
        Unsubscribed = "unsubscribed",
        /// Plex removed the address from the list.
        Removed = "removed",
    }
}

/// Parses an account. A successful response without any field that identifies an account is an
/// error: it may be an empty object, one of Plex's error responses or a captive portal's JSON.
pub(crate) fn read(body: &[u8]) -> Result<Account, DecodeError> {
    let account: Account = decode::object(body)?.unwrap_or_default();
    let Account { id, uuid, username, auth_token, .. } = &account;
    if id.is_none() && uuid.is_none() && username.is_none() && auth_token.is_none() {
        return Err(DecodeError::shape(
            "id",
            "and all other fields that identify an account are missing or invalid",
        ));
    }
    Ok(account)
}
