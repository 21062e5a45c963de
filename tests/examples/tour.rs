//! Signs in to a fake Plex and requests tokens from it, with each transport and without one, over
//! HTTP and HTTPS.
//!
//! `cargo run --example tour` prints the requests (method, URL, header names) and some fields of
//! the responses, with secrets redacted. At the end, it makes three calls that are refused, and
//! prints the errors as a user would read them.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "this is an example")]

use plex_auth_fake::{Account, Authority, FakePlex, Server, Which, Who};
use plex_auth_proto::server::{Scope, TokenType};
use plex_auth_proto::{
    Call, ClientIdentity, Credentials, Error, MediaServer, PlexTv, Source, Token,
};

use plex_auth_tests::carrier::Carrier;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let authority = Authority::new();
    let root = Some(authority.root_der());
    let http = Server::http(FakePlex::new());
    let https = Server::https(FakePlex::new(), authority.good());
    println!("A fake Plex answers at {} and {}.", http.url(), https.url());
    println!("Its certificate authority was created for this run, and the carriers trust it.");

    for (server, root) in [(&http, None), (&https, root)] {
        let carriers =
            [Carrier::HandMade(root.clone()), Carrier::ureq(root.clone()), Carrier::hyper(root)];
        for carrier in carriers {
            let scheme = server.url().split(':').next().unwrap_or_default().to_uppercase();
            println!("\n━━━ {}, over {scheme} ━━━", carrier.name());
            Tour { carrier, server }.operations()?;
        }
    }
    println!("\n━━━ three refusals, as a user reads them ━━━");
    Tour { carrier: Carrier::ureq(None), server: &http }.refusals()
}

struct Tour<'a> {
    carrier: Carrier,
    server: &'a Server,
}

impl Tour<'_> {
    fn operations(&self) -> Outcome<()> {
        let plex_tv = self.plex_tv()?;
        let credentials = self.credentials(Who::PlexPass)?;
        let signed_in = self.show(plex_tv.sign_in(&credentials), |signed_in| {
            let account = &signed_in.account;
            vec![
                field("username", &account.username),
                field("title", &account.title),
                format!("auth_token: {:?}", signed_in.auth_token),
                format!("has_plex_pass(): {}", account.has_plex_pass()),
                format!("has_home_pin(): {}", account.has_home_pin()),
            ]
        })?;
        self.show(plex_tv.token_details(&signed_in.auth_token), |account| {
            let subscription = account.subscription.as_ref();
            vec![
                field("uuid", &account.uuid),
                field("subscription.status", &subscription.and_then(|it| it.status.as_ref())),
                format!(
                    "subscription.features: {}",
                    subscription.map_or(0, |it| it.features.len())
                ),
                format!("services: {}", account.services.len()),
                format!("auth_token: {:?}", account.auth_token),
            ]
        })?;

        let server = MediaServer::new(me()?, self.server.url().parse()?, signed_in.auth_token);
        let transient = server.transient_token(TokenType::Delegation, Scope::All);
        self.show(transient, |transient| vec![format!("token: {:?}", transient.token)])?;
        self.show(server.source_connection_information(&self.source()?), |source| {
            let Some(device) = source.device() else {
                return vec!["the server does not know the source".to_owned()];
            };
            let mut lines =
                vec![field("name", &device.name), field("access_token", &device.access_token)];
            for way in &device.connections {
                let relay = if way.relay == Some(true) { " (relay)" } else { "" };
                lines.push(format!("connection: {}{relay}", way.uri.as_deref().unwrap_or("?")));
            }
            lines
        })?;
        Ok(())
    }

    /// Sends a call, and prints the request and some fields of the response.
    fn show<T>(&self, call: Call<T>, fields: impl FnOnce(&T) -> Vec<String>) -> Result<T, Error> {
        let request = call.request();
        println!("\n{}", call.reply().context().operation());
        println!("  → {} {}", request.method(), call.masked_url());
        let names: Vec<_> = request.headers().keys().map(|name| name.as_str()).collect();
        println!("    {}", names.join(", "));
        let value = self.carrier.send(call)?;
        for field in fields(&value) {
            println!("  ← {field}");
        }
        Ok(value)
    }

    fn refusals(&self) -> Outcome<()> {
        let plex_tv = self.plex_tv()?;
        self.refused("a wrong password", plex_tv.sign_in(&Credentials::new("rosa", "not hers")?));
        self.refused("no verification code", plex_tv.sign_in(&self.credentials(Who::TwoFactor)?));
        let stranger = Token::new("a-token-of-nobody")?;
        let server = MediaServer::new(me()?, self.server.url().parse()?, stranger);
        let call = server.transient_token(TokenType::Delegation, Scope::All);
        self.refused("a media server's 401, which is an HTML page", call);
        Ok(())
    }

    fn refused<T>(&self, situation: &str, call: Call<T>) {
        println!("\n{situation}");
        if let Err(error) = self.carrier.send(call) {
            println!("  {error}");
            println!(
                "  token invalid: {}; verification code needed: {}; retryable: {}",
                error.is_token_invalid(),
                error.needs_verification_code(),
                error.is_retryable()
            );
        }
    }

    fn plex_tv(&self) -> Outcome<PlexTv> {
        Ok(PlexTv::at(me()?, format!("{}/api/v2", self.server.url()).parse()?))
    }

    fn credentials(&self, who: Who) -> Outcome<Credentials> {
        let read = |account: &Account| {
            (account.login().map(str::to_owned), account.password().map(str::to_owned))
        };
        let (login, password) = self.server.with(|fake| read(fake.account(who)));
        Ok(Credentials::new(login.unwrap_or_default(), password.unwrap_or_default())?)
    }

    fn source(&self) -> Outcome<Source> {
        let sources = self.server.with(|fake| fake.server(Which::Claimed).sources().to_vec());
        Ok(sources.first().ok_or("the fake knows no source")?.uri.parse()?)
    }
}

fn me() -> Outcome<ClientIdentity> {
    Ok(ClientIdentity::builder("tour").product("Example Player").version("1.0").build()?)
}

fn field(name: &str, value: &Option<impl std::fmt::Debug>) -> String {
    match value {
        Some(value) => format!("{name}: {value:?}"),
        None => format!("{name}: -"),
    }
}
