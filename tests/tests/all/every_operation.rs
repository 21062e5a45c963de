//! Every operation of the core's public list, without naming them one by one where they are used: a suite
//! that goes through [`every_operation`] covers an operation the moment it stands in that list.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use plex_auth_proto::device::DeviceId;
use plex_auth_proto::error::TransportErrorKind;
use plex_auth_proto::home::{HomePin, HomeUserUuid};
use plex_auth_proto::http::{Request, Response, Uri};
use plex_auth_proto::jwt::{DeviceClaims, DeviceJwt, Jwk};
use plex_auth_proto::pin::{PinCode, PinId};
use plex_auth_proto::server::{ClaimToken, Scope, TokenType};
use plex_auth_proto::{
    Body, Call, ClientIdentity, Credentials, Error, Host, MediaServer, OPERATIONS, Operation,
    PlexTv, ResponseError, Source, Token,
};

use crate::carrier::Carrier;

/// Who asks.
pub(crate) const IDENTIFIER: &str = "3381b62b-9ab7-4e37-827b-203e9809eb58";

/// The number of the PIN that is asked about, which the answers have, too: a secret that is no text.
pub(crate) const PIN: u64 = 8_160_397_245_183_641;

/// The operations whose success says nothing but that it was done: anything does, but a web page.
pub(crate) const WORDLESS: [&str; 6] = [
    "linkOAuthPin",
    "registerDeviceJWK",
    "signOut",
    "removeDevice",
    "claimServer",
    "unclaimServer",
];

/// The signature of the device's token: a secret that stands in the body of a request.
pub(crate) const SIGNATURE: &[u8; 64] =
    b"dev1ce-Qm4xVt9Ks2Wd7Jb5Np8Hc3Lz6Rg1Yf0-Tk5vXn8Bq2Mw7Gj4Pd9Sh3Zr-";

/// A Home PIN, too short to be searched for by itself: in a URL it is `pin=` and this.
pub(crate) const HOME_PIN: &str = "8305";

/// Whom to ask, and with what: everything that any operation needs.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) plex_tv: PlexTv,
    pub(crate) server: MediaServer,
    pub(crate) token: Token,
    pub(crate) credentials: Credentials,
    pub(crate) source: Source,
    pub(crate) pin: PinId,
    pub(crate) pin_code: PinCode,
    pub(crate) jwk: Jwk,
    pub(crate) device_jwt: DeviceJwt,
    pub(crate) claim_token: ClaimToken,
    pub(crate) home_user: HomeUserUuid,
    pub(crate) home_pin: HomePin,
    /// In place of a call's own deadline, where it has one: no suite waits for that.
    pub(crate) deadline: Option<Duration>,
}

impl Asking {
    /// Both hosts at one URL, as the fake has them.
    pub(crate) fn at(url: &str) -> Self {
        let token = Token::new("t0ken-of-rosa").unwrap();
        let credentials = Credentials::new("rosa", "pa55-of-rosa").unwrap();
        Self::with(url, token, credentials)
    }

    pub(crate) fn with(url: &str, token: Token, credentials: Credentials) -> Self {
        let me = ClientIdentity::builder(IDENTIFIER).product("Scenario").build().unwrap();
        let jwk = Jwk::new([7; 32], "key-of-a-television").unwrap();
        let claims = DeviceClaims::for_poll(&me, SystemTime::UNIX_EPOCH);
        let url: plex_auth_proto::ServerUrl = url.parse().unwrap();
        Self {
            plex_tv: PlexTv::at(me.clone(), url.clone()),
            server: MediaServer::new(me, url, token.clone()),
            token,
            credentials: credentials.verification_code("c0de-of-rosa"),
            source: "server://5f0e1c2d".parse().unwrap(),
            pin: PinId::new(PIN),
            pin_code: "c0de-of-a-television".parse().unwrap(),
            device_jwt: claims.unsigned(&jwk).signed(SIGNATURE),
            jwk,
            claim_token: "claim-of-rosa".parse().unwrap(),
            home_user: "5e1f0c9b7a3d2468".parse().unwrap(),
            home_pin: HOME_PIN.parse().unwrap(),
            deadline: None,
        }
    }

