//! The pages that a person opens in a browser to link a PIN, which are no part of any API: a form each, and
//! nothing from anywhere else; and the picture that leads there.

mod auth;
mod link;
#[cfg(feature = "qr")]
mod qr;

use http::{Response, StatusCode};

use super::ask::{Ask, Form};
use super::plex_tv::PREFIX;
use super::render;
use super::routes::captures;
use super::{FakePlex, Who};

/// The answer of a page, where the request is for one.
pub(crate) fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Option<Response<Vec<u8>>> {
    Some(match (ask.method(), ask.path()) {
        ("GET", "/link" | "/link/") => link::form(plex, ask),
        ("POST", "/link" | "/link/") => link::answer(plex, ask),
        ("GET", "/auth" | "/auth/") => auth::form(plex),
        ("POST", "/auth" | "/auth/") => auth::answer(plex, ask),
        (_, "/link" | "/link/" | "/auth" | "/auth/") => {
            render::html(StatusCode::METHOD_NOT_ALLOWED)
        }
        ("GET", path) => picture(plex, ask, code_of_picture(path)?),
        _ => return None,
    })
}

#[cfg(feature = "qr")]
fn picture(plex: &FakePlex, ask: &Ask<'_>, code: &str) -> Response<Vec<u8>> {
    qr::picture(plex, ask, code)
}

/// Says why there is none, to a client that expects one.
#[cfg(not(feature = "qr"))]
fn picture(_: &FakePlex, _: &Ask<'_>, _: &str) -> Response<Vec<u8>> {
    let why = "This fake was built without the feature `qr`, which draws QR images.";
    sentence(StatusCode::NOT_FOUND, "QR code", why)
}

/// Whose picture is at a path, if it is one's.
fn code_of_picture(path: &str) -> Option<&str> {
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    captures("/pins/qr/{code}", path)?.first().copied()
}

/// The accounts to choose from.
fn choice(plex: &FakePlex) -> String {
    let option = |account: &super::Account| {
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

/// The account that was chosen, and its name.
fn chosen(plex: &FakePlex, form: &Form) -> Option<(Who, String)> {
    let uuid = form.field("account")?;
    let account = plex.accounts().find(|account| text(account, "uuid") == uuid)?;
    Some((account.who(), text(account, "title").to_owned()))
}

fn text<'a>(account: &'a super::Account, field: &str) -> &'a str {
    account.body().get(field).and_then(|value| value.as_str()).unwrap_or_default()
}

/// A page with one sentence, which is text and not yet HTML.
fn sentence(status: StatusCode, title: &str, sentence: &str) -> Response<Vec<u8>> {
    let body = format!("<h1>{title}</h1>\n<p>{}</p>\n", render::escaped(sentence));
    render::page(status, title, &body)
}
