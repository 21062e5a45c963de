//! A media server as it is named on the command line: by its name, its identifier or its URL.

use plex_auth_ureq::flow::ConnectionChoiceError;
use plex_auth_ureq::server::{Resource, Resources};
use plex_auth_ureq::{MediaServer, MediaServerAddress, ServerUrl, Token};

use crate::cli::PlainHttp;
use crate::failure::{Exit, Failure};
use crate::name;
use crate::session::{ActiveProfile, Session};

/// Returns the server over the best of its connections, with the token that it accepts from this account.
pub(crate) fn reach(
    session: &Session<'_>,
    named: &str,
    plain_http: PlainHttp,
) -> Result<MediaServer, Failure> {
    let url: Option<ServerUrl> =
        named.contains("://").then(|| named.parse()).transpose().map_err(Failure::usage)?;
    let ActiveProfile { plex_tv, token, .. } = session.signed_in()?;
    let resources = session.send(plex_tv.resources(&token))?;
    if let Some(url) = url {
        return at(session, MediaServerAddress::new(plex_tv.identity().clone(), url), &resources);
    }
    let server = find(&resources, named)?;
    let mut choice = server
        .choose_connection(plex_tv.identity().clone())
        .allow_plain_http(plain_http.allowed)
        .timeout(session.timeout());
    let chosen = session.drive(&mut choice, |_, _| {})?.map_err(|error| no_connection(&error))?;
    Ok(chosen.with_token(token_for(server)?))
}

fn no_connection(error: &ConnectionChoiceError) -> Failure {
    let ConnectionChoiceError::NoneReachable { candidates, plain_http_skipped, .. } = error else {
        return Failure::new(Exit::Unknown, error);
    };
    let states: Vec<_> = candidates.iter().map(ToString::to_string).collect();
    let what = format!("no connection to the server works: {}", states.join("; "));
    let failure = Failure::new(Exit::Unknown, what);
    if *plain_http_skipped {
        failure
            .likely("The server has no encrypted connection, or the router blocks plex.direct names (DNS rebinding protection).")
            .next("Allow plex.direct in the router's settings. Or pass --allow-plain-http, which exposes the token to the network.")
    } else {
        failure
            .likely("The server is down, or cannot be reached from this network.")
            .next("See the state of each connection: plex-auth servers")
    }
}

/// Returns the server that responds at a URL that the user named. Its identifier selects the server's token. Over plain
/// HTTP it proves nothing: any host can send a public identifier, and gets that token.
fn at(
    session: &Session<'_>,
    address: MediaServerAddress,
    resources: &Resources,
) -> Result<MediaServer, Failure> {
    let identity = session.send(address.server_identity())?;
    let server = resources.server(&identity.machine_identifier).ok_or_else(|| {
        Failure::new(
            Exit::Refused,
            format!("the server at {} is none of the account's", address.url()),
        )
        .likely("It is somebody else's, or was claimed a moment ago.")
        .next("See which are: plex-auth servers")
    })?;
    Ok(address.with_token(token_for(server)?))
}

fn token_for(server: &Resource) -> Result<Token, Failure> {
    server.access_token.clone().ok_or_else(|| {
        Failure::new(Exit::Refused, "the server takes no token from this account")
            .next("See which do: plex-auth servers")
    })
}

fn find<'a>(resources: &'a Resources, named: &str) -> Result<&'a Resource, Failure> {
    if let Some(server) = resources.server(named) {
        return Ok(server);
    }
    let is_called =
        |server: &&Resource| server.name.as_deref().is_some_and(|name| name::is_same(name, named));
    let mut by_name = resources.servers().filter(is_called);
    match (by_name.next(), by_name.next()) {
        (Some(server), None) => Ok(server),
        (None, _) => Err(Failure::usage(format!("no server of the account is called {named}"))
            .next("See which there are: plex-auth servers")),
        (Some(_), Some(_)) => Err(Failure::usage(format!("several servers are called {named}"))
            .next("Name one by its identifier, which stands below its name: plex-auth servers")),
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
