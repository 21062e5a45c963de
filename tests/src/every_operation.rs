//! Every operation in the core's public list, with inputs and a successful response. A test that
//! iterates over [`every_operation`] cannot miss a new operation: the function panics until the
//! operation has been added here.

use std::fmt::Debug;
use std::sync::Arc;
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

/// The client identifier sent with every request.
pub const IDENTIFIER: &str = "3381b62b-9ab7-4e37-827b-203e9809eb58";

/// The PIN's ID in requests and responses. It is a numeric secret.
pub const PIN: u64 = 8_160_397_245_183_641;

/// The operations that read nothing from a successful response. Any body within the size limit is
/// accepted, except a compressed body or a web page. A media server's own `200 OK` page is also
/// accepted.
pub const WITHOUT_OUTPUT: [&str; 6] = [
    "linkOAuthPin",
    "registerDeviceJWK",
    "signOut",
    "removeDevice",
    "claimServer",
    "unclaimServer",
];

/// The signature of the device's JWT: a secret that is sent in a request body.
pub const SIGNATURE: &[u8; 64] =
    b"dev1ce-Qm4xVt9Ks2Wd7Jb5Np8Hc3Lz6Rg1Yf0-Tk5vXn8Bq2Mw7Gj4Pd9Sh3Zr-";

/// A Home PIN. It is too short to search for on its own, so tests search for it with a prefix.
pub const HOME_PIN: &str = "8305";

/// The hosts and the values that the operations need.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named after their types")]
pub struct Inputs {
    pub plex_tv: PlexTv,
    pub server: MediaServer,
    pub token: Token,
    pub credentials: Credentials,
    pub source: Source,
    pub pin: PinId,
    pub pin_code: PinCode,
    pub jwk: Jwk,
    pub device_jwt: DeviceJwt,
    pub claim_token: ClaimToken,
    pub home_user: HomeUserUuid,
    pub home_pin: HomePin,
    /// Replaces the deadlines that operations set, which are too long for a test.
    pub deadline: Option<Duration>,
}

impl Inputs {
    /// Creates inputs with plex.tv and the media server at the same URL, as the fake serves them.
    pub fn at(url: &str) -> Self {
        let token = Token::new("t0ken-of-rosa").unwrap();
        let credentials = Credentials::new("rosa", "pa55-of-rosa").unwrap();
        Self::with(url, token, credentials)
    }

