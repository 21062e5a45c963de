use std::fmt;
use std::sync::Arc;

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The longest value of a field, in bytes.
const MAX_LENGTH: usize = 1024;

/// What the library calls itself where the identity names no user agent. Gateways are known to refuse
/// requests without one.
const DEFAULT_USER_AGENT: &str = concat!("plex-auth/", env!("CARGO_PKG_VERSION"));

/// Who is asking: the `X-Plex-*` headers that go with every request.
///
/// The identifier is required, has no default and is never made up: Plex takes an unknown one for a new
/// device, lists it and sends its owner a security mail. Make one once per installation (a UUID will
/// do), keep it, and use it for ever; a PIN made under another is not found.
///
/// The other fields are what the owner reads in the list of devices. Product, version, platform and
/// device are the ones that the published SDKs send (as `clientName`, `clientVersion`, `platform`,
/// `deviceNickname`).
///
/// # What a field may hold
///
/// | input | what becomes of it |
/// |---|---|
/// | white space around a value, line breaks too | trimmed |
/// | nothing, or white space alone | the identifier: refused; any other field: not sent |
/// | text beyond ASCII, such as `Salon d'été` or `客厅` | sent as UTF-8, byte for byte; the identifier and the user agent: refused |
/// | line breaks and other control characters inside | refused |
/// | more than 1024 bytes | refused |
///
/// ```
/// use plex_auth_proto::ClientIdentity;
///
/// let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58")
///     .product("Plex for Roku")
///     .version("2.4.1")
///     .platform("Roku")
///     .device("Roku 3")
///     .device_name("Salon d'été")
///     .build()?;
/// assert_eq!(me.identifier(), "3381b62b-9ab7-4e37-827b-203e9809eb58");
/// assert_eq!(me.headers()["x-plex-device"], "Roku 3");
///
/// let error = ClientIdentity::builder("").build().unwrap_err();
/// assert_eq!(error.to_string(), "the identifier is empty; make one once, keep it and use it for ever");
/// # Ok::<(), plex_auth_proto::error::InvalidIdentity>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    headers: Arc<HeaderMap>,
}

impl ClientIdentity {
    /// Starts an identity with the one field that it needs.
    pub fn builder(identifier: impl Into<String>) -> ClientIdentityBuilder {
        ClientIdentityBuilder { fields: vec![(Field::Identifier, identifier.into())] }
    }

    /// The client identifier.
    pub fn identifier(&self) -> &str {
        let value = self.headers.get(Field::Identifier.header());
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The headers that go with every request: `accept`, `user-agent` and the `x-plex-*` ones. For
    /// requests that are made by hand.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientIdentity").field(&self.headers).finish()
    }
}

/// Collects the fields of a [`ClientIdentity`]; [`build`](Self::build) checks them.
#[derive(Clone, Debug)]
#[must_use = "`build` makes the identity"]
pub struct ClientIdentityBuilder {
    fields: Vec<(Field, String)>,
}

impl ClientIdentityBuilder {
    /// The name of the application: `X-Plex-Product`. The published SDKs call it `clientName`.
    pub fn product(self, product: impl Into<String>) -> Self {
        self.with(Field::Product, product)
    }

