//! A sign-in, written by hand with hyper-util's pooled client.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use plex_auth_baseline::account::Account;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = plex_auth_baseline::request::Requests::at("https://plex.tv/api/v2", "").sign_in();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots();
    let connector = connector.https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async {
        let (head, body) = client.request(request.map(Full::<Bytes>::from)).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok::<_, Box<dyn std::error::Error>>(http::Response::from_parts(head, body))
    })?;
    let account: Account = plex_auth_baseline::answer::read(&answer).map_err(|error| format!("{error:?}"))?;
    println!("{}", account.username.unwrap_or_default());
    Ok(())
}
