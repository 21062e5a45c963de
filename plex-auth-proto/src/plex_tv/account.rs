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
    /// An account of plex.tv, as a sign-in or a token's details show it.
    ///
    /// Every field can be missing, so that a field that Plex drops, renames or sends in another form costs that field
    /// and nothing more; `null`, an empty text and absence are the same. What most programs compute from the fields are methods:
    /// [`has_plex_pass`](Self::has_plex_pass), [`is_managed`](Self::is_managed),
    /// [`is_guest`](Self::is_guest), [`has_home_pin`](Self::has_home_pin).
    ///
    /// `Debug` shows no e-mail address, no name and no secret.
    ///
    /// A test makes one from JSON:
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
        /// The token that Plex sends with the account. Missing in [`SignedIn`](crate::SignedIn), which has it beside
        /// the account.
        pub auth_token: Option<Token> as "authToken",
        /// The account's number.
        pub id: Option<u64>,
        /// The account's identifier for others: 16 hexadecimal digits.
        pub uuid: Option<String>,
        /// The user name. Missing for managed users; the e-mail address where none was chosen.
        pub username: Option<String>,
        /// The name to show, for managed users too.
        pub title: Option<String>,
        /// The e-mail address. Missing for managed users.
        pub email: Option<String>,
        /// The full name, where its owner gave one.
        pub friendly_name: Option<String> as "friendlyName",
        /// The chosen language, such as `en`.
        pub locale: Option<String>,
        /// Whether the e-mail address was confirmed.
        pub confirmed: Option<bool>,
        /// When the account was made.
        pub joined_at: Option<UnixSeconds> as "joinedAt",
        /// Whether the account signs in by e-mail only and has no password.
        pub email_only_auth: Option<bool> as "emailOnlyAuth",
        /// Whether the account has a password.
        pub has_password: Option<bool> as "hasPassword",
        /// Whether switching to this user of a Home asks for a PIN.
        pub protected: Option<bool>,
        /// The URL of the picture.
        pub thumb: Option<String>,
        /// What became of the subscription to Plex's mails.
        pub mailing_list_status: Option<MailingListStatus> as "mailingListStatus",
        /// Whether Plex's mails are sent.
        pub mailing_list_active: Option<bool> as "mailingListActive",
        /// The scrobbling services that are on, as numbers separated by commas.
        pub scrobble_types: Option<String> as "scrobbleTypes",
        /// The country, two letters of ISO 3166-1.
        pub country: Option<String>,
        /// A hash of the Home PIN.
        pub pin: Option<Secret>,
        /// The Plex Pass.
        pub subscription: Option<Subscription>,
        /// The Plex Pass in words, such as `Lifetime Plex Pass`.
        pub subscription_description: Option<String> as "subscriptionDescription",
        /// Whether this is a managed user, whose rights somebody else sets.
        pub restricted: Option<bool>,
        /// Whether the account was made without an e-mail address.
        pub anonymous: Option<bool>,
        /// Whether the account belongs to a Home.
        pub home: Option<bool>,
        /// Whether this is the guest of a Home.
        pub guest: Option<bool>,
        /// How many users the Home has.
        pub home_size: Option<u32> as "homeSize",
        /// Whether the account administers its Home.
        pub home_admin: Option<bool> as "homeAdmin",
        /// How many users the Home can have.
        pub max_home_size: Option<u32> as "maxHomeSize",
        /// Until when a session with "remember me" lasts.
        pub remember_expires_at: Option<UnixSeconds> as "rememberExpiresAt",
        /// Languages, subtitles and the like.
        pub profile: Option<Profile>,
        /// The platforms that the account may use in full, such as `ios`, or `all`.
        pub entitlements: Vec<String>,
        /// What the account is, such as `plexpass`.
        pub roles: Vec<String>,
        /// Subscriptions that run.
        pub subscriptions: Vec<SubscriptionPeriod>,
        /// Subscriptions that have ended.
        pub past_subscriptions: Vec<SubscriptionPeriod> as "pastSubscriptions",
        /// Trials.
        pub trials: Vec<SubscriptionPeriod>,
        /// The services that Plex's own clients use on behalf of the account.
        pub services: Vec<Service>,
        /// Whether personal advertisements were agreed to; missing while nobody has asked.
        pub ads_consent: Option<bool> as "adsConsent",
        /// When that was answered.
        pub ads_consent_set_at: Option<UnixSeconds> as "adsConsentSetAt",
        /// When it will be asked again.
        pub ads_consent_reminder_at: Option<UnixSeconds> as "adsConsentReminderAt",
        /// Whether features in trial are shown.
        pub experimental_features: Option<bool> as "experimentalFeatures",
        /// Whether signing in needs a verification code.
        pub two_factor_enabled: Option<bool> as "twoFactorEnabled",
        /// Whether there are backup codes for when the second factor is lost.
        pub backup_codes_created: Option<bool> as "backupCodesCreated",
        /// The partner through whom the account came.
        pub attribution_partner: Option<String> as "attributionPartner",
        /// Providers of media, as they came: their shape is not known. Seen at managed and guest users.
        pub providers: Vec<RawJson>,
        /// The name of the restrictions that apply, such as `little_kid`; seen at managed and guest users.
        pub restriction_profile: Option<String> as "restrictionProfile",
        /// The same name as older clients know it.
        pub mapped_restriction_profile: Option<String> as "mappedRestrictionProfile",
        /// Restrictions set one by one; seen at managed and guest users.
        pub custom_restrictions: Option<CustomRestrictions> as "customRestrictions",
        /// Settings that Plex's own clients keep; seen at managed and guest users.
        pub settings: Vec<Setting>,
        /// The identifier of the account's cloud sync; seen at managed and guest users.
        pub cloud_sync_device: Option<String> as "cloudSyncDevice",
        /// The address that mails for the watch-later queue go to; seen at managed and guest users.
        pub queue_email: Option<String> as "queueEmail",
        /// The identifier of that queue.
        pub queue_uid: Option<String> as "queueUid",
    }
}

