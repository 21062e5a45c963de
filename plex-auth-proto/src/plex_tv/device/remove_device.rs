use http::Method;

use crate::call::{Call, request};
use crate::operation::{Host, Operation};
use crate::plex_tv::PlexTv;
use crate::plex_tv::device::devices::DeviceId;
use crate::values::token::Token;
use crate::wire::decode;

// Idempotent: IDs are not reused, so a second request finds nothing to remove.
pub(crate) const OPERATION: Operation =
    Operation::new("removeDevice", Host::PlexTv, Method::DELETE, "/devices/{id}.xml")
        .idempotent()
        .own_connection();

impl PlexTv {
    /// Removes a device from the account and invalidates its tokens. Sends
    /// `DELETE https://plex.tv/devices/{id}.xml`.
    ///
    /// Use it for a device that was lost or sold, or that the user does not recognize. A device can
    /// remove itself, which invalidates its own token like [`sign_out`](Self::sign_out) does. To
    /// sign in again, a removed device that has a device key needs a new key and a new client
    /// identifier.
    ///
    /// | Plex's response | Error |
    /// |---|---|
    /// | 401; 422 "Invalid token" | [`Unauthorized`](crate::ResponseError::Unauthorized): the token is no longer valid |
    /// | 404 | [`Rejected`](crate::ResponseError::Rejected): the device does not exist, or was removed by an earlier request |
    /// | a web page with a success status | [`UnexpectedContent`](crate::ResponseError::UnexpectedContent): the device may not have been removed |
    ///
    /// Any other successful response is accepted. The endpoint is at the base URL without `/api/v2`
    /// and is not part of the published API. Sources: two clients.
    ///
    /// ```
    /// # fn saved_identifier() -> String { "example".into() }
    /// use plex_auth_proto::{ClientIdentity, PlexTv, Token, http};
    /// use plex_auth_proto::device::DeviceId;
    ///
    /// let identity = ClientIdentity::builder(saved_identifier()).build()?;
    /// let token = Token::new("xyz-Abc_0123456789ab")?;
    /// let (request, reply) = PlexTv::new(identity).remove_device(&token, DeviceId(4711)).into_parts();
    /// assert_eq!(request.method(), "DELETE");
    /// assert_eq!(request.uri(), "https://plex.tv/devices/4711.xml");
    ///
    /// reply.parse(&http::Response::new(""))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove_device(&self, token: &Token, id: DeviceId) -> Call<()> {
        let path = format!("/devices/{id}.xml");
        let url = self.url.outside_api();
        let request = request::request_at(&OPERATION, &path, "", &self.identity, &url, Some(token));
        Call::new(&OPERATION, request, decode::nothing)
    }
}

#[cfg(test)]
mod tests {
    use crate::device::DeviceId;
    use crate::{ClientIdentity, PlexTv, Token};
    use http::Response;

    #[test]
    fn request_is_correct() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let plex_tv = PlexTv::at(me, "https://clients.plex.tv/api/v2".parse().unwrap());
        let call = plex_tv.remove_device(&Token::new("abc").unwrap(), DeviceId(u64::MAX));
        assert_eq!(call.request().method(), "DELETE");
        assert_eq!(
            call.request().uri(),
            "https://clients.plex.tv/devices/18446744073709551615.xml"
        );
        assert_eq!(call.request().headers()["x-plex-token"], "abc");
        assert!(!call.request().headers().contains_key("content-length"));
        for body in ["", "<Response code='200'/>", "OK"] {
            call.reply().parse(&Response::new(body)).unwrap();
        }
        call.reply().parse(&Response::new("<html>Sign in</html>")).unwrap_err();
    }

    #[test]
    fn invalid_token_differs_from_missing_device() {
        let me = ClientIdentity::builder("id").build().unwrap();
        let call = PlexTv::new(me).remove_device(&Token::new("abc").unwrap(), DeviceId(7));
        for (status, body, is_invalid) in [
            (401, "", true),
            (422, "<errors><error>Invalid token</error></errors>", true),
            (404, "<errors><error>Not found</error></errors>", false),
        ] {
            let answer = Response::builder().status(status).body(body).unwrap();
            let error = call.reply().parse(&answer).unwrap_err();
            assert_eq!(error.is_token_invalid(), is_invalid, "{error}");
        }
    }
}
