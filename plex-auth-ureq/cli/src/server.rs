//! Finds the media server that is specified on the command line by name, identifier or URL.

use plex_auth_ureq::flow::ConnectionChoiceError;
use plex_auth_ureq::server::{Resource, ResourceConnection, Resources};
use plex_auth_ureq::{ClientIdentity, MediaServer, MediaServerAddress, ServerUrl, Token};

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::output::warning;
use crate::session::{ActiveProfile, Session};
use crate::{name, plain_http};

/// A server that responded at its address, with the token that it accepts from this account.
pub(crate) struct Reached {
    pub(crate) server: MediaServer,
    pub(crate) name: String,
}

/// Finds the server and its best connection. If the server is specified by a URL, only that URL is
/// tried.
pub(crate) fn reach(
    session: &Session<'_>,
    named: &str,
    plain_http: PlainHttp,
) -> Result<Reached, Failure> {
    let url = url(named, plain_http)?;
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let resources = session.send(plex_tv.resources(&token))?;
    if let Some(url) = url {
        let address = MediaServerAddress::new(plex_tv.identity().clone(), url);
        let server = at(session, &address, &resources)?;
        return Ok(Reached {
            server: address.with_token(token_for(server, &token)?),
            name: name_of(server),
        });
    }
    let server = find(&resources, named)?;
    let mut choice = server
        .choose_connection(plex_tv.identity().clone())
        .allow_plain_http(plain_http.allowed)
        .timeout(session.timeout());
    let chosen = session.drive(&mut choice, |_, _| {})?.map_err(|error| no_connection(&error))?;
    Ok(Reached { server: chosen.with_token(token_for(server, &token)?), name: name_of(server) })
}

/// Returns the server's name and the token that it accepts from this account. Sends a request to
/// the server only if it is specified by a URL.
pub(crate) fn token(
    session: &Session<'_>,
    named: &str,
    plain_http: PlainHttp,
) -> Result<(String, Token), Failure> {
    let url = url(named, plain_http)?;
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let resources = session.send(plex_tv.resources(&token))?;
    let server = match url {
        Some(url) => {
            let address = MediaServerAddress::new(plex_tv.identity().clone(), url);
            at(session, &address, &resources)?
        }
        None => find(&resources, named)?,
    };
    Ok((name_of(server), token_for(server, &token)?))
}

/// Returns the URL if the server is specified by one. Warns about a plain HTTP URL of another
/// computer unless plain HTTP is allowed.
pub(crate) fn url(named: &str, plain_http: PlainHttp) -> Result<Option<ServerUrl>, Failure> {
    let invalid = |error| {
        Failure::usage(error)
            .likely("There is a typo in the URL, or it is not the server's base URL.")
            .next("Correct the URL, or use the server's name. To list the servers: {servers}")
    };
    let url = named.contains("://").then(|| named.parse()).transpose().map_err(invalid)?;
    if let Some(url) = url.as_ref().filter(|_| !plain_http.allowed) {
        plain_http::warn(url, "use https, or pass --allow-plain-http to silence this warning");
    }
    Ok(url)
}

fn name_of(server: &Resource) -> String {
    let name = server.name.as_deref().or(server.client_identifier.as_deref());
    name.unwrap_or("?").to_owned()
}

fn no_connection(error: &ConnectionChoiceError) -> Failure {
    let ConnectionChoiceError::NoneReachable { candidates, plain_http_skipped, .. } = error else {
        let what = "the server list has no identifier for this server, so its responses cannot be verified";
        return Failure::new(Exit::Unknown, what)
            .likely("Plex's API has changed.")
            .next("Try again. If the error persists, report it and include these lines.");
    };
    if candidates.is_empty() {
        let what = "could not connect to the server: no connections are listed for it";
        return Failure::new(Exit::Unknown, what)
            .likely("The server is not running, or cannot reach plex.tv.")
            .next("See the account's servers: {servers}");
    }
    let states: Vec<_> = candidates.iter().map(ToString::to_string).collect();
    let states = states.join("; ");
    let failure = Failure::new(Exit::Unknown, format!("could not connect to the server: {states}"));
    if *plain_http_skipped {
        failure
            .likely("The server is not running or has no encrypted connection, or the router blocks plex.direct names (DNS rebinding protection).")
            .next("Allow plex.direct in the router's settings. Or pass --allow-plain-http, which exposes the token to the network.")
    } else {
        failure
            .likely("The server is not running, or cannot be reached from this network.")
            .next("See the state of each connection: {servers}")
    }
}

