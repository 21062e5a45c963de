//! Responses with every known field.

use serde_json::{Value, json};

pub(crate) fn account() -> Value {
    serde_json::from_str(include_str!("../../fixtures/account.json")).unwrap()
}

pub(crate) fn source() -> Value {
    json!({"MediaContainer": {"Device": [
        {"name": "Attic", "clientIdentifier": "5f0e1c2d", "accessToken": "transient-5ea1",
         "Connection": [
            {"protocol": "https", "address": "10.0.2.1", "port": 32400,
             "uri": "https://10-0-2-1.feed.plex.direct:32400", "local": true, "relay": false},
            {"protocol": "https", "address": "203.0.113.9", "port": 8443,
             "uri": "https://203-0-113-9.feed.plex.direct:8443", "local": false, "relay": true},
         ]},
        {"name": "Cellar", "clientIdentifier": "99ab", "accessToken": "transient-77",
         "Connection": [{"protocol": "http", "address": "10.0.2.2", "port": 1,
             "uri": "http://10.0.2.2:1", "local": true, "relay": false}]},
    ]}})
}

pub(crate) fn transient() -> Value {
    json!({"MediaContainer": {"size": 0, "token": "transient-5ea1"}})
}

pub(crate) fn pin() -> Value {
    json!({
        "id": 2_147_483_650_u64, "code": "8lzfqpkmtyfvdqo4q9ri9l35c", "product": "My & App #1",
        "trusted": true, "qr": "https://plex.tv/api/v2/pins/qr/8lzf", "clientIdentifier": "id",
        "location": {
            "code": "NO", "european_union_member": false, "continent_code": "EU", "country": "Norway",
            "city": "Kjelvik", "time_zone": "Europe/Oslo", "postal_code": "9750",
            "in_privacy_restricted_country": false, "in_privacy_restricted_region": true,
            "subdivisions": "Finnmark", "coordinates": "70.9821, 26.1210",
        },
        "expiresIn": 1800, "createdAt": "2024-05-06T07:08:09Z", "expiresAt": "2024-05-06T07:38:09Z",
        "authToken": "xyz-Abc_0123456789ab", "newRegistration": false,
    })
}

pub(crate) fn plex_keys() -> Value {
    json!({"keys": [
        {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": "vPj2", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "k2",
         "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ]})
}

/// Returns a shared server with every field, a server that the account owns, and a player.
pub(crate) fn resources() -> Value {
    json!([
        {"name": "Attic", "product": "Plex Media Server", "productVersion": "1.40.0.7998-c29d4c0c8",
         "platform": "Linux", "platformVersion": "22.04", "device": "PC", "clientIdentifier": "5f0e1c2d",
         "createdAt": "2021-10-01T01:02:03Z", "lastSeenAt": "2026-08-01T10:20:30Z", "provides": "server",
         "ownerId": 40_417_001, "sourceTitle": "Rosa", "publicAddress": "203.0.113.9",
         "accessToken": "s3rv3r-5ea1", "owned": false, "home": true, "synced": false, "relay": true,
         "presence": true, "httpsRequired": false, "publicAddressMatches": true,
         "dnsRebindingProtection": false, "natLoopbackSupported": true, "connections": [
            {"protocol": "https", "address": "10.0.2.1", "port": 32400,
             "uri": "https://10-0-2-1.feed.plex.direct:32400", "local": true, "relay": false, "IPv6": false},
            {"protocol": "https", "address": "2001:db8::9", "port": 8443,
             "uri": "https://2001-db8--9.feed.plex.direct:8443", "local": false, "relay": true, "IPv6": true},
        ]},
        {"name": "Cellar", "provides": "server", "clientIdentifier": "99ab", "accessToken": "s3rv3r-77",
         "owned": true, "connections": [{"port": 1, "local": true}]},
        {"name": "Phone", "provides": "player,pubsub-player", "connections": []},
    ])
}

/// Returns a Home with an administrator, a managed user and a guest.
pub(crate) fn home() -> Value {
    json!({
        "id": 60_417, "name": "Rosa's", "guestUserID": 40_417_009, "guestUserUUID": "0a1b2c3d4e5f6071",
        "guestEnabled": true, "subscription": true, "users": [
            {"id": 40_417_001, "uuid": "5e1f0c9b7a3d2468", "title": "rosa", "username": "rosa",
             "email": "rosa@example.org", "friendlyName": "Rosa Ayala",
             "thumb": "https://plex.example/users/5e1f/avatar", "hasPassword": true, "restricted": false,
             "admin": true, "guest": false, "protected": true, "updatedAt": 1_650_000_000},
            {"id": 40_417_004, "uuid": "e72a41d09c5b3f86", "title": "Nilo", "hasPassword": false,
             "restricted": true, "admin": false, "guest": false, "protected": false,
             "restrictionProfile": "older_kid"},
            {"id": 40_417_009, "uuid": "0a1b2c3d4e5f6071", "title": "Guest", "guest": true},
        ],
    })
}

/// Returns a list of two devices: a television with every field, and a lamp.
pub(crate) fn devices() -> Value {
    json!({"MediaContainer": {"publicAddress": "203.0.113.9", "Device": [
        {"id": "4711", "name": "Television", "product": "Plex for Roku", "productVersion": "2.4.1",
         "platform": "Roku", "platformVersion": "11", "device": "Roku 3", "model": "4200X", "vendor": "Roku",
         "provides": "player,controller", "clientIdentifier": "5f0e1c2d", "version": "2.4",
         "publicAddress": "203.0.113.9", "token": "t3l3v1s10n", "createdAt": "1650000000",
         "lastSeenAt": "1700000000", "Connection": [
            {"uri": "http://10.0.2.1:8324"}, {"uri": "http://10.0.2.2:8324"},
         ]},
        {"id": "4712", "name": "Lamp", "token": "l4mp", "Connection": [{"uri": "http://10.0.2.3:1"}]},
    ]}})
}
