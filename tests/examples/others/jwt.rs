//! Signs a device JWT for another program to verify, and verifies another program's token.

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use clap::Parser;
use plex_auth_proto::jwt::{DeviceClaims, DeviceKey, Ed25519Key, PlexKeys};
use plex_auth_proto::{ClientIdentity, Token};
use serde_json::{Value, json};

use crate::Outcome;

/// Prints the JWT that a device exchanges for a token (`jwt`), and the device's public key (`jwk`).
#[derive(Debug, Parser)]
pub(crate) struct Sign {
    /// The client identifier.
    #[arg(long, default_value = "a-television")]
    identifier: String,

    /// The value of each byte of the key's seed.
    #[arg(long, default_value_t = 1)]
    seed: u8,

    /// The key ID. The default is the thumbprint of the key.
    #[arg(long)]
    key_id: Option<String>,

    /// The nonce from plex.tv.
    #[arg(long, default_value = "b7d0")]
    nonce: String,

    /// The time in Unix seconds. The default is the current time.
    #[arg(long)]
    now: Option<u64>,
}

impl Sign {
    pub(crate) fn run(self) -> Outcome<()> {
        let Self { identifier, seed, key_id, nonce, now } = self;
        let mut key = Ed25519Key::from_seed(&[seed; 32]);
        if let Some(key_id) = key_id {
            key = key.with_key_id(key_id)?;
        }
        let me = ClientIdentity::builder(identifier).build()?;
        let nonce = serde_json::from_value(json!({ "nonce": nonce }))?;
        let jwt = DeviceClaims::for_exchange(&me, nonce, time(now)).sign(&key)?;
        let jwk: Value = serde_json::from_str(&key.jwk().to_json())?;
        println!("{}", json!({ "jwt": jwt.expose(), "jwk": jwk }));
        Ok(())
    }
}

/// Reads `{"token": …, "keys": […]}` from standard input. Prints the token's claims if the token is
/// valid and was signed with one of the keys (JWKs). Otherwise, prints why it was `refused`.
#[derive(Debug, Parser)]
pub(crate) struct Verify {
    /// The client identifier to verify the token for. A token whose audience includes plex.tv is
    /// accepted with any identifier.
    #[arg(long, default_value = "a-television")]
    identifier: String,

    /// The time in Unix seconds. The default is the current time.
    #[arg(long)]
    now: Option<u64>,
}

impl Verify {
    pub(crate) fn run(self) -> Outcome<()> {
        let Self { identifier, now } = self;
        let mut given = String::new();
        io::stdin().read_to_string(&mut given)?;
        // The input's `keys` have the format of plex.tv's list, and its `token` is ignored here.
        let keys: PlexKeys = serde_json::from_str(&given)?;
        let given: Value = serde_json::from_str(&given)?;
        let token = given.get("token").and_then(Value::as_str).ok_or("the input has no token")?;
        let token = Token::new(token)?;
        let me = ClientIdentity::builder(identifier).build()?;
        let said = match keys.verify(&token, &me, time(now)) {
            Ok(jwt) => json!({
                "expires_at": jwt.expires_at.0,
                "issued_at": jwt.issued_at.map(|at| at.0),
                "issuer": jwt.issuer,
                "audience": jwt.audience,
                "key_id": jwt.key_id,
                "thumbprint": jwt.thumbprint,
                "user_id": jwt.user.as_ref().and_then(|user| user.id),
                "username": jwt.user.as_ref().and_then(|user| user.username.as_deref()),
            }),
            Err(error) => json!({ "refused": error.to_string() }),
        };
        println!("{said}");
        Ok(())
    }
}

fn time(now: Option<u64>) -> SystemTime {
    now.map_or_else(SystemTime::now, |now| SystemTime::UNIX_EPOCH + Duration::from_secs(now))
}