    /// The version of the application: `X-Plex-Version`. The published SDKs call it `clientVersion`.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.with(Field::Version, version)
    }

    /// The operating system or the platform: `X-Plex-Platform`, such as `Roku`, `iOS`, `Linux`.
    pub fn platform(self, platform: impl Into<String>) -> Self {
        self.with(Field::Platform, platform)
    }

    /// The version of the platform: `X-Plex-Platform-Version`.
    pub fn platform_version(self, version: impl Into<String>) -> Self {
        self.with(Field::PlatformVersion, version)
    }

    /// What kind of device it is: `X-Plex-Device`, such as `Roku 3`. The published SDKs call it
    /// `deviceNickname`.
    pub fn device(self, device: impl Into<String>) -> Self {
        self.with(Field::Device, device)
    }

    /// What its owner calls it: `X-Plex-Device-Name`, such as `Living room`.
    pub fn device_name(self, name: impl Into<String>) -> Self {
        self.with(Field::DeviceName, name)
    }

    /// The model of the device: `X-Plex-Model`, such as `4200X`.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.with(Field::Model, model)
    }

    /// Who made the device: `X-Plex-Device-Vendor`, such as `Roku`.
    pub fn vendor(self, vendor: impl Into<String>) -> Self {
        self.with(Field::Vendor, vendor)
    }

    /// The shop that the application came from: `X-Plex-Marketplace`, such as `googlePlay`.
    pub fn marketplace(self, marketplace: impl Into<String>) -> Self {
        self.with(Field::Marketplace, marketplace)
    }

    /// What the device offers to others, separated by commas: `X-Plex-Provides`, such as
    /// `player,controller`.
    pub fn provides(self, provides: impl Into<String>) -> Self {
        self.with(Field::Provides, provides)
    }

    /// The language of the texts that Plex answers with: `X-Plex-Language`, a BCP 47 tag such as `de`.
    pub fn language(self, language: impl Into<String>) -> Self {
        self.with(Field::Language, language)
    }

    /// The `User-Agent`, in place of this library's name and version.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        self.with(Field::UserAgent, user_agent)
    }

    fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// Checks the fields and encodes them, once for all calls. Of a field that was set twice the last
    /// value counts.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentity`] names the field and what is wrong with it.
    pub fn build(self) -> Result<ClientIdentity, InvalidIdentity> {
        let mut headers = HeaderMap::with_capacity(self.fields.len() + MORE_HEADERS);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(DEFAULT_USER_AGENT));
        for (field, value) in self.fields {
            let value = value.trim();
            let fail = |problem| Err(InvalidIdentity { field: field.name(), problem });
            if value.is_empty() {
                if field == Field::Identifier {
                    return fail(IdentityProblem::Empty);
                }
                continue;
            }
            if value.len() > MAX_LENGTH {
                return fail(IdentityProblem::TooLong);
            }
            if value.contains(['\r', '\n']) {
                return fail(IdentityProblem::LineBreak);
            }
            if value.chars().any(char::is_control) {
                return fail(IdentityProblem::ControlCharacter);
            }
            if field.is_ascii_only() && !value.is_ascii() {
                return fail(IdentityProblem::NotAscii);
            }
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
                return fail(IdentityProblem::ControlCharacter);
            };
            headers.insert(field.header(), value);
        }
        // A copy has room in its index for those to come, and none among its headers: a thousand bytes less.
        Ok(ClientIdentity { headers: Arc::new(headers.clone()) })
    }
}

/// Those beside the fields: `accept`, `user-agent`, `content-type`, `content-length` and the token.
const MORE_HEADERS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Identifier,
    Product,
    Version,
    Platform,
    PlatformVersion,
    Device,
    DeviceName,
    Model,
    Vendor,
    Marketplace,
    Provides,
    Language,
    UserAgent,
}

impl Field {
    fn name(self) -> &'static str {
        self.names().0
    }

    fn header(self) -> HeaderName {
        HeaderName::from_static(self.names().1)
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Identifier => ("identifier", "x-plex-client-identifier"),
            Self::Product => ("product", "x-plex-product"),
            Self::Version => ("version", "x-plex-version"),
            Self::Platform => ("platform", "x-plex-platform"),
            Self::PlatformVersion => ("platform version", "x-plex-platform-version"),
            Self::Device => ("device", "x-plex-device"),
            Self::DeviceName => ("device name", "x-plex-device-name"),
            Self::Model => ("model", "x-plex-model"),
            Self::Vendor => ("vendor", "x-plex-device-vendor"),
            Self::Marketplace => ("marketplace", "x-plex-marketplace"),
            Self::Provides => ("provides", "x-plex-provides"),
            Self::Language => ("language", "x-plex-language"),
            Self::UserAgent => ("user agent", "user-agent"),
        }
    }

    /// The identifier comes back in URLs and claims, and a user agent is ASCII by its grammar.
    fn is_ascii_only(self) -> bool {
        matches!(self, Self::Identifier | Self::UserAgent)
    }
}

/// A field of a [`ClientIdentity`] that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {field} {problem}")]
pub struct InvalidIdentity {
    field: &'static str,
    problem: IdentityProblem,
}

impl InvalidIdentity {
    /// The field, in the words of the builder: `device name`.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong with it.
    pub fn problem(&self) -> IdentityProblem {
        self.problem
    }
}

/// What is wrong with a field of a [`ClientIdentity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityProblem {
    /// The identifier is empty or white space.
    #[error("is empty; make one once, keep it and use it for ever")]
    Empty,
    /// There is a line break inside, with which a header could be added to the request.
    #[error("has a line break inside; pass one line")]
    LineBreak,
    /// There is another control character inside.
    #[error("has a control character inside; pass plain text")]
    ControlCharacter,
    /// There is a character beyond ASCII in a field that cannot have one.
    #[error("has a character beyond ASCII inside; use letters, digits and punctuation of ASCII")]
    NotAscii,
    /// It is longer than 1024 bytes.
    #[error("is longer than 1024 bytes; shorten it")]
    TooLong,
}

#[cfg(test)]
mod tests;
