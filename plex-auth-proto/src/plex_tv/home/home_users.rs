use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::values::home_user_uuid::HomeUserUuid;
use crate::values::token::Token;
use crate::wire::decode::{self, DecodeError};
use crate::wire::lenient;
use crate::wire::redaction::redacted_debug;

pub(crate) const OPERATION: Operation =
    Operation::new("getHomeUsers", Host::PlexTv, Method::GET, "/home/users")
        .idempotent()
        .own_connection();

impl PlexTv {
    /// Returns the users of the account's Plex Home, for example to show a user picker. Sends
    /// `GET {plex.tv}/home/users` (getHomeUsers).
    ///
    /// [`switch_home_user`](Self::switch_home_user) returns a token for the selected user.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401 | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | a successful response with JSON that is not an object | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `.` |
    /// | a successful response without any of a Home's fields | [`UnexpectedShape`](crate::ResponseError::UnexpectedShape) at `users` |
    ///
    /// An unreadable entry is dropped and reported by
    /// [`unreadable_fields`](Home::unreadable_fields). Sources: recorded responses. The operation
    /// name is from the published API.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{http, ClientIdentity, PlexTv, Token};
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).home_users(&token).into_parts();
    /// assert_eq!(request.uri(), "https://plex.tv/api/v2/home/users");
    ///
    /// let answer = http::Response::new(
    ///     r#"{"id":7,"users":[{"uuid":"5e1f0c9b7a3d2468","title":"Rosa","admin":true,"protected":true},
    ///                         {"uuid":"e72a41d09c5b3f86","title":"Nilo","restricted":true}]}"#,
    /// );
    /// let home = reply.parse(&answer)?;
    /// let rosa = &home.users[0];
    /// assert_eq!(rosa.title.as_deref(), Some("Rosa"));
    /// assert!(rosa.has_home_pin() && !home.users[1].has_home_pin());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "getHomeUsers")]
    pub fn home_users(&self, token: &Token) -> Call<Home> {
        let request = request::request(&OPERATION, "", &self.identity, &self.url, Some(token));
        Call::new(&OPERATION, request, read)
    }
}

lenient::object! {
    /// A Plex Home: a group of users who share their servers and, if the Home has one, a Plex Pass.
    ///
    /// `Debug` redacts names and email addresses. In a test, create a Home from JSON:
    ///
    /// ```
    /// let home: plex_auth_proto::home::Home =
    ///     serde_json::from_str(r#"{"users": [{"uuid": "e72a41d09c5b3f86", "title": "Nilo"}]}"#)?;
    /// assert_eq!(home.users.len(), 1);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub struct Home {
        /// The numeric ID of the Home.
        pub id: Option<u64>,
        /// The name of the Home.
        pub name: Option<String>,
        /// The guest's numeric account ID.
        pub guest_user_id: Option<u64> as "guestUserID",
        /// The identifier for [switching](PlexTv::switch_home_user) to the guest.
        pub guest_user_uuid: Option<HomeUserUuid> as "guestUserUUID",
        /// Whether guests are allowed.
        pub guest_enabled: Option<bool> as "guestEnabled",
        /// Whether the Home has a Plex Pass.
        pub subscription: Option<bool>,
        /// The users, in Plex's order.
        pub users: Vec<HomeUser>,
    }
}

impl Home {
    /// Returns the JSON paths of fields that this version of the library could not read, such as
    /// `users.1.admin`, so that a program can report them and tell them apart from missing fields.
    ///
    /// If a list element was dropped, the list's path is returned. Paths contain no values.
    ///
    /// ```
    /// let home: plex_auth_proto::home::Home =
    ///     serde_json::from_str(r#"{"users": [7, {"uuid": "../x", "title": "Nilo"}]}"#)?;
    /// assert_eq!(home.users.len(), 1);
    /// assert_eq!(home.unreadable_fields(), ["users", "users.0.uuid"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn unreadable_fields(&self) -> Vec<String> {
        lenient::unreadable_fields(self)
    }
}

lenient::object! {
    /// A user of a [`Home`]. `Debug` redacts names and the email address.
    #[derive(Default)]
    #[non_exhaustive]
    pub struct HomeUser {
        /// The account's numeric ID.
        pub id: Option<u64>,
        /// The identifier for [switching](PlexTv::switch_home_user) to this user.
        pub uuid: Option<HomeUserUuid>,
        /// The display name.
        pub title: Option<String>,
        /// The username. `None` for managed users.
        pub username: Option<String>,
        /// The email address. `None` for managed users.
        pub email: Option<String>,
        /// The full name, if the user has set one.
        pub friendly_name: Option<String> as "friendlyName",
        /// The URL of the profile picture.
        pub thumb: Option<String>,
        /// Whether the account has a password.
        pub has_password: Option<bool> as "hasPassword",
        /// Whether the user is a managed user, whose permissions the Home's administrator sets.
        pub restricted: Option<bool>,
        /// Whether the user is the administrator of the Home.
        pub admin: Option<bool>,
        /// Whether the user is the guest.
        pub guest: Option<bool>,
        /// Whether switching to this user requires a PIN. See [`has_home_pin`](Self::has_home_pin).
        pub protected: Option<bool>,
        /// The name of the restriction profile, such as `little_kid`. `None` if the user has none.
        pub restriction_profile: Option<String> as "restrictionProfile",
        /// The time of the last change, in Plex's format.
        pub updated_at: Option<String> as "updatedAt",
    }
}

