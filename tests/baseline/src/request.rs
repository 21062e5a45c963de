//! Requests built by hand, from strings that are known only at run time.

use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

// Statics, so that the names are validated at compile time.
static IDENTIFIER: HeaderName = HeaderName::from_static("x-plex-client-identifier");
static PRODUCT: HeaderName = HeaderName::from_static("x-plex-product");
static VERSION: HeaderName = HeaderName::from_static("x-plex-version");
static PLATFORM: HeaderName = HeaderName::from_static("x-plex-platform");
static DEVICE: HeaderName = HeaderName::from_static("x-plex-device");
static TOKEN: HeaderName = HeaderName::from_static("x-plex-token");

/// The inputs for all requests: the hosts, the client's identity, the credentials, and the source.
#[derive(Debug)]
pub struct Requests {
    pub plex_tv: String,
    pub server: String,
    pub identifier: String,
    pub product: String,
    pub version: String,
    pub platform: String,
    pub device: String,
    pub token: String,
    pub login: String,
    pub password: String,
    pub source: String,
}

impl Requests {
    /// Returns made-up inputs for these two hosts.
    pub fn at(plex_tv: &str, server: &str) -> Self {
        Self {
            plex_tv: plex_tv.to_owned(),
            server: server.to_owned(),
            identifier: "3381b62b-9ab7-4e37-827b-203e9809eb58".to_owned(),
            product: "Plex for Roku".to_owned(),
            version: "2.4.1".to_owned(),
            platform: "Roku".to_owned(),
            device: "Roku 3".to_owned(),
            token: "qT7-madeUp_0123456789".to_owned(),
            login: "mireille.okafor@example.org".to_owned(),
            password: "nine kites & a lantern".to_owned(),
            source: "server://5f0e1c2d9a7b4c3e8d6f".to_owned(),
        }
    }

    pub fn sign_in(&self) -> Request<Vec<u8>> {
        let capacity = 40 + 3 * (self.login.len() + self.password.len());
        let mut form = Serializer::new(String::with_capacity(capacity));
        form.append_pair("login", &self.login).append_pair("password", &self.password);
        form.append_pair("rememberMe", "false");
        let body = form.finish().into_bytes();
        let mut headers = self.headers(2);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(CONTENT_LENGTH, body.len().into());
        request(Method::POST, [&self.plex_tv, "/users/signin"].concat(), headers, body)
    }

    pub fn token_details(&self) -> Request<Vec<u8>> {
        let url = [&self.plex_tv, "/user"].concat();
        request(Method::GET, url, self.headers_with_token(0), Vec::new())
    }

    pub fn transient_token(&self) -> Request<Vec<u8>> {
        let mut headers = self.headers_with_token(1);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let url = [&self.server, "/security/token?type=delegation&scope=all"].concat();
        request(Method::POST, url, headers, Vec::new())
    }

    pub fn source_connection_information(&self) -> Request<Vec<u8>> {
        let path = "/security/resources?source=";
        let capacity = self.server.len() + path.len() + 3 * self.source.len();
        let mut url = String::with_capacity(capacity);
        url.push_str(&self.server);
        url.push_str(path);
        url.extend(byte_serialize(self.source.as_bytes()));
        request(Method::GET, url, self.headers_with_token(0), Vec::new())
    }

    fn headers_with_token(&self, more: usize) -> HeaderMap {
        let mut headers = self.headers(more + 1);
        let mut token = value(&self.token);
        token.set_sensitive(true);
        headers.insert(&TOKEN, token);
        headers
    }

    fn headers(&self, more: usize) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(7 + more);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("plex-auth/0.1.0"));
        for (name, text) in [
            (&IDENTIFIER, &self.identifier),
            (&PRODUCT, &self.product),
            (&VERSION, &self.version),
            (&PLATFORM, &self.platform),
            (&DEVICE, &self.device),
        ] {
            headers.insert(name, value(text));
        }
        headers
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("plain text")
}

fn request(method: Method, url: String, headers: HeaderMap, body: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(url).expect("a URL");
    *request.headers_mut() = headers;
    request
}
