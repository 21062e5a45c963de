//! An account that somebody is signed in to.

use plex_auth_ureq::{Account, ServerUrl, Token};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The saved state of a sign-in.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Profile {
    #[serde(serialize_with = "expose")]
    pub(crate) token: Token,
    /// The plex.tv that the token is from, where that is not the real one: it is never sent to another unasked.
    #[serde(default, serialize_with = "url", deserialize_with = "parsed_url")]
    pub(crate) plex_tv: Option<ServerUrl>,
    /// The identifier that it was had under, where that is a device's and not the permanent one.
    #[serde(default)]
    pub(crate) client_identifier: Option<String>,
    /// Whether the token is renewed by the device's key.
    #[serde(default)]
    pub(crate) by_device_key: bool,
    /// Whose it is, as Plex said at the sign-in.
    #[serde(default)]
    pub(crate) uuid: Option<String>,
}

impl Profile {
    pub(crate) fn new(token: Token, plex_tv: Option<ServerUrl>) -> Self {
        Self { token, plex_tv, client_identifier: None, by_device_key: false, uuid: None }
    }

    /// The same, of somebody.
    pub(crate) fn of(mut self, account: &Account) -> Self {
        self.uuid.clone_from(&account.uuid);
        self
    }
}

/// What somebody is called: by the user name, or, as managed users have none, by what is shown.
pub(crate) fn name(account: &Account) -> String {
    let name = account.username.as_deref().or(account.title.as_deref());
    crate::output::plain(name.unwrap_or("somebody"))
}

/// Written down on purpose: this file is where the token lives.
fn expose<S: Serializer>(token: &Token, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

fn url<S: Serializer>(url: &Option<ServerUrl>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_ref().map(ServerUrl::to_string).serialize(serializer)
}

fn parsed_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ServerUrl>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse()).transpose().map_err(serde::de::Error::custom)
}