    /// No call waits for longer, whatever deadline it has of its own.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }
}

/// One operation, to be asked as often as one likes.
pub(crate) struct EveryOperation {
    pub(crate) operation: &'static Operation,
    /// A success that Plex could answer, with what it has of secrets: tokens, mostly.
    pub(crate) success: &'static str,
    call: Box<dyn AnyCall>,
}

/// All operations, in the order of the core's list.
pub(crate) fn every_operation() -> Vec<EveryOperation> {
    OPERATIONS.iter().map(asked).collect()
}

fn asked(operation: &'static Operation) -> EveryOperation {
    let (success, call): (_, Box<dyn AnyCall>) = match operation.name {
        "postUsersSignInData" => {
            (ACCOUNT, made(|asking| asking.plex_tv.sign_in(&asking.credentials)))
        }
        "getTokenDetails" => (ACCOUNT, made(|asking| asking.plex_tv.token_details(&asking.token))),
        "createOAuthPin" => (NEW_PIN, made(|asking| asking.plex_tv.create_short_pin())),
        "getOAuthPin" => (LINKED_PIN, made(|asking| asking.plex_tv.poll_pin(&asking.pin))),
        "linkOAuthPin" => (
            // As long as others, for what is cut off or trickles; none of it is wanted.
            r#"{"authToken":"canary-Lk8gYs3Wm5Td20"}"#,
            made(|asking| asking.plex_tv.link_pin(&asking.token, &asking.pin_code)),
        ),
        "registerDeviceJWK" => (
            r#"{"authToken":"canary-Rj7mVc2Kx9Tb31"}"#,
            made(|asking| asking.plex_tv.register_device_key(&asking.token, &asking.jwk)),
        ),
        "getAuthNonce" => {
            (r#"{"nonce":"canary-Nc5wHz8Dq3Lf32"}"#, made(|asking| asking.plex_tv.nonce()))
        }
        "exchangeJWTToken" => (
            r#"{"auth_token":"canary-Xj4pSn6Gt1Rk33"}"#,
            made(|asking| asking.plex_tv.exchange_device_jwt(&asking.device_jwt)),
        ),
        "getAuthKeys" => (
            r#"{"keys":[{"kty":"RSA","kid":"k1","n":"AQAB","e":"AQAB"}]}"#,
            made(|asking| asking.plex_tv.plex_keys()),
        ),
        "ping" => (r#"{"pong":true}"#, made(|asking| asking.plex_tv.ping(&asking.token))),
        "signOut" => (r#"{"success":true}"#, made(|asking| asking.plex_tv.sign_out(&asking.token))),
        "getServerResources" => (
            r#"[{"name":"Attic","provides":"server","sourceTitle":"canary-Rb3vJw8Fs5Ny21",
                "accessToken":"canary-Lm6kPz1Hc4Td22","connections":[{"port":1}]}]"#,
            made(|asking| asking.plex_tv.resources(&asking.token)),
        ),
        "getHomeUsers" => (
            r#"{"id":7,"name":"canary-Hm9tBf2Lx6Kq27","users":[{"uuid":"5e1f0c9b7a3d2468",
                "title":"canary-Tn4vSc8Jd1Pw28","username":"canary-Un7kGz3Rh5My29",
                "email":"canary-Em2xWb6Vq9Fs30@example.org","friendlyName":"canary-Fn5dTj8Nc4Lr31"}]}"#,
            made(|asking| asking.plex_tv.home_users(&asking.token)),
        ),
        "switchHomeUser" => (
            ACCOUNT,
            made(|asking| {
                let Asking { plex_tv, token, home_user, home_pin, .. } = asking;
                plex_tv.switch_home_user(token, home_user, Some(home_pin))
            }),
        ),
        "getDevices" => (
            r#"{"MediaContainer":{"Device":[{"id":"4711","name":"Lamp","token":"canary-Gv8mQc3Ht6Xb32"}]}}"#,
            made(|asking| asking.plex_tv.devices(&asking.token)),
        ),
        "removeDevice" => (
            "<Response code=\"200\"/>",
            made(|asking| asking.plex_tv.remove_device(&asking.token, DeviceId(4711))),
        ),
        "getClaimToken" => (
            r#"{"token":"claim-canary-Xk5rQb9Tn2Wj23"}"#,
            made(|asking| asking.plex_tv.claim_token(&asking.token)),
        ),
        "getTransientToken" => (
            r#"{"MediaContainer":{"size":0,"token":"canary-Qx7vTq2Lw9Kd77"}}"#,
            made(|asking| asking.server.transient_token(TokenType::Delegation, Scope::All)),
        ),
        "getSourceConnectionInformation" => (
            r#"{"MediaContainer":{"size":1,"Device":[{"name":"Attic","clientIdentifier":"5f0e1c2d",
                "accessToken":"canary-Hn4zRb8Yp3Vm88","Connection":[{"port":1}]}]}}"#,
            made(|asking| asking.server.source_connection_information(&asking.source)),
        ),
        "getIdentity" => (
            r#"{"MediaContainer":{"size":0,"claimed":true,"machineIdentifier":"5f0e1c2d"}}"#,
            made(|asking| asking.server.server_identity()),
        ),
        "getServerInfo" => (
            r#"{"MediaContainer":{"friendlyName":"Attic","myPlexUsername":"canary-Yd8fVm4Gs6Cz24"}}"#,
            made(|asking| asking.server.root()),
        ),
        "claimServer" => (
            r#"{"MyPlex":{"authToken":"canary-Vt2cLp7Jx9Rw25","username":"canary-Nb6hKd1Zq5Fm26"}}"#,
            made(|asking| asking.server.claim(&asking.claim_token)),
        ),
        "unclaimServer" => (r#"{"MyPlex":{}}"#, made(|asking| asking.server.unclaim())),
        name => panic!(
            "{name} stands in OPERATIONS and is not asked here: add its call, so that all suites have it"
        ),
    };
    EveryOperation { operation, success, call }
}

