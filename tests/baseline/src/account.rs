//! The account as a strict struct: a missing required field or a field of the wrong type is an
//! error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub auth_token: String,
    pub id: Option<u64>,
    pub uuid: Option<String>,
    pub username: Option<String>,
    pub title: Option<String>,
    pub email: Option<String>,
    pub friendly_name: Option<String>,
    pub locale: Option<String>,
    pub confirmed: Option<bool>,
    pub joined_at: Option<i64>,
    pub email_only_auth: Option<bool>,
    pub has_password: Option<bool>,
    pub protected: Option<bool>,
    pub thumb: Option<String>,
    pub mailing_list_status: Option<MailingListStatus>,
    pub mailing_list_active: Option<bool>,
    pub scrobble_types: Option<String>,
    pub country: Option<String>,
    pub pin: Option<String>,
    pub subscription: Option<Subscription>,
    pub subscription_description: Option<String>,
    pub restricted: Option<bool>,
    pub anonymous: Option<bool>,
    pub home: Option<bool>,
    pub guest: Option<bool>,
    pub home_size: Option<u32>,
    pub home_admin: Option<bool>,
    pub max_home_size: Option<u32>,
    pub remember_expires_at: Option<i64>,
    pub profile: Option<Profile>,
    pub entitlements: Vec<String>,
    pub roles: Vec<String>,
    pub subscriptions: Vec<SubscriptionPeriod>,
    pub past_subscriptions: Vec<SubscriptionPeriod>,
    pub trials: Vec<SubscriptionPeriod>,
    pub services: Vec<Service>,
    pub ads_consent: Option<bool>,
    pub ads_consent_set_at: Option<i64>,
    pub ads_consent_reminder_at: Option<i64>,
    pub experimental_features: Option<bool>,
    pub two_factor_enabled: Option<bool>,
    pub backup_codes_created: Option<bool>,
    pub attribution_partner: Option<String>,
    pub providers: Vec<Box<RawValue>>,
    pub restriction_profile: Option<String>,
    pub mapped_restriction_profile: Option<String>,
    pub custom_restrictions: Option<BTreeMap<String, Option<String>>>,
    pub settings: Vec<Setting>,
    pub cloud_sync_device: Option<String>,
    pub queue_email: Option<String>,
    pub queue_uid: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailingListStatus {
    Active,
    Unsubscribed,
    Removed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub active: Option<bool>,
    pub subscribed_at: Option<String>,
    pub status: Option<SubscriptionStatus>,
    pub payment_service: Option<String>,
    pub plan: Option<String>,
    pub features: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub enum SubscriptionStatus {
    Active,
    Inactive,
    Canceled,
    PendingCancellation,
    Ended,
    Lapsed,
}

/// A profile's settings. Plex sends some of them as numbers, and the baseline does not convert
/// them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub auto_select_audio: Option<bool>,
    pub default_audio_language: Option<String>,
    pub default_audio_languages: Vec<String>,
    pub default_audio_accessibility: Option<u8>,
    pub default_subtitle_language: Option<String>,
    pub default_subtitle_languages: Vec<String>,
    pub auto_select_subtitle: Option<u8>,
    pub default_subtitle_accessibility: Option<u8>,
    pub default_subtitle_forced: Option<u8>,
    pub watched_indicator: Option<u8>,
    pub media_reviews_visibility: Option<u8>,
    pub media_reviews_languages: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionPeriod {
    pub id: Option<u64>,
    pub mode: Option<String>,
    pub state: Option<SubscriptionState>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub renews_at: Option<i64>,
    pub ends_at: Option<i64>,
    pub transfer: Option<String>,
    pub billing: Option<Billing>,
    pub canceled: Option<bool>,
    pub grace_period: Option<bool>,
    pub on_hold: Option<bool>,
    pub can_reactivate: Option<bool>,
    pub can_upgrade: Option<bool>,
    pub can_downgrade: Option<bool>,
    pub can_convert: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionState {
    Active,
    Ended,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Billing {
    pub payment_method_id: Option<u64>,
    pub internal_payment_method: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
pub struct Service {
    pub identifier: Option<String>,
    pub endpoint: Option<String>,
    pub token: Option<String>,
    pub secret: Option<String>,
    pub status: Option<ServiceStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceStatus {
    Online,
    Offline,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub value: Option<String>,
    pub hidden: Option<bool>,
    pub updated_at: Option<i64>,
}
