//! One run of the tool: identity, transport, profile and token.

use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_ureq::flow::Now;
use plex_auth_ureq::http::Uri;
use plex_auth_ureq::ureq::tls::{PemItem, parse_pem};
use plex_auth_ureq::{
    Call, ClientIdentity, Error, Flow, InvalidTransport, PlexTv, ServerUrl, Token, Transport,
};

use crate::cli::Options;
use crate::explain::{self, Asked};
use crate::failure::{Exit, Failure};
use crate::hint::Hint;
use crate::output::Output;
use crate::plain_http;
use crate::state::Store;
use crate::state::profile::Profile;
use crate::verbose::Verbose;
use crate::waiting::SlowNotice;

mod active_profile;
pub(crate) mod device;
mod host_name;
mod sign_out;

/// The state that every command shares.
pub(crate) struct Session<'a> {
    pub(crate) output: &'a Output,
    pub(crate) store: Store,
    pub(crate) options: &'a Options,
    http: Transport,
}

/// A profile that is signed in.
pub(crate) struct ActiveProfile {
    pub(crate) plex_tv: PlexTv,
    pub(crate) token: Token,
    pub(crate) profile: Profile,
}

impl<'a> Session<'a> {
    pub(crate) fn new(output: &'a Output, options: &'a Options) -> Result<Self, Failure> {
        let store = Store::new(options)?;
        let http = transport(options)?;
        Ok(Self { output, store, options, http })
    }

    /// Returns the identity that the tool sends to Plex. Its client identifier is the one from the
    /// options or, by default, the permanent one.
    pub(crate) fn identity(&self) -> Result<ClientIdentity, Failure> {
        match &self.options.client_identifier {
            Some(identifier) => self.identity_of(identifier),
            None => self.identity_of(&self.store.identifier()?),
        }
    }

    /// Returns the identity with this client identifier. The user sees the other fields in the
    /// account's list of devices.
    pub(crate) fn identity_of(&self, identifier: &str) -> Result<ClientIdentity, Failure> {
        let platform = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "macOS",
            "windows" => "Windows",
            other => other,
        };
        let mut builder = ClientIdentity::builder(identifier)
            .product("plex-auth")
            .version(env!("CARGO_PKG_VERSION"))
            .platform(platform)
            .device("Command line");
        if let Some(name) = self.device_name() {
            builder = builder.device_name(name);
        }
        builder.build().map_err(Failure::internal)
    }

    /// Returns the device name that the user chose or, by default, this computer's name.
    pub(crate) fn device_name(&self) -> Option<String> {
        self.options.device_name.clone().or_else(host_name::host_name)
    }

    /// Returns the plex.tv to sign in to.
    pub(crate) fn plex_tv(&self) -> Result<PlexTv, Failure> {
        let url = self.plex_tv_url()?;
        Ok(plex_tv(self.identity()?, url.as_ref()))
    }

    /// Returns the URL that the user specified or, by default, the one saved in the profile,
    /// because a password must not be sent to another host unless the user asks for that.
    pub(crate) fn plex_tv_url(&self) -> Result<Option<ServerUrl>, Failure> {
        if let Some(named) = &self.options.plex_tv {
            plain_http::warn(named, "use https");
            return Ok(Some(named.clone()));
        }
        let state = self.store.read()?;
        Ok(state.profile(&self.options.profile)?.and_then(|profile| profile.plex_tv.clone()))
    }

    /// Returns the URL of the plex.tv that a profile is signed in to. If the user named a different
    /// plex.tv, returns an error, because the token must not be sent there.
    fn url_of(&self, profile: &Profile) -> Result<Option<ServerUrl>, Failure> {
        let Some(named) = &self.options.plex_tv else { return Ok(profile.plex_tv.clone()) };
        let saved = profile.plex_tv.clone().unwrap_or_else(ServerUrl::plex_tv);
        if !is_same_service(named, &saved) {
            let name = &self.options.profile;
            let what = format!("the profile \"{name}\" is not signed in to {named}");
            return Err(Failure::new(Exit::NotSignedIn, what)
                .likely(format!("Its token is from {saved} and is never sent to another service."))
                .next("Leave out --plex-tv (or unset PLEX_AUTH_PLEX_TV), or sign in to that service: {login}"));
        }
        plain_http::warn(named, "use https");
        Ok(Some(named.clone()))
    }

    /// Sends a call and, if it fails, explains the error.
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Failure> {
        self.ask(call).map_err(|error| self.explain(&error))
    }

    /// Sends a call.
    pub(crate) fn ask<T>(&self, call: Call<T>) -> Result<T, Error> {
        let host = call.request().uri().host().unwrap_or_default().to_owned();
        let _notice = SlowNotice::new(format!("a response from {host}"));
        self.http.send(call)
    }

    /// Explains a failed request.
    pub(crate) fn explain(&self, error: &Error) -> Failure {
        explain::request_error(error, self.asked())
    }

    /// Returns the information that the explanation of an error depends on.
    pub(crate) fn asked(&self) -> Asked {
        let url = self.plex_tv_url().ok().flatten();
        Asked {
            other_plex_tv: url.is_some_and(|url| !is_same_service(&url, &ServerUrl::plex_tv())),
        }
    }

    /// Runs a flow to its end. Prints a notice if that takes a long time.
    pub(crate) fn drive<F: Flow>(
        &self,
        flow: &mut F,
        watch: impl FnMut(&F, Now),
    ) -> Result<F::Output, Failure> {
        let _notice = SlowNotice::new("a response");
        self.drive_silently(flow, watch)
    }

    /// Runs a flow to its end without a notice, because the caller shows its progress.
    pub(crate) fn drive_silently<F: Flow>(
        &self,
        flow: &mut F,
        mut watch: impl FnMut(&F, Now),
    ) -> Result<F::Output, Failure> {
        let mut watch = |flow: &F, now| {
            watch(flow, now);
            ControlFlow::Continue(())
        };
        let output = self.http.drive_with(flow, &mut watch);
        output.ok_or_else(|| Failure::internal("the operation had already finished"))
    }

    /// Returns the current time for a flow.
    pub(crate) fn now(&self) -> Now {
        self.http.now()
    }

    /// Returns the error for a profile that is not signed in.
    pub(crate) fn not_signed_in(&self) -> Failure {
        not_signed_in(&self.options.profile, &self.store)
    }

    /// Returns the time limit from the options.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout
    }
}

