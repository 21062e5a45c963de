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
    /// Asks whether the user whose token this is may use a media server, until that is known or too much time
    /// has passed: a whole [question](ServerAccess).
    ///
    /// `machine_identifier` is what the server calls
    /// [itself](crate::server::ServerIdentity::machine_identifier). White space around it is trimmed; nobody may use one
    /// that has no name.
    pub fn server_access(&self, token: &Token, machine_identifier: &str) -> ServerAccess {
        ServerAccess {
            plex_tv: self.clone(),
            token: token.clone(),
            machine_identifier: machine_identifier.trim().to_owned(),
            retry: Retry::new(),
        }
    }
}

/// Whether somebody may use a certain media server, which a program beside that server asks before it lets them
/// in: [`resources`](PlexTv::resources), asked with *their* token and again while there is trouble.
///
/// A valid token is not enough: everybody has an account. It ends in *granted* where the server is
/// among what the account may use, its own or shared; in *denied* where it is not; in [`TokenInvalid`](Access::TokenInvalid) if Plex
/// said so; and in *unknown*, which is no leave either, where none of that is certain. A list with rows that
/// cannot be read denies nobody: the server may be one of them.
///
/// Trouble is asked again about as by a [`TokenCheck`](crate::flow::TokenCheck), within 60 seconds unless
/// [set](Self::timeout). There is nothing to keep over a restart: ask anew. Nor is the answer good for ever:
/// shares end.
///
/// ```
/// use std::time::Duration;
/// use plex_auth_proto::flow::{Access, Completion, Now};
/// use plex_auth_proto::{ClientIdentity, Flow, PlexTv, Step, Token, http};
///
/// let plex_tv = PlexTv::new(ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").build()?);
/// let theirs = Token::new("xyz-Abc_0123456789ab")?;
/// let mut question = plex_tv.server_access(&theirs, "5f0e1c2d");
/// let now = Now::without_wall_clock(Duration::ZERO);
/// let Step::Do(id, _send) = question.poll(now) else { panic!() };
/// let response = http::Response::new(
///     r#"[{"name":"Attic","provides":"server","clientIdentifier":"5f0e1c2d","accessToken":"s3rv3r","owned":false}]"#.into(),
/// );
/// question.complete(now, id, Completion::Response(response));
/// let Step::Done(Access::Granted(attic)) = question.poll(now) else { panic!() };
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

/// What a [`ServerAccess`] has found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Access {
    /// They may: this is the server, with the token that it takes from them where Plex has sent one, and
    /// whether they [own](Resource::owned) it.
    Granted(Box<Resource>),
    /// They may not: it is not among their servers. One that was claimed just now can be missing for 90 s.
    Denied,
    /// Plex [said](ResponseError::is_token_invalid) that the token is no longer valid, so that nobody asks: they must sign in again.
    TokenInvalid(ResponseError),
    /// It is not known. Do not let them in, and do not tell them that they may not.
    #[non_exhaustive]
    Unknown {
        /// Why it is not.
        error: AccessError,
        /// How long to wait before asking again, a day at the most; none where waiting does not help, and
        /// somebody must look at the reason.
        retry_in: Option<Duration>,
    },
}

/// Why it is not known whether somebody may use a server.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Nobody said either, and this is what the last attempt met with.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The server is not among the rows that could be read, and may be one of those that could not: Plex has
    /// changed something.
    #[error("the server may be in a row that cannot be read (at {})", fields.join(", "))]
    #[non_exhaustive]
    Unreadable {
        /// Where, as paths on the wire, as in [`unreadable_fields`](Resources::unreadable_fields).
        fields: Vec<String>,
    },
}

impl ServerAccess {
    /// Sets how long the whole may take, 60 seconds unless set; less than a second counts as one.
    ///
    /// It bounds the calls, too: one that is under way then is not waited for.
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
        let fields = self.unreadable_rows(&resources);
        if fields.is_empty() {
            return Access::Denied;
        }
        Access::Unknown { error: AccessError::Unreadable { fields }, retry_in: None }
    }

    /// What could be the server if it could be read: rows that were left out, servers that do not say which
    /// they are, and whatever has its name and does not say what it is.
    fn unreadable_rows(&self, resources: &Resources) -> Vec<String> {
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
        match self.retry.complete(now, id, completion) {
            None => {}
            Some(Ok(resources)) => self.retry.end(self.access(resources)),
            Some(Err(Error::Response(error))) if error.is_token_invalid() => {
                self.retry.end(Access::TokenInvalid(error));
            }
            Some(Err(error)) => self.retry.failed(now, error),
        }
    }
}
