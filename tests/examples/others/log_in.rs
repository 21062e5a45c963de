//! A login with a PIN that the user links in a browser.

use std::fmt::Display;
use std::ops::ControlFlow;

use clap::Parser;
use plex_auth_proto::pin::{ForwardUrl, Pin};
use plex_auth_proto::{ClientIdentity, PlexTv};
use plex_auth_ureq::Transport;
use serde_json::json;

use crate::Outcome;

/// Creates a PIN and prints the `page` where the user links it, its `code`, and the URL of its QR
/// code (`picture`). After the PIN is linked, prints the `token` and the name of the `account`.
#[derive(Debug, Parser)]
pub(crate) struct LogIn {
    /// The URL to use instead of `https://plex.tv/api/v2`.
    #[arg(long, value_name = "URL")]
    plex_tv: String,

    /// Sign in on the hosted page, which redirects to this URL. Without this option, the user
    /// enters a short code.
    #[arg(long, value_name = "URL")]
    forward_to: Option<ForwardUrl>,

    /// The product name that the page shows.
    #[arg(long, default_value = "Kites & Lanterns #1")]
    product: String,
}

impl LogIn {
    pub(crate) fn run(self) -> Outcome<()> {
        let Self { plex_tv, forward_to, product } = self;
        let me = ClientIdentity::builder("others").product(product);
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
        let linked = outcome.ok_or("the login had already finished")??;
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
