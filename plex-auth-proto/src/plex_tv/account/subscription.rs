use crate::values::unix_seconds::UnixSeconds;
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;
use crate::wire::raw_json::RawJson;

lenient::object! {
    /// The Plex Pass of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Subscription {
        /// Whether it is in force.
        pub active: Option<bool>,
        /// Since when, as Plex writes it: `2021-10-01T01:02:03Z`, on older paths
        /// `2021-10-01 01:02:03 UTC`. Missing without a subscription.
        pub subscribed_at: Option<String> as "subscribedAt",
        /// How it stands.
        pub status: Option<SubscriptionStatus>,
        /// Who collects the money, such as `braintree`. Missing without a subscription.
        pub payment_service: Option<String> as "paymentService",
        /// How it is paid, such as `monthly`, `yearly`, `lifetime`. Missing without a subscription.
        pub plan: Option<String>,
        /// What it brings: some 30 names for a free account, 70 to 120 for a Plex Pass.
        pub features: Vec<String>,
    }
}

open_enum! {
    /// How a [`Subscription`] stands.
    pub enum SubscriptionStatus {
        /// In force.
        Active = "Active",
        /// There is none.
        Inactive = "Inactive",
        /// Canceled.
        Canceled = "Canceled",
        /// Canceled, and in force until its end.
        PendingCancellation = "PendingCancellation",
        /// Ended.
        Ended = "Ended",
        /// Ended because a payment failed.
        Lapsed = "Lapsed",
    }
}

lenient::object! {
    /// One subscription of an [`Account`](crate::Account), running, past or on trial.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct SubscriptionPeriod {
        /// Its number or name. Missing for a lifetime.
        pub id: Option<String>,
        /// How it is paid, such as `monthly`, `lifetime`.
        pub mode: Option<String>,
        /// How it stands.
        pub state: Option<SubscriptionState>,
        /// What for, such as `plexpass`.
        pub kind: Option<String> as "type",
        /// When it renews.
        pub renews_at: Option<UnixSeconds> as "renewsAt",
        /// When it ends.
        pub ends_at: Option<UnixSeconds> as "endsAt",
        /// Where it was transferred from.
        pub transfer: Option<String>,
        /// How it is billed.
        pub billing: Option<Billing>,
        /// Whether it was canceled.
        pub canceled: Option<bool>,
        /// Whether a payment failed and it goes on for some days.
        pub grace_period: Option<bool> as "gracePeriod",
        /// Whether it is on hold.
        pub on_hold: Option<bool> as "onHold",
        /// Whether it can be taken up again.
        pub can_reactivate: Option<bool> as "canReactivate",
        /// Whether it can be changed to a larger one.
        pub can_upgrade: Option<bool> as "canUpgrade",
        /// Whether it can be changed to a smaller one.
        pub can_downgrade: Option<bool> as "canDowngrade",
        /// Whether it can be changed to another kind.
        pub can_convert: Option<bool> as "canConvert",
        /// Whether it is in force. Like the four fields below, it is in the published shape of a subscription;
        /// recorded responses have [`state`](Self::state) instead.
        pub active: Option<bool>,
        /// The status.
        pub status: Option<SubscriptionStatus>,
        /// The payment plan, such as `yearly`.
        pub plan: Option<String>,
        /// The payment service, such as `braintree`.
        pub payment_service: Option<String> as "paymentService",
        /// The names of the features that it brings.
        pub features: Vec<String>,
    }
}

open_enum! {
    /// How a [`SubscriptionPeriod`] stands.
    pub enum SubscriptionState {
        /// In force.
        Active = "active",
        /// Ended.
        Ended = "ended",
    }
}

lenient::object! {
    /// How a [`SubscriptionPeriod`] is billed.
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Billing {
        /// The number of the means of payment.
        pub payment_method_id: Option<u64> as "paymentMethodId",
        /// The means of payment, as it came: its shape is not known.
        pub internal_payment_method: Option<RawJson> as "internalPaymentMethod",
    }
}
