//! JSON, XML, HTML, PNG and empty responses.

use std::fmt::{self, Write as _};

use http::{Response, StatusCode, header};
use serde_json::{Map, Value};

/// Returns a JSON response with plex.tv's content type.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    with_body(status, "application/json;charset=utf-8", body.to_string())
}

/// Returns a JSON response with a media server's content type.
pub(crate) fn media_server_json(body: &Value) -> Response<Vec<u8>> {
    with_body(StatusCode::OK, "application/json", body.to_string())
}

/// Returns an XML response.
pub(crate) fn xml(status: StatusCode, root: &Element) -> Response<Vec<u8>> {
    with_body(
        status,
        "application/xml",
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}\n"),
    )
}

/// Returns an HTML error response, as sent by media servers.
pub(crate) fn html(status: StatusCode) -> Response<Vec<u8>> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = status.as_str();
    let page = format!(
        "<html><head><title>{reason}</title></head><body><h1>{code} {reason}</h1></body></html>"
    );
    with_body(status, "text/html", page)
}

/// Returns an HTML page with this body.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response<Vec<u8>> {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n{body}</body>\n</html>\n"
    );
    with_body(status, "text/html; charset=utf-8", page)
}

/// Returns a response with a PNG image.
#[cfg(feature = "qr")]
pub(crate) fn png(picture: Vec<u8>) -> Response<Vec<u8>> {
    with_body(StatusCode::OK, "image/png", picture)
}

/// Returns a response without a body.
pub(crate) fn nothing(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status;
    response
}

/// Escapes text for use in HTML and XML, between tags or in double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a `String` cannot fail.
    let _ = escape(&mut escaped, text);
    escaped
}

fn with_body(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Vec<u8>>,
) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// An XML element with attributes, and either children or text. `Display` formats it as XML.
#[derive(Debug)]
pub(crate) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    text: String,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
        }
    }

    pub(crate) fn attribute(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Creates an element in plex.tv's format: a scalar member becomes an attribute (empty for
    /// null), and an object becomes a child element. A list becomes a child element that has a
    /// child for each item. A scalar item becomes the `id` of its element.
    pub(crate) fn plex_tv(name: &str, members: &Map<String, Value>) -> Self {
        members.iter().fold(Self::new(name), |element, (key, value)| match value {
            Value::Object(object) => element.child(Self::plex_tv(key, object)),
            Value::Array(list) => element.child(Self::plex_tv_list(key, list)),
            plain => element.attribute(key, plain_text(key, plain)),
        })
    }

    /// Creates an element in a media server's format, which differs only for lists: their objects
    /// become direct children, and their scalar items are omitted.
    pub(crate) fn media_server(name: &str, members: &Map<String, Value>) -> Self {
        members.iter().fold(Self::new(name), |element, (key, value)| match value {
            Value::Array(list) => {
                let objects = list.iter().filter_map(Value::as_object);
                objects
                    .fold(element, |element, object| element.child(Self::media_server(key, object)))
            }
            Value::Object(object) => element.child(Self::media_server(key, object)),
            plain => element.attribute(key, plain_text(key, plain)),
        })
    }

    /// Creates the element for a list, in plex.tv's format.
    pub(crate) fn plex_tv_list(name: &str, list: &[Value]) -> Self {
        let one = match name {
            "entitlements" => "entitlement",
            "pastSubscriptions" => "subscription",
            name => name.strip_suffix('s').unwrap_or(name),
        };
        list.iter().fold(Self::new(name), |element, value| match value {
            Value::Object(object) => element.child(Self::plex_tv(one, object)),
            plain => element.child(Self::new(one).attribute("id", plain_text("id", plain))),
        })
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"")?;
            escape(f, value)?;
            f.write_char('"')?;
        }
        if self.children.is_empty() && self.text.is_empty() {
            return f.write_str("/>");
        }
        f.write_char('>')?;
        escape(f, &self.text)?;
        for child in &self.children {
            child.fmt(f)?;
        }
        write!(f, "</{}>", self.name)
    }
}

/// Formats a scalar as the value of an attribute. The date in `subscribedAt` has a different format
/// in XML.
fn plain_text(key: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "1" } else { "0" }.to_owned(),
        Value::String(date) if key == "subscribedAt" => date.replace('T', " ").replace('Z', " UTC"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escape(f: &mut impl fmt::Write, value: &str) -> fmt::Result {
    for character in value.chars() {
        match character {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            plain => f.write_char(plain)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap()
    }

    #[test]
    fn plex_tv_wraps_lists_in_an_element() {
        let value = serde_json::json!({
            "id": 7, "locale": null, "home": true, "title": "A \"B\" & <C>",
            "roles": ["plexpass"], "trials": [],
            "subscription": { "subscribedAt": "2019-03-11T17:42:08Z", "features": ["x", "y"] },
        });
        assert_eq!(
            Element::plex_tv("user", members(&value)).to_string(),
            "<user home=\"1\" id=\"7\" locale=\"\" title=\"A &quot;B&quot; &amp; &lt;C&gt;\">\
             <roles><role id=\"plexpass\"/></roles>\
             <subscription subscribedAt=\"2019-03-11 17:42:08 UTC\">\
             <features><feature id=\"x\"/><feature id=\"y\"/></features></subscription><trials/></user>"
        );
    }

    #[test]
    fn media_servers_do_not_wrap_lists() {
        let value = serde_json::json!({ "size": 1, "Device": [{ "name": "a" }, { "name": "b" }] });
        assert_eq!(
            Element::media_server("MediaContainer", members(&value)).to_string(),
            "<MediaContainer size=\"1\"><Device name=\"a\"/><Device name=\"b\"/></MediaContainer>"
        );
    }
}
