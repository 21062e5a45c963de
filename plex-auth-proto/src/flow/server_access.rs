use std::time::Duration;

use crate::error::{Error, ResponseError};
use crate::flow::now::Now;
use crate::flow::retry::{GaveUp, Retry, RetryProgress};
use crate::flow::step::{Completion, Flow, RequestId, Step};
use crate::plex_tv::PlexTv;
use crate::plex_tv::resource::Resource;
use crate::plex_tv::resource::resources::Resources;
use crate::values::token::Token;

impl PlexTv {
    /// Creates a [flow](ServerAccess) that checks whether the user with this token may use a media
    /// server, and retries after temporary errors.
    ///
    /// `machine_identifier` is the identifier that the [server itself
    /// reports](crate::server::ServerIdentity::machine_identifier). Surrounding whitespace is
    /// trimmed. If the identifier is empty, access is never granted.
    pub fn server_access(&self, token: &Token, machine_identifier: &str) -> ServerAccess {
        ServerAccess {
            plex_tv: self.clone(),
            token: token.clone(),
            machine_identifier: machine_identifier.trim().to_owned(),
            retry: Retry::new(),
        }
    }
}

/// A flow that checks whether a user may use a media server, for a program that runs alongside that
/// server. It sends [`resources`](PlexTv::resources) with the *user's* token.
///
/// A valid token is not enough, because anyone can have an account. The flow ends with
///
/// - [`Granted`](Access::Granted) if the account has access to the server, as its owner or through
///   a share;
/// - [`Denied`](Access::Denied) if it does not;
/// - [`TokenInvalid`](Access::TokenInvalid) if Plex said that the token is invalid;
/// - [`Unknown`](Access::Unknown) if none of these is certain. If an entry that may be the server
///   cannot be read, the outcome is `Unknown` rather than `Denied`.
///
/// Let the user in only on `Granted`. Like a [`TokenCheck`](crate::flow::TokenCheck), the flow
/// retries after errors, for up to 60 seconds ([`timeout`](Self::timeout)). There is nothing to
/// save: after a restart, check again. Also check again from time to time, because a share can be
/// revoked.
///
/// ```
/// # fn saved_identifier() -> String { "example".into() }
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Access, Completion, Now};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, Token, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder(saved_identifier()).build()?);
/// let theirs = Token::new("xyz-Abc_0123456789ab")?;
/// let mut check = plex_tv.server_access(&theirs, "5f0e1c2d");
/// let now = Now::without_wall_clock(Duration::ZERO);
/// let Step::Do(id, _send) = check.poll(now) else { panic!() };
/// let response = http::Response::new(
///     r#"[{"name":"Attic","provides":"server","clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":false}]"#.into(),
/// );
/// check.complete(now, id, Completion::Response(response));
/// let Step::Done(Access::Granted(attic)) = check.poll(now) else { panic!() };
/// assert_eq!(attic.owned, Some(false));
/// assert_eq!(attic.access_token.as_ref().map(|token| token.expose()), Some("s3rv3r"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a flow does nothing until it is driven"]
pub struct ServerAccess {
    plex_tv: PlexTv,
    token: Token,
    machine_identifier: String,
    retry: Retry<Resources, Access>,
}

/// The result of a [`ServerAccess`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Access {
    /// The user may use the server. The [`Resource`] contains the user's access token for the
    /// server, if Plex sent one, and says whether the user [owns](Resource::owned) the server.
    Granted(Box<Resource>),
    /// The user may not use the server: the account has no access to it. A server that was just
    /// claimed can be missing from Plex's list for up to 90 seconds.
    Denied,
    /// Plex [said](ResponseError::is_token_invalid) that the token is no longer valid. The user
    /// must sign in again.
    TokenInvalid(ResponseError),
    /// It is not known whether the user may use the server. Do not let the user in, and do not
    /// report that access was denied.
    #[non_exhaustive]
    Unknown {
        /// The reason.
        error: AccessError,
        /// The time to wait before the next check, at most a day. `None` if waiting does not help:
        /// see the error.
        retry_in: Option<Duration>,
    },
}

/// The reason it is not known whether a user may use a server.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The last attempt failed.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The server is not among the readable entries, but some entries are unreadable or
    /// incomplete, probably because Plex changed the format.
    #[error(
        "cannot determine whether the account has access to the server: {}",
        unreadable(fields)
    )]
    #[non_exhaustive]
    Unreadable {
        /// The JSON paths of the missing or unreadable fields, in the format of
        /// [`unreadable_fields`](Resources::unreadable_fields). `.` means that an entire entry
        /// could not be read.
        fields: Vec<String>,
    },
}

impl ServerAccess {
    /// Sets the time limit for the whole flow. The default is 60 seconds and the minimum is one
    /// second. A request that is in flight when the limit is reached is abandoned.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.retry.set_timeout(timeout);
        self
    }

    /// Returns the progress.
    pub fn progress(&self, now: Now) -> RetryProgress {
        self.retry.progress(now)
    }

    fn access(&self, resources: Resources) -> Access {
        if let Some(server) = resources.server(&self.machine_identifier) {
            return Access::Granted(Box::new(server.clone()));
        }
        let fields = self.unreadable_paths(&resources);
        if fields.is_empty() {
            return Access::Denied;
        }
        Access::Unknown { error: AccessError::Unreadable { fields }, retry_in: None }
    }

    /// Returns the JSON paths of the fields that are needed to tell whether the list contains the
    /// server, but are missing: `clientIdentifier` in an entry that may be a server, and `provides`
    /// in an entry with the server's identifier. `.` stands for an entry that could not be read.
    fn unreadable_paths(&self, resources: &Resources) -> Vec<String> {
        let rows = resources.unreadable_fields().into_iter().filter(|path| path == ".");
        let fields = resources.resources.iter().enumerate().filter_map(|(index, row)| {
            let may_serve = row.provides.is_none() || row.provides("server");
            match row.client_identifier.as_deref() {
                None if may_serve => Some(format!("{index}.clientIdentifier")),
                Some(name) if name == self.machine_identifier && row.provides.is_none() => {
                    Some(format!("{index}.provides"))
                }
                _ => None,
            }
        });
        rows.chain(fields).collect()
    }
}

fn unreadable(fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().filter(|path| *path != ".").collect();
    if fields.is_empty() {
        return "some entries in the server list could not be read".to_owned();
    }
    let fields: Vec<_> = fields.iter().map(|path| format!("`{path}`")).collect();
    format!("fields in the server list are missing or unreadable: {}", fields.join(", "))
}

impl From<GaveUp> for Access {
    fn from(GaveUp { error, retry_in }: GaveUp) -> Self {
        Self::Unknown { error: error.into(), retry_in }
    }
}

impl Flow for ServerAccess {
    type Output = Access;

    fn poll(&mut self, now: Now) -> Step<Access> {
        self.retry.poll(now, || self.plex_tv.resources(&self.token))
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        match self.retry.complete(now, id, completion, || self.plex_tv.resources(&self.token)) {
            None => {}
            Some(Ok(resources)) => self.retry.end(self.access(resources)),
            Some(Err(Error::Response(error))) if error.is_token_invalid() => {
                self.retry.end(Access::TokenInvalid(error));
            }
            Some(Err(error)) => self.retry.failed(now, error),
        }
    }
}
