//! The format in which all flows save their state.

use std::mem;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::media_server::MediaServer;
use crate::plex_tv::PlexTv;
use crate::plex_tv::pin::Pin;
use crate::values::client_identity::ClientIdentity;
use crate::values::secret::Secret;
use crate::values::typed_text::trim;
use crate::wire::lenient;

/// The version of this format. Increase it for any change that an older version of this crate would
/// misread.
const FORMAT: u64 = 1;

// Far more than a state normally needs: its longest value is a token or the URL of a QR code.
const MAX_SIZE: usize = 256 * 1024;

/// The kind of flow that a state belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowKind {
    LinkCodeLogin,
    HostedPageLogin,
    DeviceLogin,
    DeviceToken,
    TransientToken,
}

impl FlowKind {
    const fn name(self) -> &'static str {
        match self {
            Self::LinkCodeLogin => "link-code-login",
            Self::HostedPageLogin => "hosted-page-login",
            Self::DeviceLogin => "device-login",
            Self::DeviceToken => "device-token",
            Self::TransientToken => "transient-token",
        }
    }
}

/// The owner of a saved state: the service that it is for, and the client identifier under which it
/// was saved.
pub(crate) struct Owner<'a> {
    service: String,
    identity: &'a ClientIdentity,
}

impl<'a> Owner<'a> {
    /// Creates the owner of a plex.tv state. plex.tv and clients.plex.tv count as one service,
    /// because they share their PINs and devices.
    pub(crate) fn plex_tv(plex_tv: &'a PlexTv) -> Self {
        let url = plex_tv.url().to_string();
        let service = match url.strip_prefix("https://clients.plex.tv/") {
            Some(path) => format!("https://plex.tv/{path}"),
            None => url,
        };
        Self { service, identity: plex_tv.identity() }
    }

    pub(crate) fn media_server(server: &'a MediaServer) -> Self {
        Self { service: server.url().to_string(), identity: server.identity() }
    }

    /// Returns the state to save for a flow: `members`, preceded by the members that every state
    /// has.
    pub(crate) fn save<'b>(
        &self,
        kind: FlowKind,
        members: impl IntoIterator<Item = (&'static str, Member<'b>)>,
    ) -> Secret {
        let common = [
            ("format", Member::Number(FORMAT)),
            ("kind", Member::Text(kind.name())),
            ("service", Member::Text(&self.service)),
            ("clientIdentifier", Member::Text(self.identity.identifier())),
        ];
        let mut all = Vec::from(common);
        for member in members {
            all.push(member);
        }
        let size = all.iter().map(|(name, member)| name.len() + member.max_size()).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(size));
        // Writing to memory cannot fail.
        let _ = write(&mut json, &all);
        Secret::new(String::from_utf8(mem::take(&mut *json)).unwrap_or_default())
    }

    /// Checks that the state was saved by a flow of one of these kinds and for this owner, and
    /// returns the kind. The caller then reads the state with [`read`].
    pub(crate) fn check(
        &self,
        kinds: &[FlowKind],
        saved: &str,
    ) -> Result<FlowKind, InvalidSavedState> {
        let Common { format, kind, service, client_identifier, .. } = read(saved)?;
        let (Some(format), Some(kind)) = (format, kind) else {
            return Err(InvalidSavedState::Unreadable);
        };
        if format > FORMAT {
            return Err(InvalidSavedState::NewerFormat);
        }
        let kind = kinds.iter().copied().find(|own| own.name() == kind);
        let kind = kind.ok_or(InvalidSavedState::OtherFlow)?;
        if service.as_ref() != Some(&self.service) {
            return Err(InvalidSavedState::OtherService);
        }
        if client_identifier.as_deref() != Some(self.identity.identifier()) {
            return Err(InvalidSavedState::OtherIdentifier);
        }
        Ok(kind)
    }
}

/// A value in a saved state. It is borrowed and written only once, so that no copy of a secret is
/// left in freed memory.
pub(crate) enum Member<'a> {
    Absent,
    Flag(bool),
    Number(u64),
    Text(&'a str),
}

impl Member<'_> {
    /// Returns the maximum size of the member's JSON in bytes, including the punctuation around it
    /// but not its name. Each character of a string may be escaped.
    fn max_size(&self) -> usize {
        match self {
            Self::Text(text) => text.len().saturating_mul(6),
            _ => 20,
        }
        .saturating_add(8)
    }
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

fn write(json: &mut Vec<u8>, members: &[(&str, Member<'_>)]) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::new(json);
    serializer.collect_map(members.iter().map(|(name, member)| (name, member)))
}

/// Returns the members that store a PIN and its expiry.
pub(crate) fn pin(pin: &Pin, ends_at: Option<Duration>) -> [(&'static str, Member<'_>); 4] {
    [
        ("id", Member::Number(pin.id.expose())),
        ("code", Member::Text(pin.code.expose())),
        ("qr", pin.qr.as_ref().map_or(Member::Absent, |qr| Member::Text(qr.as_str()))),
        ("endsAt", ends_at.map_or(Member::Absent, |end| Member::Number(end.as_secs()))),
    ]
}

lenient::object! {
    /// The members that every state has.
    struct Common {
        format: Option<u64>,
        kind: Option<String>,
        service: Option<String>,
        client_identifier: Option<String> as "clientIdentifier",
    }
}

/// Reads the members that `T` needs and ignores all others. Skips a byte order mark, which an
/// editor may have added.
pub(crate) fn read<T: DeserializeOwned>(saved: &str) -> Result<T, InvalidSavedState> {
    if saved.len() > MAX_SIZE {
        return Err(InvalidSavedState::Unreadable);
    }
    serde_json::from_str(trim(saved)).map_err(|_| InvalidSavedState::Unreadable)
}

/// The reason a saved state cannot be restored. Unless the text is [unreadable](Self::Unreadable),
/// it remains valid for the flow, the service, the client identifier and the key that it was saved
/// with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSavedState {
    /// The text is not a flow's saved state, is truncated, or is larger than 256 KiB.
    #[error("the text is not a valid saved state; start a new flow")]
    Unreadable,
    /// The state was saved by a newer version of this crate, whose format this version cannot read.
    #[error("the state was saved by a newer version of plex-auth; update this program")]
    NewerFormat,
    /// The state was saved by another kind of flow, and this kind cannot continue it. For example,
    /// a login with a device key cannot continue one whose PIN was created without the key.
    #[error("the state was saved by a different kind of flow; restore it with that kind of flow")]
    OtherFlow,
    /// The state was saved for a different plex.tv or media server URL. The current service must
    /// not receive the token or the PIN in the state.
    #[error("the state was saved for another base URL; restore it with that URL")]
    OtherService,
    /// The state was saved under another client identifier. Plex accepts a PIN or a device key only
    /// with the identifier that was used to create or register it.
    #[error("the state was saved under another client identifier; restore it with that identifier")]
    OtherIdentifier,
    /// The state was saved with another device key.
    #[error("the state was saved with another device key; restore it with that key")]
    OtherKey,
}