impl HomeUser {
    /// Returns whether switching to this user requires a Home PIN (`protected`).
    pub fn has_home_pin(&self) -> bool {
        self.protected == Some(true)
    }
}

redacted_debug! {
    /// Redacts the name.
    Home {
        id, name masked, guest_user_id, guest_user_uuid, guest_enabled, subscription, users, unreadable,
    }
}

redacted_debug! {
    /// Redacts names and the email address.
    HomeUser {
        id, uuid, title masked, username masked, email masked, friendly_name masked, thumb, has_password, restricted,
        admin, guest, protected, restriction_profile, updated_at, unreadable,
    }
}

fn read(body: &[u8]) -> Result<Home, DecodeError> {
    // Any field may be missing, but an object without any of them is not a Home. It may be one of
    // Plex's error responses.
    decode::object_with(body, "users", |home: &Home| {
        let Home { id, name, guest_user_id, guest_user_uuid, guest_enabled, subscription, .. } =
            home;
        let has_number = id.or(*guest_user_id).is_some();
        let has_text = name.is_some() || guest_user_uuid.is_some();
        let has_flag = guest_enabled.or(*subscription).is_some();
        home.users.is_empty() && !has_number && !has_text && !has_flag
    })
}

#[cfg(test)]
mod tests {
    use super::{Home, read};
    use crate::wire::decode::DecodeError;
    use crate::{ClientIdentity, PlexTv, Token};

    fn parse(body: &str) -> Home {
        read(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
    }

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).home_users(&Token::new("abc").unwrap());
        assert_eq!(call.request().method(), "GET");
        assert_eq!(call.request().uri(), "https://plex.tv/api/v2/home/users");
        assert_eq!(call.request().headers()["x-plex-token"], "abc");
        assert!(!call.request().headers().contains_key("content-length"));
    }

    #[test]
    fn every_field_is_read_and_debug_redacts() {
        let home = parse(
            r#"{"id":7,"name":"canary-home","guestUserID":8,"guestUserUUID":"0a1b2c3d4e5f6071","guestEnabled":true,
                "subscription":true,"users":[{"id":1,"uuid":"5e1f0c9b7a3d2468","title":"canary-title",
                "username":"canary-username","email":"canary@example.org","friendlyName":"canary-friendly",
                "thumb":"https://plex.example/a.png","hasPassword":true,"restricted":false,"admin":true,
                "guest":false,"protected":true,"restrictionProfile":"teen","updatedAt":1650000000}]}"#,
        );
        let shown = format!("{home:?} {home:#?}");
        assert!(!shown.contains("canary") && !shown.contains("None"), "{shown}");
        let rosa = &home.users[0];
        assert_eq!(rosa.email.as_deref(), Some("canary@example.org"));
        assert_eq!(rosa.uuid.as_ref().unwrap().as_str(), "5e1f0c9b7a3d2468");
        assert_eq!(rosa.updated_at.as_deref(), Some("1650000000"));
        assert!(home.unreadable_fields().is_empty());
    }

    #[test]
    fn minimal_and_unusual_homes_are_read() {
        assert!(parse(r#"{"users":[]}"#).users.is_empty());
        assert!(parse(r#"{"id":7}"#).users.is_empty());
        assert!(parse(r#"{"\ud800":1,"users":[],"x":1e999}"#).users.is_empty());
        let one = parse(r#"{"users":{"uuid":7,"protected":"1","username":"","email":null}}"#);
        assert_eq!(one.users[0].uuid.as_ref().unwrap().as_str(), "7");
        assert!(one.users[0].has_home_pin() && one.users[0].email.is_none());
        let odd = parse(
            r#"{"guestUserUUID":"a/b","users":["x",{"uuid":"a b"},{"uuid":"c","admin":[]}]}"#,
        );
        assert_eq!(odd.users.len(), 2);
        assert_eq!(
            odd.unreadable_fields(),
            ["guestUserUUID", "users", "users.0.uuid", "users.1.admin"]
        );
        for (body, place) in [
            ("[]", "."),
            ("null", "."),
            ("7", "."),
            ("{}", "users"),
            (r#"{"errors":[{"code":1001}]}"#, "users"),
        ] {
            match read(body.as_bytes()).unwrap_err() {
                DecodeError::Shape { path, .. } => assert_eq!(path, place, "{body}"),
                error => panic!("{body}: {error:?}"),
            }
        }
    }
}