/// Returns the error for a profile that is not signed in.
fn not_signed_in(name: &str, store: &Store) -> Failure {
    let what = match name {
        "default" => "not signed in".to_owned(),
        _ => format!("the profile \"{name}\" is not signed in"),
    };
    Failure::new(Exit::NotSignedIn, what)
        .likely(format!("No sign-in is saved for the profile \"{name}\" in {}.", store.location()))
        .next(Hint::from("Sign in: {login}, or see what is saved: {profiles}"))
}

pub(crate) fn plex_tv(identity: ClientIdentity, url: Option<&ServerUrl>) -> PlexTv {
    match url {
        Some(url) => PlexTv::at(identity, url.clone()),
        None => PlexTv::new(identity),
    }
}

/// Returns the plex.tv host, as shown to the user.
pub(crate) fn host(plex_tv: &PlexTv) -> String {
    let url = plex_tv.url().to_string();
    let uri: Option<Uri> = url.parse().ok();
    uri.as_ref().and_then(Uri::host).unwrap_or("plex.tv").to_owned()
}

/// Returns whether two URLs belong to the same plex.tv, regardless of their paths. The real plex.tv
/// has two hosts.
fn is_same_service(one: &ServerUrl, other: &ServerUrl) -> bool {
    let service = |url: &ServerUrl| {
        let uri: Option<Uri> = url.to_string().to_ascii_lowercase().parse().ok();
        let authority = uri.as_ref().and_then(Uri::authority).map(ToString::to_string);
        match authority.unwrap_or_default().as_str() {
            "plex.tv" | "plex.tv:443" | "clients.plex.tv" => (true, "plex.tv".to_owned()),
            authority => (url.is_https(), authority.to_owned()),
        }
    };
    service(one) == service(other)
}

/// Returns the URL to save in a profile. For plex.tv's default URL, returns `None`.
pub(crate) fn url_to_save(plex_tv: &PlexTv) -> Option<ServerUrl> {
    let url = plex_tv.url();
    (*url != ServerUrl::plex_tv()).then(|| url.clone())
}

fn transport(options: &Options) -> Result<Transport, Failure> {
    let mut builder = Transport::builder();
    if let Some(path) = &options.ca_file {
        let name = path.display();
        let pem = fs::read(path).map_err(|error| {
            Failure::machine(format!("cannot read {name}: {error}"))
                .likely("--ca-file or PLEX_AUTH_CA_FILE is not the path of a readable file.")
                .next("Correct the path or the permissions.")
        })?;
        let mut found = false;
        for item in parse_pem(&pem) {
            if let Ok(PemItem::Certificate(certificate)) = item {
                builder = builder.root_certificate(certificate.der());
                found = true;
            }
        }
        if !found {
            return Err(Failure::machine(format!("{name} contains no certificate"))
                .likely("It is a private key, or is not in PEM format.")
                .next("Use a file that contains -----BEGIN CERTIFICATE-----."));
        }
    }
    if options.proxy_from_env {
        builder = builder.proxy_from_env();
    }
    let http = builder.build().map_err(|error| match error {
        InvalidTransport::ProxyUrl | InvalidTransport::ProxyProtocol => {
            Failure::machine("the proxy in ALL_PROXY, HTTPS_PROXY or HTTP_PROXY cannot be used")
                .likely("It is not an http:// URL, or its password is not percent-encoded.")
                .next("Correct the variable, or leave out --proxy-from-env.")
        }
        InvalidTransport::NoProxyEntry { .. } => Failure::machine(error)
            .likely("NO_PROXY has an entry in a form that is not supported.")
            .next("Correct NO_PROXY, or leave out --proxy-from-env."),
        InvalidTransport::Certificate { number, .. } => {
            Failure::machine(format!("certificate {number} in --ca-file is invalid"))
                .likely("The file is damaged or incomplete.")
                .next("Replace the file, or leave out --ca-file.")
        }
        error => Failure::internal(error),
    })?;
    let http = http.timeout(options.timeout);
    Ok(if options.verbose { http.observer(Verbose) } else { http })
}
