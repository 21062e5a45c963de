//! The pages on which users link a PIN in a browser, and the QR code that leads to one of them. The
//! pages are plain forms that load no external resources. They are not part of Plex's API.

pub(super) mod auth;
pub(super) mod link;
#[cfg(feature = "qr")]
pub(super) mod qr;

use http::{Response, StatusCode};

use super::ask::Form;
use super::render;
use super::{Account, FakePlex, Who};

/// Returns the account selector, as HTML.
fn choice(plex: &FakePlex) -> String {
    let option = |account: &Account| {
        let (uuid, title) = (text(account, "uuid"), text(account, "title"));
        let (uuid, title) = (render::escaped(uuid), render::escaped(title));
        format!(
            "<option value=\"{uuid}\">{title}, {}</option>",
            render::escaped(account.description())
        )
    };
    let options: String = plex.accounts().map(option).collect();
    format!("<p><label>Account <select name=\"account\">{options}</select></label></p>\n")
}

/// Returns the selected account and its title, or `None` if no existing account is selected.
fn chosen(plex: &FakePlex, form: &Form) -> Option<(Who, String)> {
    let uuid = form.field("account")?;
    let account = plex.accounts().find(|account| text(account, "uuid") == uuid)?;
    Some((account.who(), text(account, "title").to_owned()))
}

fn text<'a>(account: &'a Account, field: &str) -> &'a str {
    account.body().get(field).and_then(|value| value.as_str()).unwrap_or_default()
}

/// Returns a page with one paragraph of plain text.
pub(super) fn sentence(status: StatusCode, title: &str, sentence: &str) -> Response<Vec<u8>> {
    let body = format!("<h1>{title}</h1>\n<p>{}</p>\n", render::escaped(sentence));
    render::page(status, title, &body)
}
