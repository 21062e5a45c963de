//! A login by a PIN, for a person or a browser to link it.

use std::fmt::Display;
use std::ops::ControlFlow;

use clap::Parser;
use plex_auth_proto::flow::{LinkedPin, LoginPin, PinAnswer, PinLogin, PinLoginError, PinProgress};
use plex_auth_proto::pin::{ForwardUrl, Pin};
use plex_auth_proto::{ClientIdentity, Flow, PlexTv};
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
        let linked = match forward_to {
            None => log_in(&http, plex_tv.short_pin_login(), |pin| {
                show(pin.link_page(&plex_tv), pin.pin());
            }),
            Some(back) => log_in(&http, plex_tv.strong_pin_login(), |pin| {
                show(pin.hosted_page(&plex_tv).forward_to(&back), pin.pin());
            }),
        }?;
        let account = http.send(plex_tv.token_details(&linked.auth_token))?;
        println!("{}", json!({ "token": linked.auth_token.expose(), "account": account.title }));
        Ok(())
    }
}

/// Drives a login to its end, and shows its PIN once.
fn log_in<P>(http: &Transport, mut login: PinLogin<P>, show: impl Fn(&P)) -> Outcome<LinkedPin>
where
    P: LoginPin + Send,
    PinLogin<P>: Flow<
            Response = PinAnswer<P>,
            Progress = PinProgress<P>,
            Output = Result<LinkedPin, PinLoginError>,
        >,
{
    let mut is_shown = false;
    let outcome = http.drive_with(&mut login, |progress| {
        if let PinProgress::Waiting { pin, .. } = progress
            && !is_shown
        {
            show(&pin);
            is_shown = true;
        }
        ControlFlow::Continue(())
    });
    Ok(outcome.ok_or("nobody stops it")??)
}

fn show(page: impl Display, pin: &Pin) {
    let picture = pin.qr.as_ref().map(|qr| qr.as_str());
    println!(
        "{}",
        json!({ "page": page.to_string(), "code": pin.code.expose(), "picture": picture })
    );
}