impl Account {
    /// Whether the account has a Plex Pass that is in force.
    ///
    /// As `subscription.active` says; where that cannot be read, as `subscription.status` says, or the
    /// role `plexpass`, so that drift in one place takes nothing from who paid.
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

    /// Whether this is a managed user (`restricted`): one without an e-mail address of their own, whose
    /// rights the Home's administrator sets.
    pub fn is_managed(&self) -> bool {
        self.restricted == Some(true)
    }

    /// Whether this is the guest of a Home.
    pub fn is_guest(&self) -> bool {
        self.guest == Some(true)
    }

    /// Whether switching to this user asks for a Home PIN (`protected`).
    pub fn has_home_pin(&self) -> bool {
        self.protected == Some(true)
    }

    /// What Plex sent and this version could not read, as paths on the wire: to tell a field that has
    /// drifted from one that was not there, and to report it.
    ///
    /// A list is named where any element of it was left out. What is inside a field that this version
    /// does not know, or inside a [`RawJson`], is not looked at. No path holds a value.
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
    /// Names and e-mail addresses are shown as `***`: a log is no place for them.
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
    /// What became of the subscription to Plex's mails.
    pub enum MailingListStatus {
        /// Mails are sent.
        Active = "active",
        /// The owner wants none.
        Unsubscribed = "unsubscribed",
        /// Plex took the address off the list.
        Removed = "removed",
    }
}

/// Reads an account. A success that says nothing of one is not Plex's: an empty object, a list of errors, a captive
/// portal's JSON.
pub(crate) fn read(body: &[u8]) -> Result<Account, DecodeError> {
    let account: Account = decode::object(body)?.unwrap_or_default();
    let Account { id, uuid, username, auth_token, .. } = &account;
    if id.is_none() && uuid.is_none() && username.is_none() && auth_token.is_none() {
        return Err(DecodeError::shape(
            "id",
            "is missing, as is all else that identifies an account",
        ));
    }
    Ok(account)
}
