//! The page `/link`, which stands in for `https://plex.tv/link`: the user enters a short code and
//! selects an account.

use http::{Response, StatusCode};

use super::{choice, chosen, sentence};
use crate::fake::FakePlex;
use crate::fake::ask::Ask;
use crate::fake::render;

const TITLE: &str = "Link a device";

/// Returns the form. `?pin=CODE` fills in the code.
pub(crate) fn form(plex: &FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    let code = render::escaped(&ask.parameter("pin").unwrap_or_default());
    let body = format!(
        "<h1>{TITLE}</h1>\n<form method=\"post\" action=\"/link\">\n\
         <p><label>Code <input name=\"code\" value=\"{code}\" autocomplete=\"off\" required></label></p>\n\
         {}<p><button>Link</button></p>\n</form>\n",
        choice(plex)
    );
    render::page(StatusCode::OK, TITLE, &body)
}

pub(crate) fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    let form = ask.form();
    let asked = form.as_ref().and_then(|form| Some((form.field("code")?, chosen(plex, form)?)));
    let Some((code, (who, name))) = asked else {
        return sentence(StatusCode::BAD_REQUEST, TITLE, "A code and an account are required.");
    };
    let code: String = code.split_whitespace().collect::<String>().to_ascii_uppercase();
    let found = plex.pins.waiting(&code, ask.now()).filter(|pin| !pin.is_strong());
    let product = found.map(|pin| pin.product().unwrap_or("The device").to_owned());
    match product.filter(|_| plex.link_pin(&code, who, ask.now()).is_some()) {
        Some(product) => {
            sentence(StatusCode::OK, TITLE, &format!("{product} is now signed in as {name}."))
        }
        None => sentence(StatusCode::NOT_FOUND, TITLE, "This code is invalid or has expired."),
    }
}
