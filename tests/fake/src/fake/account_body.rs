//! plex.tv's account objects, without the fields that depend on the token.

use serde_json::{Map, Value, json};

/// Returns Rosa's account, with every field except those that only managed users have.
pub(crate) fn plex_pass() -> Map<String, Value> {
    let mut body = anybody(40_417_001, "5e1f0c9b7a3d2468", "rosa", "rosa@example.org");
    let rosa = json!({
        "friendlyName": "Rosa Ayala", "locale": "es-CL", "country": "CL", "protected": true,
        "pin": "$2y$10$madeUpHashOfRosasHomePin4711", "mailingListStatus": "active",
        "mailingListActive": true, "scrobbleTypes": "1,10", "joinedAt": 1_376_913_600,
        "home": true, "homeSize": 2, "homeAdmin": true, "experimentalFeatures": true,
        "backupCodesCreated": false, "attributionPartner": null,
        "adsConsent": true, "adsConsentSetAt": 1_655_812_345, "adsConsentReminderAt": 1_687_348_345,
        "subscriptionDescription": "Lifetime Plex Pass",
        "subscription": {
            "active": true, "subscribedAt": "2019-03-11T17:42:08Z", "status": "Active",
            "paymentService": "paperboat", "plan": "lifetime", "features": features(100),
        },
        "subscriptions": [subscription(Value::Null, "lifetime", "active", Value::Null)],
        "pastSubscriptions": [subscription(json!(771_203), "monthly", "ended", json!(1_552_324_928))],
        "trials": [],
        "entitlements": ["all", "toaster", "lighthouse_tv", "pocket_radio"],
        "roles": ["plexpass"],
        "profile": {
            "autoSelectAudio": true, "defaultAudioAccessibility": 0, "defaultAudioLanguage": "es",
            "defaultAudioLanguages": ["es", "pt"], "defaultSubtitleLanguage": "en",
            "defaultSubtitleLanguages": null, "autoSelectSubtitle": 1, "defaultSubtitleAccessibility": 1,
            "defaultSubtitleForced": 0, "watchedIndicator": 1, "mediaReviewsVisibility": 2,
            "mediaReviewsLanguages": null,
        },
        "services": services(),
    });
    merge(&mut body, rosa);
    body
}

/// Returns Tariq's free account. Fields that the published SDKs require are present even if they
/// have no value.
pub(crate) fn free() -> Map<String, Value> {
    let mut body = anybody(40_417_002, "9c04d7e1f2ab5836", "tariq", "tariq@example.org");
    let service = |name| {
        let mut service = service(name);
        if let Value::Object(service) = &mut service {
            merge(service, json!({ "token": null, "secret": null }));
        }
        service
    };
    let tariq = json!({
        "joinedAt": 1_601_553_600, "country": "MA", "mailingListStatus": "unsubscribed",
        "subscriptions": [], "pastSubscriptions": [], "trials": [],
        "services": [service("listings"), service("kites-staging")],
    });
    merge(&mut body, tariq);
    body
}

/// Returns Ingrid's account: a free account with two-factor authentication.
pub(crate) fn two_factor() -> Map<String, Value> {
    let mut body = anybody(40_417_003, "13b8a6c2e94f70d5", "ingrid", "ingrid@example.org");
    let ingrid = json!({
        "joinedAt": 1_514_764_800, "country": "NO", "friendlyName": "Ingrid Fjellvåk",
        "twoFactorEnabled": true, "backupCodesCreated": true,
    });
    merge(&mut body, ingrid);
    body
}

/// Returns Nilo's account: a managed user, with all fields that only managed users have.
pub(crate) fn managed() -> Map<String, Value> {
    let mut body = anybody(40_417_004, "e72a41d09c5b3f86", "", "");
    let nilo = json!({
        "title": "Nilo", "joinedAt": 1_640_995_200, "country": "CL", "hasPassword": false,
        "restricted": true, "home": true, "homeSize": 2, "guest": false,
        "providers": [{ "identifier": "example.kites", "title": "Kites", "types": "movie,show" }],
        "restrictionProfile": "older_kid", "mappedRestrictionProfile": "OLDER_KID",
        "customRestrictions": { "all": null, "movie": null, "show": null, "music": null, "photo": null },
        "settings": [
            { "id": "experience", "type": "json", "value": "{\"theme\":\"harbour\"}", "hidden": false, "updatedAt": 1_650_000_000 },
            { "id": "ratings", "type": "bool", "value": "1", "hidden": true, "updatedAt": 1_650_000_111 },
        ],
        "cloudSyncDevice": null, "queueEmail": "queue+nilo@example.org", "queueUid": "7d1c5a",
    });
    merge(&mut body, nilo);
    body
}

/// Returns Yaw's account, which has no password and as few fields as possible.
pub(crate) fn email_only() -> Map<String, Value> {
    let mut body = anybody(40_417_005, "48d3f5b1609e7ca2", "yaw", "yaw@example.org");
    let yaw = json!({
        "joinedAt": 1_672_531_200, "country": "GH", "emailOnlyAuth": true, "hasPassword": false,
        "mailingListStatus": "removed",
    });
    merge(&mut body, yaw);
    body
}

