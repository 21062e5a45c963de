//! Answers with every field that Plex is known to send.

use serde_json::{Value, json};

/// Two servers, one of them somebody else's, and a player.
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

/// Its administrator, a managed user, and a guest.
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

/// A television with all that there is, and a lamp.
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
