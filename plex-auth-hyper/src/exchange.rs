//! Exchanges with a service. Each attempt is reported to the observer.

use std::future::poll_fn;
use std::sync::Arc;

use http_body::Body;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::http::uri::{Authority, Scheme};
use plex_auth_proto::http::{Request, Response};
use plex_auth_proto::{Error, Observer, Outgoing, Reply, ResponseError, TransportError};
use tower_service::Service;

use crate::deadline::Deadline;
use crate::error_chain::{self, BoxError};
use crate::failure::Failure;
use crate::observed::Observed;
use crate::request_body::RequestBody;
use crate::request_copy::RequestCopy;
use crate::response_body;
use crate::send_state::SendState;

/// Sends the request and returns the unparsed response.
pub(crate) async fn fetch<S, B>(
    mut service: S,
    mut outgoing: Outgoing,
    mut deadline: Deadline,
    observer: Option<Arc<dyn Observer>>,
) -> Result<Response<plex_auth_proto::Body>, TransportError>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let observed = Observed::new(observer, &outgoing);
    let _guard = observed.cancel_on_drop();
    let response = confirmed(&mut service, &mut outgoing, &observed, &mut deadline).await;
    response.map(|(response, _)| response)
}

/// Sends the request, and repeats it if the response must be confirmed. If the request may still be
/// repeated, also returns a copy of it.
async fn confirmed<S, B>(
    service: &mut S,
    outgoing: &mut Outgoing,
    observed: &Observed,
    deadline: &mut Deadline,
) -> Result<(Response<plex_auth_proto::Body>, Option<Arc<RequestCopy>>), TransportError>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let own_connection = outgoing.wants_own_connection();
    let request = outgoing.take_request().map(RequestBody::from);
    // A request with its own connection is never repeated.
    let may_repeat = outgoing.is_idempotent() && !own_connection;
    let copy = may_repeat.then(|| Arc::new(RequestCopy::of(&request)));
    let mut send_state = SendState::new(copy.clone(), own_connection, observed.clone());
    let response = attempt(service, request, outgoing, &mut send_state, deadline).await?;
    match copy {
        Some(copy) if send_state.may_be_reused() && outgoing.must_confirm(&response) => {
            send_state.retire()();
            Ok((attempt_again(service, &copy, outgoing, observed, deadline).await?, None))
        }
        copy => Ok((response, copy)),
    }
}

/// Repeats the request on its own connection.
async fn attempt_again<S, B>(
    service: &mut S,
    copy: &RequestCopy,
    outgoing: &Outgoing,
    observed: &Observed,
    deadline: &mut Deadline,
) -> Result<Response<plex_auth_proto::Body>, TransportError>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let outgoing = outgoing.clone().on_own_connection();
    let mut send_state = SendState::new(None, true, observed.clone());
    let response = attempt(service, copy.to_request(), &outgoing, &mut send_state, deadline).await;
    // The first request was sent, whatever happened to the second.
    response.map_err(|error| outgoing.transport_error(error.kind(), true))
}

/// Sends the request and reads the response.
pub(crate) async fn exchange<S, B, T>(
    mut service: S,
    mut outgoing: Outgoing,
    reply: Reply<T>,
    mut deadline: Deadline,
    observer: Option<Arc<dyn Observer>>,
) -> Result<Response<T>, Error>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let observed = Observed::new(observer, &outgoing);
    let _guard = observed.cancel_on_drop();
    let (response, copy) = confirmed(&mut service, &mut outgoing, &observed, &mut deadline).await?;
    match (reply.read(response), copy) {
        (Err(ResponseError::Mismatched { .. }), Some(copy)) => {
            let second =
                attempt_again(&mut service, &copy, &outgoing, &observed, &mut deadline).await?;
            Ok(reply.read(second)?)
        }
        (result, _) => Ok(result?),
    }
}

async fn attempt<S, B>(
    service: &mut S,
    mut request: Request<RequestBody>,
    outgoing: &Outgoing,
    send_state: &mut SendState,
    deadline: &mut Deadline,
) -> Result<Response<plex_auth_proto::Body>, TransportError>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    if let Err(kind) = deadline.check().await {
        return Err(outgoing.transport_error(kind, false));
    }
    send_state.attach_to(&mut request);
    let observed = send_state.observed();
    observed.start();
    let head = head(service, request, send_state, deadline).await;
    let (head, body) = match head {
        Ok(response) => response.into_parts(),
        Err(failure) => {
            observed.finish(0, Err(failure.kind()));
            return Err(outgoing.transport_error(failure.kind(), failure.may_have_been_sent()));
        }
    };
    observed.head_received(&head);
    let limit = outgoing.body_limit(head.status, &head.headers);
    let (body, error) = response_body::read(body, limit, deadline).await;
    // For an unsuccessful response, the status is enough. But a refusal with an empty body counts
    // as plex.tv's, so it must be complete.
    let is_empty_refusal = head.status.is_client_error() && body.as_ref().is_empty();
    let error = error.filter(|_| head.status.is_success() || is_empty_refusal);
    observed.finish(body.as_ref().len(), error.map_or(Ok(()), Err));
    match error {
        Some(kind) => Err(outgoing.transport_error(kind, true)),
        None => {
            let response = Response::from_parts(head, body);
            Ok(outgoing.received(response, send_state.retire()))
        }
    }
}

/// Sends the request and returns the response with its body unread.
async fn head<S, B>(
    service: &mut S,
    request: Request<RequestBody>,
    send_state: &SendState,
    deadline: &mut Deadline,
) -> Result<Response<B>, Failure>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    // hyper-util replaces an invalid port with the default port, which can belong to another
    // server.
    if !request.uri().authority().is_none_or(has_valid_port) {
        let kind = TransportErrorKind::NotStarted("the port in the URL is invalid");
        return Err(Failure::not_sent(kind));
    }
    match deadline.race(poll_fn(|cx| service.poll_ready(cx))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let kind = error_chain::head_failure(&error.into()).kind();
            return Err(Failure::not_sent(kind));
        }
        Err(kind) => return Err(Failure::not_sent(kind)),
    }
    let is_https = request.uri().scheme() == Some(&Scheme::HTTPS);
    let failure = match deadline.race(service.call(request)).await {
        Ok(Ok(response)) => return Ok(response),
        Ok(Err(error)) if is_https => error_chain::https_head_failure(&error.into()),
        Ok(Err(error)) => error_chain::head_failure(&error.into()),
        Err(kind) => Failure::outcome_unknown(kind),
    };
    let sent = send_state.may_have_been_sent().unwrap_or(failure.may_have_been_sent());
    Err(Failure::new(failure.kind(), sent))
}

/// Returns whether the port is a number below 65,536, or missing.
fn has_valid_port(authority: &Authority) -> bool {
    let after_user_info = authority.as_str().rsplit('@').next();
    let port = after_user_info.and_then(|rest| rest.strip_prefix(authority.host()));
    matches!(port, Some("" | ":")) || authority.port_u16().is_some()
}