    /// Creates inputs with these secrets.
    pub fn with(url: &str, token: Token, credentials: Credentials) -> Self {
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

    /// Replaces the deadline of calls that already have one.
    pub fn within(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }
}

/// One operation, which can be sent any number of times.
#[derive(Clone, Debug)]
pub struct EveryOperation {
    /// The operation's entry in the core's list.
    pub operation: &'static Operation,
    /// The body of a successful response. Most of its secrets contain `canary-`.
    pub success: &'static str,
    call: Arc<dyn ErasedCall>,
}

/// Returns all operations, in the order of the core's list.
pub fn every_operation() -> Vec<EveryOperation> {
    OPERATIONS.iter().map(with_call).collect()
}

/// Returns a few operations that a transport could treat differently: only some are idempotent,
/// only some are sent to plex.tv, and only some have an output. Use this in tests that wait or that
/// repeat many cases.
pub fn one_of_each_kind() -> Vec<EveryOperation> {
    const NAMES: [&str; 4] =
        ["getTokenDetails", "postUsersSignInData", "getTransientToken", "signOut"];
    let mut operations = every_operation();
    operations.retain(|every| NAMES.contains(&every.operation.name));
    operations
}

fn with_call(operation: &'static Operation) -> EveryOperation {
    let (success, call): (_, Arc<dyn ErasedCall>) = match operation.name {
        "postUsersSignInData" => {
            (ACCOUNT, make(|inputs| inputs.plex_tv.sign_in(&inputs.credentials)))
        }
        "getTokenDetails" => (
            // This body has no token, so it is accepted for any token in the request.
            r#"{"id":7,"username":"rosa","friendlyName":"Rosa","email":"rosa@example.org"}"#,
            make(|inputs| inputs.plex_tv.token_details(&inputs.token)),
        ),
        "createOAuthPin" => (NEW_PIN, make(|inputs| inputs.plex_tv.create_short_pin())),
        "getOAuthPin" => (LINKED_PIN, make(|inputs| inputs.plex_tv.poll_pin(&inputs.pin))),
        "linkOAuthPin" => (
            // This body is not read, but its secret must not be shown either.
            r#"{"authToken":"canary-Lk8gYs3Wm5Td20"}"#,
            make(|inputs| inputs.plex_tv.link_pin(&inputs.token, &inputs.pin_code)),
        ),
        "registerDeviceJWK" => (
            r#"{"authToken":"canary-Rj7mVc2Kx9Tb31"}"#,
            make(|inputs| inputs.plex_tv.register_device_key(&inputs.token, &inputs.jwk)),
        ),
        "getAuthNonce" => {
            (r#"{"nonce":"canary-Nc5wHz8Dq3Lf32"}"#, make(|inputs| inputs.plex_tv.nonce()))
        }
        "exchangeJWTToken" => (
            r#"{"auth_token":"canary-Xj4pSn6Gt1Rk33"}"#,
            make(|inputs| inputs.plex_tv.exchange_device_jwt(&inputs.device_jwt)),
        ),
        "getAuthKeys" => (
            r#"{"keys":[{"kty":"RSA","kid":"k1","n":"AQAB","e":"AQAB"}]}"#,
            make(|inputs| inputs.plex_tv.plex_keys()),
        ),
        "ping" => (r#"{"pong":true}"#, make(|inputs| inputs.plex_tv.ping(&inputs.token))),
        "signOut" => (r#"{"success":true}"#, make(|inputs| inputs.plex_tv.sign_out(&inputs.token))),
        "getServerResources" => (
            r#"[{"name":"Attic","provides":"server","sourceTitle":"canary-Rb3vJw8Fs5Ny21",
                "accessToken":"canary-Lm6kPz1Hc4Td22","connections":[{"port":1}]}]"#,
            make(|inputs| inputs.plex_tv.resources(&inputs.token)),
        ),
        "getHomeUsers" => (
            r#"{"id":7,"name":"canary-Hm9tBf2Lx6Kq27","users":[{"uuid":"5e1f0c9b7a3d2468",
                "title":"canary-Tn4vSc8Jd1Pw28","username":"canary-Un7kGz3Rh5My29",
                "email":"canary-Em2xWb6Vq9Fs30@example.org","friendlyName":"canary-Fn5dTj8Nc4Lr31"}]}"#,
            make(|inputs| inputs.plex_tv.home_users(&inputs.token)),
        ),
        "switchHomeUser" => (
            ACCOUNT,
            make(|inputs| {
                let Inputs { plex_tv, token, home_user, home_pin, .. } = inputs;
                plex_tv.switch_home_user(token, home_user, Some(home_pin))
            }),
        ),
        "getDevices" => (
            r#"{"MediaContainer":{"Device":[{"id":"4711","name":"Lamp","token":"canary-Gv8mQc3Ht6Xb32"}]}}"#,
            make(|inputs| inputs.plex_tv.devices(&inputs.token)),
        ),
        "removeDevice" => (
            "<Response code=\"200\"/>",
            make(|inputs| inputs.plex_tv.remove_device(&inputs.token, DeviceId(4711))),
        ),
        "getClaimToken" => (
            r#"{"token":"claim-canary-Xk5rQb9Tn2Wj23"}"#,
            make(|inputs| inputs.plex_tv.claim_token(&inputs.token)),
        ),
        "getTransientToken" => (
            r#"{"MediaContainer":{"size":0,"token":"canary-Qx7vTq2Lw9Kd77"}}"#,
            make(|inputs| inputs.server.transient_token(TokenType::Delegation, Scope::All)),
        ),
        "getSourceConnectionInformation" => (
            r#"{"MediaContainer":{"size":1,"Device":[{"name":"Attic","clientIdentifier":"5f0e1c2d",
                "accessToken":"canary-Hn4zRb8Yp3Vm88","Connection":[{"port":1}]}]}}"#,
            make(|inputs| inputs.server.source_connection_information(&inputs.source)),
        ),
        "getIdentity" => (
            r#"{"MediaContainer":{"size":0,"claimed":true,"machineIdentifier":"5f0e1c2d"}}"#,
            make(|inputs| inputs.server.server_identity()),
        ),
        "getServerInfo" => (
            r#"{"MediaContainer":{"friendlyName":"Attic","myPlexUsername":"canary-Yd8fVm4Gs6Cz24"}}"#,
            make(|inputs| inputs.server.root()),
        ),
        "claimServer" => (
            r#"{"MyPlex":{"authToken":"canary-Vt2cLp7Jx9Rw25","username":"canary-Nb6hKd1Zq5Fm26"}}"#,
            make(|inputs| inputs.server.claim(&inputs.claim_token)),
        ),
        "unclaimServer" => (r#"{"MyPlex":{}}"#, make(|inputs| inputs.server.unclaim())),
        name => {
            panic!("{name} is in OPERATIONS but not here: add its call, so that all tests cover it")
        }
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
    /// Sends the operation and returns the output in both `Debug` forms.
    pub fn send(&self, inputs: &Inputs, carrier: &Carrier) -> Result<String, Error> {
        self.call.send(inputs, carrier)
    }

    /// Returns the request.
    pub fn request(&self, inputs: &Inputs) -> Request<Body> {
        self.call.request(inputs)
    }

    /// Returns the path of the request, relative to the host's base URL.
    pub fn path(&self) -> String {
        self.request(&Inputs::at("https://plex.example")).uri().path().to_owned()
    }

    /// Parses a response and returns the output in both `Debug` forms.
    pub fn parse(
        &self,
        inputs: &Inputs,
        response: &Response<Vec<u8>>,
    ) -> Result<String, ResponseError> {
        self.call.parse(inputs, response)
    }

    /// Parses a response and drops the output.
    pub fn read(&self, inputs: &Inputs, response: &Response<Vec<u8>>) -> Result<(), ResponseError> {
        self.call.read(inputs, response)
    }

    /// Returns the error for a request that received no response.
    pub fn transport_error(
        &self,
        inputs: &Inputs,
        reason: TransportErrorKind,
        sent: bool,
    ) -> Error {
        self.call.transport_error(inputs, reason, sent)
    }

    /// Returns everything that the call shows in `Debug` and `Display` before it is sent.
    pub fn shown(&self, inputs: &Inputs) -> String {
        self.call.shown(inputs)
    }

    /// Returns whether the operation reads nothing from a successful response.
    pub fn has_no_output(&self) -> bool {
        WITHOUT_OUTPUT.contains(&self.operation.name)
    }

    /// Returns whether the response is a list rather than an object.
    pub fn returns_list(&self) -> bool {
        self.success.starts_with('[')
    }

    /// Returns whether status 401 means that the account's token is invalid.
    pub fn checks_account_token(&self, inputs: &Inputs) -> bool {
        let carries_a_token = self.request(inputs).headers().contains_key("x-plex-token");
        self.operation.host == Host::PlexTv && carries_a_token
    }
}

