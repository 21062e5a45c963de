//! The fictional accounts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::account_body;

/// One of the accounts, named after what makes it special.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Who {
    /// Rosa, who has a Plex Pass and administers her Home and the claimed media server.
    PlexPass,
    /// Tariq, with a free account and no media server.
    Free,
    /// Ingrid, with two-factor authentication.
    TwoFactor,
    /// Nilo, a managed user in Rosa's Home, who has no email address, username or password.
    Managed,
    /// Yaw, who initially has no password and can sign in only by email.
    EmailOnly,
}

/// An account: its credentials, and the account object that plex.tv returns.
#[derive(Debug, Clone)]
pub struct Account {
    who: Who,
    description: &'static str,
    username: Option<String>,
    email: Option<String>,
    password: Option<String>,
    verification_code: Option<String>,
    home_pin: Option<String>,
    token: String,
    body: Map<String, Value>,
}

impl Account {
    /// Returns which account this is.
    pub fn who(&self) -> Who {
        self.who
    }

    /// Returns a short description of what makes the account special.
    pub fn description(&self) -> &str {
        self.description
    }

    /// Returns the username, or `None` for a managed user. Sign-ins accept the email address as
    /// well.
    pub fn login(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Returns the email address, or `None` for a managed user.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Returns the password, if the account has one.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Returns the valid verification code, if the account requires one. It never expires.
    pub fn verification_code(&self) -> Option<&str> {
        self.verification_code.as_deref()
    }

    /// Returns the Home PIN, if the account has one.
    pub fn home_pin(&self) -> Option<&str> {
        self.home_pin.as_deref()
    }

    /// Returns the account's initial token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the account object without `authToken` and `rememberExpiresAt`, which depend on the
    /// token.
    pub fn body(&self) -> &Map<String, Value> {
        &self.body
    }

    /// Returns a mutable reference to the account object, to change the fake's responses.
    pub fn body_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.body
    }

    /// Sets the password.
    pub fn set_password(&mut self, password: &str) {
        self.password = Some(password.to_owned());
    }

    fn is_called(&self, login: &str) -> bool {
        let names = [self.username.as_deref(), self.email.as_deref()];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(login))
    }
}

/// The reason a sign-in is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Wrong,
    CodeRequired,
    CodeWrong,
    EmailOnly,
    TooManyFailures,
}

/// The number of consecutive sign-ins with a wrong password after which a login is locked.
const FAILURES_ALLOWED: u32 = 10;

/// The number of consecutive wrong Home PINs after which switching users is locked.
const HOME_PINS_ALLOWED: u32 = 5;

/// All accounts, and the numbers of consecutive wrong passwords and wrong Home PINs.
#[derive(Debug)]
pub(crate) struct Accounts {
    plex_pass: Account,
    free: Account,
    two_factor: Account,
    managed: Account,
    email_only: Account,
    failures: BTreeMap<String, u32>,
    wrong_home_pins: u32,
}

impl Accounts {
    pub(crate) fn new() -> Self {
        let text = |text: &str| Some(text.to_owned());
        let without_login = |who, description, token: &str, body| Account {
            who,
            description,
            username: None,
            email: None,
            password: None,
            verification_code: None,
            home_pin: None,
            token: token.to_owned(),
            body,
        };
        Self {
            plex_pass: Account {
                username: text("rosa"),
                email: text("rosa@example.org"),
                password: text("nine kites & a lantern"),
                home_pin: text("4711"),
                ..without_login(
                    Who::PlexPass,
                    "Plex Pass",
                    "rosaRosa1rosaRosa2rr",
                    account_body::plex_pass(),
                )
            },
            free: Account {
                username: text("tariq"),
                email: text("tariq@example.org"),
                password: text("copper+teapot%7"),
                ..without_login(
                    Who::Free,
                    "free account",
                    "tariqTariq1tariqTar2",
                    account_body::free(),
                )
            },
            two_factor: Account {
                username: text("ingrid"),
                email: text("ingrid@example.org"),
                password: text("Fjellvåk-81"),
                verification_code: text("123456"),
                ..without_login(
                    Who::TwoFactor,
                    "two-factor",
                    "ingridIngrid1ingrid2",
                    account_body::two_factor(),
                )
            },
            managed: without_login(
                Who::Managed,
                "managed user",
                "niloNilo1niloNilo2nn",
                account_body::managed(),
            ),
            email_only: Account {
                username: text("yaw"),
                email: text("yaw@example.org"),
                ..without_login(
                    Who::EmailOnly,
                    "email sign-in only",
                    "yawYawYaw1yawYawYaw2",
                    account_body::email_only(),
                )
            },
            failures: BTreeMap::new(),
            wrong_home_pins: 0,
        }
    }

    pub(crate) fn get(&self, who: Who) -> &Account {
        match who {
            Who::PlexPass => &self.plex_pass,
            Who::Free => &self.free,
            Who::TwoFactor => &self.two_factor,
            Who::Managed => &self.managed,
            Who::EmailOnly => &self.email_only,
        }
    }

    pub(crate) fn get_mut(&mut self, who: Who) -> &mut Account {
        match who {
            Who::PlexPass => &mut self.plex_pass,
            Who::Free => &mut self.free,
            Who::TwoFactor => &mut self.two_factor,
            Who::Managed => &mut self.managed,
            Who::EmailOnly => &mut self.email_only,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Account> {
        [&self.plex_pass, &self.free, &self.two_factor, &self.managed, &self.email_only].into_iter()
    }

    pub(crate) fn forgive(&mut self) {
        self.failures.clear();
        self.wrong_home_pins = 0;
    }

    /// Checks an account's Home PIN, if it has one, and counts wrong PINs. The error is `true` if
    /// there have been too many.
    pub(crate) fn check_home_pin(&mut self, who: Who, pin: Option<&str>) -> Result<(), bool> {
        if self.wrong_home_pins >= HOME_PINS_ALLOWED {
            return Err(true);
        }
        match self.get(who).home_pin() {
            Some(right) if pin != Some(right) => {
                self.wrong_home_pins += 1;
                Err(false)
            }
            _ => {
                self.wrong_home_pins = 0;
                Ok(())
            }
        }
    }

    /// Checks a login, a password and a verification code, and returns the account that they belong
    /// to. The password is checked before the code, and only a [`Wrong`](Refusal::Wrong) refusal
    /// counts toward locking the login.
    pub(crate) fn sign_in(
        &mut self,
        login: &str,
        password: &str,
        code: Option<&str>,
    ) -> Result<Who, Refusal> {
        let key = login.to_ascii_lowercase();
        if self.failures.get(&key).is_some_and(|&failures| failures >= FAILURES_ALLOWED) {
            return Err(Refusal::TooManyFailures);
        }
        let found = self.iter().find(|account| account.is_called(login));
        let outcome = match found {
            Some(account) if account.who == Who::EmailOnly && account.password.is_none() => {
                return Err(Refusal::EmailOnly);
            }
            Some(account) if account.password() == Some(password) => Ok(account),
            _ => Err(Refusal::Wrong),
        };
        let outcome = outcome.map(|account| match (account.verification_code(), code) {
            (None, _) => Ok(account.who),
            (Some(_), None) => Err(Refusal::CodeRequired),
            (Some(right), Some(code)) if code == right => Ok(account.who),
            (Some(_), Some(_)) => Err(Refusal::CodeWrong),
        });
        match outcome {
            Ok(signed_in) => {
                self.failures.remove(&key);
                signed_in
            }
            Err(refusal) => {
                *self.failures.entry(key).or_default() += 1;
                Err(refusal)
            }
        }
    }
}