/// Returns the fields that all accounts have.
fn anybody(id: u64, uuid: &str, username: &str, email: &str) -> Map<String, Value> {
    let body = json!({
        "id": id, "uuid": uuid, "username": username, "title": username, "email": email,
        "friendlyName": "", "locale": null, "confirmed": true, "emailOnlyAuth": false,
        "hasPassword": true, "protected": false,
        "thumb": format!("https://plex.example/users/{uuid}/avatar?c=1700000000"),
        "mailingListStatus": null, "mailingListActive": false, "scrobbleTypes": "",
        "subscription": {
            "active": false, "subscribedAt": null, "status": "Inactive", "paymentService": null,
            "plan": null, "features": features(24),
        },
        "subscriptionDescription": null, "restricted": false, "anonymous": null, "home": false,
        "guest": false, "homeSize": 1, "homeAdmin": false, "maxHomeSize": 15,
        "profile": {
            "autoSelectAudio": true, "defaultAudioLanguage": null, "defaultSubtitleLanguage": null,
            "autoSelectSubtitle": 0, "defaultSubtitleAccessibility": 0, "defaultSubtitleForced": 0,
        },
        "entitlements": [], "services": [service("listings"), service("kites-staging")],
        "adsConsent": null, "adsConsentSetAt": null, "adsConsentReminderAt": null,
        "experimentalFeatures": false, "twoFactorEnabled": false, "backupCodesCreated": false,
    });
    let mut map = Map::new();
    merge(&mut map, body);
    map
}

/// Adds the members of another object, and replaces members that have the same key.
fn merge(map: &mut Map<String, Value>, over: Value) {
    if let Value::Object(over) = over {
        map.extend(over);
    }
}

/// Returns `count` feature names (at most 100), which cycle through all known styles.
fn features(count: usize) -> Vec<String> {
    let places = [
        "harbour",
        "attic",
        "orchard",
        "lighthouse",
        "cellar",
        "rooftop",
        "garden",
        "quarry",
        "meadow",
        "wharf",
    ];
    let things = [
        "lantern",
        "kite",
        "teapot",
        "compass",
        "anchor",
        "bicycle",
        "telescope",
        "umbrella",
        "ladder",
        "bell",
    ];
    let name = |(number, (place, thing)): (usize, (&str, &str))| match number % 5 {
        0 => format!("{place}-{thing}"),
        1 => format!("{place}_{thing}"),
        2 => format!("{} - {thing}", place.to_ascii_uppercase()),
        3 => format!("{place} {thing}"),
        _ => format!("{thing}s{number}-{place}"),
    };
    let pairs = things.iter().flat_map(|thing| places.iter().map(move |place| (*place, *thing)));
    pairs.enumerate().map(name).take(count).collect()
}

/// Returns an element of `subscriptions` or `pastSubscriptions`.
fn subscription(id: Value, mode: &str, state: &str, ends_at: Value) -> Value {
    json!({
        "id": id, "mode": mode, "state": state, "type": "plexpass", "renewsAt": null, "endsAt": ends_at,
        "transfer": null, "canceled": state == "ended", "gracePeriod": false, "onHold": false,
        "canReactivate": false, "canUpgrade": false, "canDowngrade": false, "canConvert": false,
        "billing": { "paymentMethodId": null, "internalPaymentMethod": {} },
    })
}

/// Returns a service without a token.
fn service(name: &str) -> Value {
    json!({ "identifier": name, "endpoint": format!("https://{name}.services.example"), "status": "online" })
}

/// Returns services of all kinds: with a token, with a token and a secret, and with neither. One is
/// offline.
fn services() -> Vec<Value> {
    let mut services: Vec<Value> = [
        "listings",
        "listings-staging",
        "kites",
        "kites-dev",
        "harbour-charts",
        "lyrics",
        "pictures",
        "weather",
        "places",
        "posters",
        "trailers",
        "subtitles",
    ]
    .into_iter()
    .map(service)
    .collect();
    for (number, service) in services.iter_mut().enumerate() {
        let Value::Object(service) = service else {
            continue;
        };
        match number % 4 {
            1 => merge(service, json!({ "token": format!("service-token-{number}") })),
            2 => merge(
                service,
                json!({ "token": format!("service-token-{number}"), "secret": format!("service-secret-{number}") }),
            ),
            3 => merge(
                service,
                json!({ "token": null, "status": if number == 7 { "offline" } else { "online" } }),
            ),
            _ => {}
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_the_shape_of_real_ones() {
        let rosa = Value::Object(plex_pass());
        assert_eq!(rosa["subscription"]["features"].as_array().unwrap().len(), 100);
        let size = rosa.to_string().len();
        assert!((5_000..10_000).contains(&size), "{size}");

        for absent in ["pin", "roles", "subscriptions", "pastSubscriptions", "trials", "providers"]
        {
            assert!(!email_only().contains_key(absent), "{absent}");
        }
        let nilo = managed();
        assert_eq!((&nilo["email"], &nilo["username"]), (&json!(""), &json!("")));
        assert!(nilo["customRestrictions"].as_object().unwrap().values().all(Value::is_null));
    }

    #[test]
    fn features_are_unique() {
        let mut names = features(100);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 100);
    }
}
