use crate::values::unix_seconds::UnixSeconds;
use crate::wire::lenient;
use crate::wire::open_enum::open_enum;
use crate::wire::raw_json::RawJson;

lenient::object! {
    /// The Plex Pass subscription of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Subscription {
        /// Whether the subscription is active.
        pub active: Option<bool>,
        /// The start of the subscription, in Plex's format: `2021-10-01T01:02:03Z`, or
        /// `2021-10-01 01:02:03 UTC` from older endpoints. `None` if there is no subscription.
        pub subscribed_at: Option<String> as "subscribedAt",
        /// The status of the subscription.
        pub status: Option<SubscriptionStatus>,
        /// The payment service, such as `braintree`. `None` if there is no subscription.
        pub payment_service: Option<String> as "paymentService",
        /// The payment plan, such as `monthly`, `yearly` or `lifetime`. `None` if there is no
        /// subscription.
        pub plan: Option<String>,
        /// The names of the included features. A free account also has some features.
        pub features: Vec<String>,
    }
}

open_enum! {
    /// The status of a [`Subscription`].
    pub enum SubscriptionStatus {
        /// Active.
        Active = "Active",
        /// No subscription.
        Inactive = "Inactive",
        /// Canceled.
        Canceled = "Canceled",
        /// Canceled, but active until it ends.
        PendingCancellation = "PendingCancellation",
        /// Ended.
        Ended = "Ended",
        /// Ended because a payment failed.
        Lapsed = "Lapsed",
    }
}

lenient::object! {
    /// A current, past or trial subscription of an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct SubscriptionPeriod {
        /// The identifier. `None` for a lifetime subscription.
        pub id: Option<String>,
        /// The payment mode, such as `monthly` or `lifetime`.
        pub mode: Option<String>,
        /// The state of the subscription.
        pub state: Option<SubscriptionState>,
        /// The type, such as `plexpass`.
        pub kind: Option<String> as "type",
        /// The time of the next renewal.
        pub renews_at: Option<UnixSeconds> as "renewsAt",
        /// The time at which the subscription ends.
        pub ends_at: Option<UnixSeconds> as "endsAt",
        /// The origin of a transferred subscription.
        pub transfer: Option<String>,
        /// The billing details.
        pub billing: Option<Billing>,
        /// Whether the subscription was canceled.
        pub canceled: Option<bool>,
        /// Whether the subscription is in a grace period after a failed payment.
        pub grace_period: Option<bool> as "gracePeriod",
        /// Whether the subscription is on hold.
        pub on_hold: Option<bool> as "onHold",
        /// Whether the subscription can be reactivated.
        pub can_reactivate: Option<bool> as "canReactivate",
        /// Whether the subscription can be upgraded.
        pub can_upgrade: Option<bool> as "canUpgrade",
        /// Whether the subscription can be downgraded.
        pub can_downgrade: Option<bool> as "canDowngrade",
        /// Whether the subscription can be converted to another type.
        pub can_convert: Option<bool> as "canConvert",
        /// Whether the subscription is active. This and the next four fields are from the published
        /// API. Recorded responses have [`state`](Self::state) instead.
        pub active: Option<bool>,
        /// The status.
        pub status: Option<SubscriptionStatus>,
        /// The payment plan, such as `yearly`.
        pub plan: Option<String>,
        /// The payment service, such as `braintree`.
        pub payment_service: Option<String> as "paymentService",
        /// The names of the included features.
        pub features: Vec<String>,
    }
}

open_enum! {
    /// The state of a [`SubscriptionPeriod`].
    pub enum SubscriptionState {
        /// Active.
        Active = "active",
        /// Ended.
        Ended = "ended",
    }
}

lenient::object! {
    /// The billing details of a [`SubscriptionPeriod`].
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Billing {
        /// The ID of the payment method.
        pub payment_method_id: Option<u64> as "paymentMethodId",
        /// The payment method. Its structure is unknown.
        pub internal_payment_method: Option<RawJson> as "internalPaymentMethod",
    }
}
