use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A login with its password, as [`PlexTv::sign_in`](crate::PlexTv::sign_in) wants them.
///
/// White space around the login is trimmed. The password is sent exactly as it is, whatever its
/// characters and its length. Everything is zeroed when dropped, and `Debug` shows none of it.
///
/// ```
/// use plex_auth_proto::Credentials;
/// use plex_auth_proto::error::InvalidCredentials;
///
/// let credentials = Credentials::new(" rosa@example.com\n", "correct horse")?
///     .verification_code("123456")
///     .remember_me(true);
/// assert_eq!(
///     format!("{credentials:?}"),
///     "Credentials { login: ***, password: ***, verification_code: Some(***), remember_me: true }"
/// );
///
/// assert_eq!(Credentials::new("rosa", "").unwrap_err(), InvalidCredentials::EmptyPassword);
/// # Ok::<(), InvalidCredentials>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    pub(crate) login: Zeroizing<String>,
    pub(crate) password: Zeroizing<String>,
    pub(crate) verification_code: Option<Zeroizing<String>>,
    pub(crate) remember_me: bool,
}

impl Credentials {
    /// `login` is an e-mail address or a user name.
    ///
    /// # Errors
    ///
    /// [`InvalidCredentials`] where either is empty, so that nothing is sent that cannot succeed:
    /// failures are counted.
    pub fn new(
        login: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidCredentials> {
        let (login, password) = (Zeroizing::new(login.into()), Zeroizing::new(password.into()));
        if login.trim().is_empty() {
            return Err(InvalidCredentials::EmptyLogin);
        }
        if password.is_empty() {
            return Err(InvalidCredentials::EmptyPassword);
        }
        let login = trimmed(&login);
        Ok(Self { login, password, verification_code: None, remember_me: false })
    }

    /// The code of the second factor, for accounts that have one. White space around it is trimmed and
    /// a blank one counts as none, so that a prompt's answer can be passed as it is.
    #[must_use]
    pub fn verification_code(mut self, code: impl Into<String>) -> Self {
        let code = Zeroizing::new(code.into());
        self.verification_code = Some(trimmed(&code)).filter(|code| !code.is_empty());
        self
    }

    /// Asks Plex to keep the session for longer; no unless set. The account's
    /// [`remember_expires_at`](crate::Account::remember_expires_at) says until when.
    #[must_use]
    pub fn remember_me(mut self, remember: bool) -> Self {
        self.remember_me = remember;
        self
    }
}

fn trimmed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.trim().to_owned())
}

/// Each of its texts is.
impl ZeroizeOnDrop for Credentials {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { login: _, password: _, verification_code, remember_me } = self;
        f.debug_struct("Credentials")
            .field("login", &format_args!("***"))
            .field("password", &format_args!("***"))
            .field("verification_code", &verification_code.as_ref().map(|_| format_args!("***")))
            .field("remember_me", remember_me)
            .finish()
    }
}

/// Why a login and a password cannot be [`Credentials`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredentials {
    /// The login is empty or white space.
    #[error("the login is empty; pass the e-mail address or the user name of the account")]
    EmptyLogin,
    /// The password is empty.
    #[error("the password is empty; pass the account's password")]
    EmptyPassword,
}

#[cfg(test)]
mod tests {
    use super::{Credentials, InvalidCredentials};

    #[test]
    fn empty_credentials_are_refused() {
        for login in ["", " ", "\n"] {
            assert_eq!(Credentials::new(login, "x").unwrap_err(), InvalidCredentials::EmptyLogin);
        }
        assert_eq!(Credentials::new("x", "").unwrap_err(), InvalidCredentials::EmptyPassword);
    }

    #[test]
    fn blank_code_removes_the_code() {
        let credentials = Credentials::new("rosa", "x").unwrap();
        for blank in ["", " ", "\r\n"] {
            let credentials = credentials.clone().verification_code("1").verification_code(blank);
            assert!(credentials.verification_code.is_none());
        }
    }
}