const ACCOUNT: &str = r#"{"id":1,"username":"canary-Uw2kJs6Gd0Xc11","title":"canary-Zt5hPf1Na7Br22",
    "email":"canary-Ev8mLq4Cx2Ks33@example.org","friendlyName":"canary-Fy6wDn9Tg3Jh44",
    "authToken":"canary-Aq1sVx5Rk8Zp55","pin":"canary-Pw3bHm7Ud4Lc66",
    "services":[{"identifier":"epg","token":"canary-Sv9jXe2Wf6Qn99","secret":"canary-Kr4tGy8Bz1Ma10"}],
    "settings":[{"id":"x","value":"canary-Dg7nCs5Ph2Vx12"}],
    "cloudSyncDevice":"canary-Cw6kFt3Jr9Yb13","queueEmail":"canary-Mq8zLd2Xh5Sg14","queueUid":"canary-Bp1vNw4Tk7Re15"}"#;

const NEW_PIN: &str = r#"{"id":8160397245183641,"code":"canary-Ny5dRt9Hb2Kw16",
    "qr":"https://plex.tv/canary-Qr2mVx6Jc8Zf17","location":{"city":"canary-Cy7pLd4Sn1Gv18",
    "postal_code":"canary-Pc3hTk9Xb6Wj19","coordinates":"canary-Co5rMz2Fq8Yn21","subdivisions":"canary-Sb9wKd6Lt3Hx22"},
    "expiresIn":900,"authToken":"canary-Nt4cGp7Vr1Jm23"}"#;

const LINKED_PIN: &str =
    r#"{"id":8160397245183641,"code":"canary-Lc6zBn3Ws8Dk24","authToken":"canary-Lt1xQh5Yv9Pg25"}"#;

impl EveryOperation {
    /// Sends it; a success is shown as `Debug` does, in both its forms.
    pub(crate) fn send(&self, asking: &Asking, carrier: &Carrier) -> Result<String, Error> {
        self.call.send(asking, carrier)
    }

    /// The request that it makes.
    pub(crate) fn request(&self, asking: &Asking) -> Request<Body> {
        self.call.request(asking)
    }

    /// The path that it asks for, below the host's base URL.
    pub(crate) fn path(&self) -> String {
        self.request(&Asking::at("https://plex.example")).uri().path().to_owned()
    }

