//! A login by a PIN, for a person or a browser to link it.

use std::fmt::Display;
use std::ops::ControlFlow;

use clap::Parser;
use plex_auth_proto::pin::{ForwardUrl, Pin};
use plex_auth_proto::{ClientIdentity, PlexTv};
use plex_auth_ureq::Transport;
use serde_json::json;

use crate::Outcome;

/// Makes a PIN and prints the `page` on which it is linked, its `code` and the URL of its `picture`; once it is
/// linked, prints the `token` that it brought and the `account` that has it.
#[derive(Debug, Parser)]
pub(crate) struct LogIn {
    /// What stands in for `https://plex.tv/api/v2`.
    #[arg(long, value_name = "URL")]
    plex_tv: String,

    /// Sign in on the hosted page, which goes on to this one; without it a short code is to be typed.
    #[arg(long, value_name = "URL")]
    forward_to: Option<ForwardUrl>,

    /// The product, as the page shows it.
    #[arg(long, default_value = "Kites & Lanterns #1")]
    product: String,
}

impl LogIn {
    pub(crate) fn run(self) -> Outcome<()> {
        let Self { plex_tv, forward_to, product } = self;
        let me = ClientIdentity::builder("3381b62b-9ab7-4e37-827b-203e9809eb58").product(product);
        let plex_tv = PlexTv::at(me.build()?, plex_tv.parse()?);
        let http = Transport::new();
        let mut login = match forward_to {
            None => plex_tv.link_code_login(),
            Some(_) => plex_tv.hosted_page_login(),
        };
        let mut is_shown = false;
        let outcome = http.drive_with(&mut login, |login, _| {
            if let (Some(pin), false) = (login.pin(), is_shown) {
                match (login.link_page(), login.hosted_page(), &forward_to) {
                    (Some(page), ..) => show(page, pin.pin()),
                    (None, Some(page), Some(back)) => show(page.forward_to(back), pin.pin()),
                    _ => {}
                }
                is_shown = true;
            }
            ControlFlow::Continue(())
        });
        let linked = outcome.ok_or("nothing stops the login")??;
        let account = http.send(plex_tv.token_details(&linked.auth_token))?;
        println!("{}", json!({ "token": linked.auth_token.expose(), "account": account.title }));
        Ok(())
    }
}

fn show(page: impl Display, pin: &Pin) {
    let picture = pin.qr.as_ref().map(|qr| qr.as_str());
    println!(
        "{}",
        json!({ "page": page.to_string(), "code": pin.code.expose(), "picture": picture })
    );
}
