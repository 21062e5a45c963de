//! The page `/auth`, which stands in for `https://app.plex.tv/auth`: the user signs a program in,
//! or refuses. The page then redirects to the program's URL, if the program supplied one.

use http::{HeaderValue, Response, StatusCode, header};

use super::{choice, chosen, sentence};
use crate::fake::FakePlex;
use crate::fake::ask::{Ask, Form};
use crate::fake::render;

const TITLE: &str = "Sign in";

/// Copies the parameters in the fragment, which only a script on the page can read, to the form.
/// Some clients write `#!?` instead of `#?`.
const SCRIPT: &str = r##"<script>
const asked = new URLSearchParams(location.hash.replace(/^#!?\??/, ""));
for (const name of ["clientID", "code", "forwardUrl"])
  document.forms[0].elements[name].value = asked.get(name) ?? "";
document.getElementById("product").textContent = asked.get("context[device][product]") ?? "a program";
</script>
"##;

pub(crate) fn form(plex: &FakePlex) -> Response<Vec<u8>> {
    let body = format!(
        "<h1>{TITLE}</h1>\n<p>to <strong id=\"product\">a program</strong></p>\n\
         <form method=\"post\" action=\"/auth\">\n\
         <input type=\"hidden\" name=\"clientID\">\n<input type=\"hidden\" name=\"code\">\n\
         <input type=\"hidden\" name=\"forwardUrl\">\n{}\
         <p><button name=\"answer\" value=\"allow\">Sign in</button>\n\
         <button name=\"answer\" value=\"refuse\">Refuse</button></p>\n</form>\n{SCRIPT}",
        choice(plex)
    );
    render::page(StatusCode::OK, TITLE, &body)
}

pub(crate) fn answer(plex: &mut FakePlex, ask: &Ask<'_>) -> Response<Vec<u8>> {
    let Some(form) = ask.form() else {
        return sentence(StatusCode::BAD_REQUEST, TITLE, "Use the form at /auth.");
    };
    match form.field("answer") {
        Some("refuse") => back(&form, "The sign-in was refused. You can close this page."),
        Some("allow") => match sign_in(plex, &form, ask.now()) {
            Some(()) => back(&form, "You are signed in. You can close this page."),
            None => sentence(StatusCode::NOT_FOUND, TITLE, "This link is invalid or has expired."),
        },
        _ => sentence(StatusCode::BAD_REQUEST, TITLE, "An answer is required: allow or refuse."),
    }
}

/// Links the PIN, if it was created under the identifier that the page was opened with.
fn sign_in(plex: &mut FakePlex, form: &Form, now: u64) -> Option<()> {
    let (code, identifier) = (form.field("code")?, form.field("clientID")?);
    let (who, _) = chosen(plex, form)?;
    plex.pins.waiting(code, now).filter(|pin| pin.client_identifier() == identifier)?;
    plex.link_pin(code, who, now).map(drop)
}

/// Redirects to the program's URL, if it is `http` or `https`. Otherwise, returns a page with the
/// text `otherwise`.
fn back(form: &Form, otherwise: &str) -> Response<Vec<u8>> {
    let url = form.field("forwardUrl").unwrap_or_default();
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_web = matches!(scheme.as_deref(), Some("http" | "https"));
    match HeaderValue::from_bytes(url.as_bytes()) {
        Ok(url) if is_web => {
            let mut response = render::nothing(StatusCode::SEE_OTHER);
            response.headers_mut().insert(header::LOCATION, url);
            response
        }
        _ => sentence(StatusCode::OK, TITLE, otherwise),
    }
}
