//! An account that the user is signed in to.

use plex_auth_ureq::{Account, ClientIdentity, ServerUrl, Token};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The saved state of a sign-in.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Profile {
    #[serde(serialize_with = "expose", deserialize_with = "text")]
    pub(crate) token: Token,
    /// The URL of the plex.tv that issued the token, or `None` for the real plex.tv. The token is
    /// never sent to a different plex.tv.
    #[serde(default, serialize_with = "url", deserialize_with = "parsed_url")]
    pub(crate) plex_tv: Option<ServerUrl>,
    /// The client identifier that the token was issued to. `None` means the permanent
    /// identifier or, with a device key, the device's identifier.
    #[serde(default, deserialize_with = "identifier")]
    pub(crate) client_identifier: Option<String>,
    /// Whether the token is renewed with the device's key.
    #[serde(default)]
    pub(crate) by_device_key: bool,
    /// Whether the user passed the token to the tool, in which case other programs may use it, too.
    #[serde(default)]
    pub(crate) pasted: bool,
    /// The account's UUID, as reported at sign-in.
    #[serde(default)]
    pub(crate) uuid: Option<String>,
    /// The account's name, as reported at sign-in.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl Profile {
    pub(crate) fn new(token: Token, plex_tv: Option<ServerUrl>) -> Self {
        Self {
            token,
            plex_tv,
            client_identifier: None,
            by_device_key: false,
            pasted: false,
            uuid: None,
            name: None,
        }
    }

    /// Adds the account that the token belongs to.
    pub(crate) fn of(mut self, account: &Account) -> Self {
        self.uuid.clone_from(&account.uuid);
        self.name = Some(name(account));
        self
    }

    /// Returns the sign-in method, as shown to the user.
    pub(crate) fn method(&self) -> &'static str {
        if self.by_device_key { "device key" } else { "token" }
    }
}

/// Returns the account's username or, if it has none, its display name. Managed users have no
/// username.
pub(crate) fn name(account: &Account) -> String {
    let name = account.username.as_deref().filter(|name| !name.is_empty());
    crate::output::plain(name.or(account.title.as_deref()).unwrap_or("an account without a name"))
}

/// Exposes the token on purpose, because the state file is where it is saved.
fn expose<S: Serializer>(token: &Token, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

/// Accepts only a string as the token. Plex may send a number, but the tool never writes one.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Token, D::Error> {
    let text = Zeroizing::new(String::deserialize(deserializer)?);
    Token::new(text.as_str()).map_err(serde::de::Error::custom)
}

fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| ClientIdentity::builder(text.as_str()).build().map(|_| text))
        .transpose()
        .map_err(serde::de::Error::custom)
}

fn url<S: Serializer>(url: &Option<ServerUrl>, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_ref().map(ServerUrl::to_string).serialize(serializer)
}

fn parsed_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ServerUrl>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse()).transpose().map_err(serde::de::Error::custom)
}
