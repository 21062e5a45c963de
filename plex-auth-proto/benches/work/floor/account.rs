//! The account as a strict struct: of the wrong kind, or missing, is an error.
#![allow(dead_code, reason = "read by nobody here")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) auth_token: String,
    pub(crate) id: Option<u64>,
    pub(crate) uuid: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) confirmed: Option<bool>,
    pub(crate) joined_at: Option<i64>,
    pub(crate) email_only_auth: Option<bool>,
    pub(crate) has_password: Option<bool>,
    pub(crate) protected: Option<bool>,
    pub(crate) thumb: Option<String>,
    pub(crate) mailing_list_status: Option<MailingListStatus>,
    pub(crate) mailing_list_active: Option<bool>,
    pub(crate) scrobble_types: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) pin: Option<String>,
    pub(crate) subscription: Option<Subscription>,
    pub(crate) subscription_description: Option<String>,
    pub(crate) restricted: Option<bool>,
    pub(crate) anonymous: Option<bool>,
    pub(crate) home: Option<bool>,
    pub(crate) guest: Option<bool>,
    pub(crate) home_size: Option<u32>,
    pub(crate) home_admin: Option<bool>,
    pub(crate) max_home_size: Option<u32>,
    pub(crate) remember_expires_at: Option<i64>,
    pub(crate) profile: Option<Profile>,
    pub(crate) entitlements: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) subscriptions: Vec<SubscriptionPeriod>,
    pub(crate) past_subscriptions: Vec<SubscriptionPeriod>,
    pub(crate) trials: Vec<SubscriptionPeriod>,
    pub(crate) services: Vec<Service>,
    pub(crate) ads_consent: Option<bool>,
    pub(crate) ads_consent_set_at: Option<i64>,
    pub(crate) ads_consent_reminder_at: Option<i64>,
    pub(crate) experimental_features: Option<bool>,
    pub(crate) two_factor_enabled: Option<bool>,
    pub(crate) backup_codes_created: Option<bool>,
    pub(crate) attribution_partner: Option<String>,
    pub(crate) providers: Vec<Box<RawValue>>,
    pub(crate) restriction_profile: Option<String>,
    pub(crate) mapped_restriction_profile: Option<String>,
    pub(crate) custom_restrictions: Option<BTreeMap<String, Option<String>>>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) cloud_sync_device: Option<String>,
    pub(crate) queue_email: Option<String>,
    pub(crate) queue_uid: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailingListStatus {
    Active,
    Unsubscribed,
    Removed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subscription {
    pub(crate) active: Option<bool>,
    pub(crate) subscribed_at: Option<String>,
    pub(crate) status: Option<SubscriptionStatus>,
    pub(crate) payment_service: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) features: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) enum SubscriptionStatus {
    Active,
    Inactive,
    Canceled,
    PendingCancellation,
    Ended,
    Lapsed,
}

/// Plex sends its kinds as numbers, which are kept as such.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) auto_select_audio: Option<bool>,
    pub(crate) default_audio_language: Option<String>,
    pub(crate) default_audio_languages: Vec<String>,
    pub(crate) default_audio_accessibility: Option<u8>,
    pub(crate) default_subtitle_language: Option<String>,
    pub(crate) default_subtitle_languages: Vec<String>,
    pub(crate) auto_select_subtitle: Option<u8>,
    pub(crate) default_subtitle_accessibility: Option<u8>,
    pub(crate) default_subtitle_forced: Option<u8>,
    pub(crate) watched_indicator: Option<u8>,
    pub(crate) media_reviews_visibility: Option<u8>,
    pub(crate) media_reviews_languages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionPeriod {
    pub(crate) id: Option<u64>,
    pub(crate) mode: Option<String>,
    pub(crate) state: Option<SubscriptionState>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) renews_at: Option<i64>,
    pub(crate) ends_at: Option<i64>,
    pub(crate) transfer: Option<String>,
    pub(crate) billing: Option<Billing>,
    pub(crate) canceled: Option<bool>,
    pub(crate) grace_period: Option<bool>,
    pub(crate) on_hold: Option<bool>,
    pub(crate) can_reactivate: Option<bool>,
    pub(crate) can_upgrade: Option<bool>,
    pub(crate) can_downgrade: Option<bool>,
    pub(crate) can_convert: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SubscriptionState {
    Active,
    Ended,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Billing {
    pub(crate) payment_method_id: Option<u64>,
    pub(crate) internal_payment_method: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) identifier: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) status: Option<ServiceStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceStatus {
    Online,
    Offline,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setting {
    pub(crate) id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) hidden: Option<bool>,
    pub(crate) updated_at: Option<i64>,
}