trait ErasedCall: Debug + Send + Sync {
    fn send(&self, inputs: &Inputs, carrier: &Carrier) -> Result<String, Error>;
    fn request(&self, inputs: &Inputs) -> Request<Body>;
    fn parse(&self, inputs: &Inputs, response: &Response<Vec<u8>>)
    -> Result<String, ResponseError>;
    fn read(&self, inputs: &Inputs, response: &Response<Vec<u8>>) -> Result<(), ResponseError>;
    fn transport_error(&self, inputs: &Inputs, reason: TransportErrorKind, sent: bool) -> Error;
    fn shown(&self, inputs: &Inputs) -> String;
}

#[derive(Debug)]
struct MakeCall<T>(fn(&Inputs) -> Call<T>);

impl<T> MakeCall<T> {
    fn call(&self, inputs: &Inputs) -> Call<T> {
        let call = (self.0)(inputs);
        match (inputs.deadline, call.reply().deadline()) {
            (Some(limit), Some(_)) => call.deadline(limit),
            _ => call,
        }
    }
}

fn make<T: Debug + 'static>(call: fn(&Inputs) -> Call<T>) -> Arc<dyn ErasedCall> {
    Arc::new(MakeCall(call))
}

fn debug_text<T: Debug>(value: &T) -> String {
    format!("{value:?}\n{value:#?}\n")
}

impl<T: Debug> ErasedCall for MakeCall<T> {
    fn send(&self, inputs: &Inputs, carrier: &Carrier) -> Result<String, Error> {
        carrier.send(self.call(inputs)).map(|value| debug_text(&value))
    }

    fn request(&self, inputs: &Inputs) -> Request<Body> {
        self.call(inputs).into_parts().0
    }

    fn parse(
        &self,
        inputs: &Inputs,
        response: &Response<Vec<u8>>,
    ) -> Result<String, ResponseError> {
        self.call(inputs).reply().parse(response).map(|value| debug_text(&value))
    }

    fn read(&self, inputs: &Inputs, response: &Response<Vec<u8>>) -> Result<(), ResponseError> {
        self.call(inputs).reply().parse(response).map(drop)
    }

    fn transport_error(&self, inputs: &Inputs, reason: TransportErrorKind, sent: bool) -> Error {
        self.call(inputs).reply().transport_error(reason, sent)
    }

    fn shown(&self, inputs: &Inputs) -> String {
        let call = self.call(inputs);
        let mut shown =
            debug_text(&call) + &debug_text(call.reply()) + &call.masked_url().to_string();
        let (mut request, reply) = call.into_parts();
        if reply.has_secret_url() {
            // The http crate does not redact the URL.
            *request.uri_mut() = Uri::default();
        }
        shown += &(debug_text(&request)
            + &debug_text(&reply)
            + &debug_text(reply.context())
            + &reply.context().to_string());
        shown
    }
}