    /// What it makes of an answer.
    pub(crate) fn parse(
        &self,
        asking: &Asking,
        answer: &Response<Vec<u8>>,
    ) -> Result<String, ResponseError> {
        self.call.parse(asking, answer)
    }

    /// Reads an answer and drops what comes of it.
    pub(crate) fn read(
        &self,
        asking: &Asking,
        answer: &Response<Vec<u8>>,
    ) -> Result<(), ResponseError> {
        self.call.read(asking, answer)
    }

    /// The error for no answer.
    pub(crate) fn transport_error(
        &self,
        asking: &Asking,
        reason: TransportErrorKind,
        sent: bool,
    ) -> Error {
        self.call.transport_error(asking, reason, sent)
    }

    /// Everything that can be seen of the call before it is sent.
    pub(crate) fn shown(&self, asking: &Asking) -> String {
        self.call.shown(asking)
    }

    /// Whether nothing is looked for in its answer, so that only a web page is none.
    pub(crate) fn is_wordless(&self) -> bool {
        WORDLESS.contains(&self.operation.name)
    }

    /// Whether a list is its answer, and not an object.
    pub(crate) fn is_answered_by_a_list(&self) -> bool {
        self.success.starts_with('[')
    }

    /// Whether a 401 speaks for the account's token.
    pub(crate) fn judges_the_account(&self, asking: &Asking) -> bool {
        let carries_a_token = self.request(asking).headers().contains_key("x-plex-token");
        self.operation.host == Host::PlexTv && carries_a_token
    }
}

trait AnyCall {
    fn send(&self, asking: &Asking, carrier: &Carrier) -> Result<String, Error>;
    fn request(&self, asking: &Asking) -> Request<Body>;
    fn parse(&self, asking: &Asking, answer: &Response<Vec<u8>>) -> Result<String, ResponseError>;
    fn read(&self, asking: &Asking, answer: &Response<Vec<u8>>) -> Result<(), ResponseError>;
    fn transport_error(&self, asking: &Asking, reason: TransportErrorKind, sent: bool) -> Error;
    fn shown(&self, asking: &Asking) -> String;
}

struct Made<T>(fn(&Asking) -> Call<T>);

impl<T> Made<T> {
    fn call(&self, asking: &Asking) -> Call<T> {
        let call = (self.0)(asking);
        match (asking.deadline, call.reply().deadline()) {
            (Some(limit), Some(_)) => call.deadline(limit),
            _ => call,
        }
    }
}

fn made<T: Debug + 'static>(call: fn(&Asking) -> Call<T>) -> Box<dyn AnyCall> {
    Box::new(Made(call))
}

fn both<T: Debug>(value: &T) -> String {
    format!("{value:?}\n{value:#?}\n")
}

impl<T: Debug> AnyCall for Made<T> {
    fn send(&self, asking: &Asking, carrier: &Carrier) -> Result<String, Error> {
        carrier.send(self.call(asking)).map(|value| both(&value))
    }

    fn request(&self, asking: &Asking) -> Request<Body> {
        self.call(asking).into_parts().0
    }

    fn parse(&self, asking: &Asking, answer: &Response<Vec<u8>>) -> Result<String, ResponseError> {
        self.call(asking).reply().parse(answer).map(|value| both(&value))
    }

    fn read(&self, asking: &Asking, answer: &Response<Vec<u8>>) -> Result<(), ResponseError> {
        self.call(asking).reply().parse(answer).map(drop)
    }

    fn transport_error(&self, asking: &Asking, reason: TransportErrorKind, sent: bool) -> Error {
        self.call(asking).reply().transport_error(reason, sent)
    }

    fn shown(&self, asking: &Asking) -> String {
        let call = self.call(asking);
        let mut shown = both(&call) + &both(call.reply()) + &call.masked_url().to_string();
        let (mut request, reply) = call.into_parts();
        if reply.has_secret_url() {
            // Handed over, it is http's own, and shows its URL as that is.
            *request.uri_mut() = Uri::default();
        }
        shown += &(both(&request)
            + &both(&reply)
            + &both(reply.context())
            + &reply.context().to_string());
        shown
    }
}