/// Returns the list entry for the server that responds at a URL. The entry, which contains the
/// token, is found by the identifier in the response. Over plain HTTP, the identifier proves
/// nothing: it is public, so any host can send it, and would then get that server's token.
fn at<'a>(
    session: &Session<'_>,
    address: &MediaServerAddress,
    resources: &'a Resources,
) -> Result<&'a Resource, Failure> {
    let identity = session.send(address.server_identity())?;
    resources.server(&identity.machine_identifier).ok_or_else(|| {
        let what = format!("the server at {} is not in this account's server list", address.url());
        Failure::new(Exit::Refused, what)
            .likely("It is unclaimed, was claimed just now, or is not shared with this account.")
            .next("See the account's servers: {servers}")
    })
}

/// Returns the list entry for the server that responds at a URL, with the URL as its only
/// connection.
pub(crate) fn only_at(
    session: &Session<'_>,
    identity: &ClientIdentity,
    url: &ServerUrl,
    resources: &Resources,
) -> Result<Resource, Failure> {
    let address = MediaServerAddress::new(identity.clone(), url.clone());
    let mut server = at(session, &address, resources)?.clone();
    let mut connection = ResourceConnection::default();
    connection.uri = Some(url.to_string());
    server.connections = vec![connection];
    // The server responded at this URL, even if the URL is plain HTTP.
    server.https_required = None;
    Ok(server)
}

fn token_for(server: &Resource, account: &Token) -> Result<Token, Failure> {
    let token = server.access_token.clone().ok_or_else(|| {
        Failure::new(Exit::Refused, "Plex lists no token for this server")
            .likely("The server is no longer shared with this account.")
            .next("See the account's servers: {servers}")
    })?;
    // For the account's own servers, Plex lists the token that the request was sent with.
    if token.expose() == account.expose() && token.expose().split('.').count() == 3 {
        warning(
            "media servers refuse tokens renewed with a device key; use a profile without a device key",
        );
    }
    Ok(token)
}

/// Finds a server by its name or identifier.
pub(crate) fn find<'a>(resources: &'a Resources, named: &str) -> Result<&'a Resource, Failure> {
    if let Some(server) = resources.server(named) {
        return Ok(server);
    }
    let is_called =
        |server: &&Resource| server.name.as_deref().is_some_and(|name| name::is_same(name, named));
    let mut by_name = resources.servers().filter(is_called);
    match (by_name.next(), by_name.next()) {
        (Some(server), None) => Ok(server),
        (None, _) => {
            let likely = if named.contains(':') {
                "The URL does not start with http:// or https://, or the name is misspelled."
            } else {
                "The name is misspelled, or the server belongs to another account."
            };
            Err(Failure::usage(format!("this account has no server named \"{named}\""))
                .likely(likely)
                .next("See the account's servers: {servers}"))
        }
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("more than one server is named \"{named}\""))
                .likely("Their names are the same, ignoring case.")
                .next("Use the server's identifier instead. To list the identifiers: {servers}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use plex_auth_ureq::http::Response;
    use plex_auth_ureq::{ClientIdentity, PlexTv, Token};

    use super::find;

    #[test]
    fn server_is_found_in_either_unicode_form() {
        let plex_tv = PlexTv::new(ClientIdentity::builder("id").build().unwrap());
        let call = plex_tv.resources(&Token::new("abc").unwrap());
        let response = Response::new(
            "[{\"name\":\"Gru\u{308}n \",\"provides\":\"server\",\"clientIdentifier\":\"5f0e\"}]",
        );
        let resources = call.reply().parse(&response).unwrap();
        for named in ["gr\u{fc}n", "Gru\u{308}n", " GR\u{dc}N\n", "5f0e"] {
            assert!(find(&resources, named).is_ok(), "{named:?}");
        }
        assert!(find(&resources, "grun").is_err());
    }
}
