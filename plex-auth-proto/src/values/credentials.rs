use std::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::values::typed_text::{half_width, trim};

/// A login and a password for [`PlexTv::sign_in`](crate::PlexTv::sign_in). The login is a username
/// or an email address.
///
/// Whitespace around the login, and a byte order mark before it, are removed. The password is sent
/// unchanged. The login, the password and the verification code are zeroed on drop and redacted in
/// `Debug`.
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
    /// Creates credentials. `login` is an email address or a username.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCredentials`] if the login or the password is empty. A sign-in with an
    /// empty value would fail, and Plex counts failures.
    pub fn new(
        login: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidCredentials> {
        let (login, password) = (Zeroizing::new(login.into()), Zeroizing::new(password.into()));
        if trim(&login).is_empty() {
            return Err(InvalidCredentials::EmptyLogin);
        }
        if password.is_empty() {
            return Err(InvalidCredentials::EmptyPassword);
        }
        let login = Zeroizing::new(trim(&login).to_owned());
        Ok(Self { login, password, verification_code: None, remember_me: false })
    }

    /// Sets the verification code for an account with two-factor authentication, as typed by the
    /// user. An empty code removes the code that was set before.
    ///
    /// Six digits are recognized even if they are full-width or have whitespace or invisible
    /// characters between or around them. Other codes, such as backup codes, are only trimmed.
    #[must_use]
    pub fn verification_code(mut self, code: impl Into<String>) -> Self {
        let code = Zeroizing::new(code.into());
        self.verification_code = Some(normalized(&code)).filter(|code| !code.is_empty());
        self
    }

    /// Sets whether the session is a longer "remember me" session. Defaults to `false`. The
    /// account's [`remember_expires_at`](crate::Account::remember_expires_at) contains the time at
    /// which such a session ends.
    #[must_use]
    pub fn remember_me(mut self, remember: bool) -> Self {
        self.remember_me = remember;
        self
    }
}

/// The number of digits in an authenticator app's code.
const DIGITS: usize = 6;

fn normalized(code: &str) -> Zeroizing<String> {
    let is_ignored = |character: char| character.is_whitespace() || is_invisible(character);
    let digits = code.chars().filter(|character| !is_ignored(*character)).map(half_width);
    // The capacity is reserved in advance, because growing would leave a copy in memory.
    let mut found = Zeroizing::new(String::with_capacity(code.len()));
    found.extend(digits);
    if found.len() == DIGITS && found.bytes().all(|byte| byte.is_ascii_digit()) {
        return found;
    }
    Zeroizing::new(code.trim_matches(is_ignored).to_owned())
}

/// Returns whether the character is invisible. Such characters are easily copied from web pages by
/// accident.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Every field that contains text is zeroed on drop.
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

/// The reason that a login and a password are not valid [`Credentials`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredentials {
    /// The login is empty or only whitespace.
    #[error("the login is empty; enter the account's email address or username")]
    EmptyLogin,
    /// The password is empty.
    #[error("the password is empty; enter the account's password")]
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
    fn byte_order_mark_before_a_login_is_removed() {
        let credentials = Credentials::new("\u{feff}rosa\n", "\u{feff}x").unwrap();
        assert_eq!(
            (credentials.login.as_str(), credentials.password.as_str()),
            ("rosa", "\u{feff}x")
        );
    }

    #[test]
    fn six_digits_are_recognized_as_people_type_them() {
        for (typed, sent) in [
            ("123456", "123456"),
            (" 123 456\n", "123456"),
            ("１２３４５６", "123456"),
            ("\u{200b}123456\u{200b}", "123456"),
            ("\u{feff}123\u{a0}456", "123456"),
            // Codes in another form, such as backup codes, are only trimmed.
            (" ab12 cd34 ", "ab12 cd34"),
            ("1234 5678", "1234 5678"),
            ("123-456", "123-456"),
            ("\u{200b}ＡＢ１２\u{200b}", "ＡＢ１２"),
        ] {
            let credentials = Credentials::new("rosa", "x").unwrap().verification_code(typed);
            assert_eq!(credentials.verification_code.unwrap().as_str(), sent, "{typed:?}");
        }
    }

    #[test]
    fn blank_code_removes_the_code() {
        let credentials = Credentials::new("rosa", "x").unwrap();
        for blank in ["", " ", "\r\n", "\u{200b}"] {
            let credentials = credentials.clone().verification_code("1").verification_code(blank);
            assert!(credentials.verification_code.is_none());
        }
    }
}
