//! One run of the program: who asks, over what, for which profile, with which token.

use std::fs;
use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_ureq::flow::Now;
use plex_auth_ureq::ureq::tls::{PemItem, parse_pem};
use plex_auth_ureq::{
    Call, ClientIdentity, Error, Flow, InvalidTransport, PlexTv, ServerUrl, Token, Transport,
};

use crate::cli::Options;
use crate::explain;
use crate::failure::Failure;
use crate::output::Output;
use crate::state::Store;
use crate::state::profile::Profile;
use crate::verbose::Verbose;

mod active_profile;
mod device;

/// What every command has at hand.
pub(crate) struct Session<'a> {
    pub(crate) output: &'a Output,
    pub(crate) store: Store,
    pub(crate) options: Options,
    pub(crate) http: Transport,
}

/// Somebody who is signed in.
pub(crate) struct ActiveProfile {
    pub(crate) plex_tv: PlexTv,
    pub(crate) token: Token,
    pub(crate) profile: Profile,
}

impl<'a> Session<'a> {
    pub(crate) fn new(output: &'a Output, options: Options) -> Result<Self, Failure> {
        let store = Store::new(options.state_dir.clone())?;
        let http = transport(&options)?;
        Ok(Self { output, store, options, http })
    }

    /// Returns the identity that the tool sends to Plex, with the identifier that never changes.
    pub(crate) fn identity(&self) -> Result<ClientIdentity, Failure> {
        identity(&self.store.identifier()?)
    }

    /// Where to sign in: the plex.tv that was named, or the real one.
    pub(crate) fn plex_tv(&self) -> Result<PlexTv, Failure> {
        Ok(plex_tv(self.identity()?, self.options.plex_tv.as_ref()))
    }

    /// Sends a call, and tells a person what went wrong.
    pub(crate) fn send<T>(&self, call: Call<T>) -> Result<T, Failure> {
        self.ask(call).map_err(|error| explain::request_error(&error))
    }

    /// Sends a call.
    pub(crate) fn ask<T>(&self, call: Call<T>) -> Result<T, Error> {
        self.http.send(call)
    }

    /// Drives a flow to its end, reporting its progress.
    pub(crate) fn drive<F: Flow>(
        &self,
        flow: &mut F,
        mut watch: impl FnMut(&F, Now),
    ) -> Result<F::Output, Failure> {
        let mut watch = |flow: &F, now| {
            watch(flow, now);
            ControlFlow::Continue(())
        };
        let output = self.http.drive_with(flow, &mut watch);
        output.ok_or_else(|| Failure::machine("internal error: the flow was already finished"))
    }

    /// That there is no such profile.
    fn nobody(&self) -> Failure {
        let name = &self.options.profile;
        let failure = match name.as_str() {
            "default" => Failure::usage("nobody is signed in").next("Sign in: plex-auth login"),
            _ => Failure::usage(format!("nobody is signed in under the profile {name}"))
                .next(format!("Sign in: plex-auth --profile {name} login")),
        };
        failure.likely("There was no login yet, or it was in another folder or profile.")
    }

    /// How long one answer may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout
    }
}

/// Who asks. The owner reads it in the list of devices.
pub(crate) fn identity(identifier: &str) -> Result<ClientIdentity, Failure> {
    let platform = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        other => other,
    };
    ClientIdentity::builder(identifier)
        .product("plex-auth")
        .version(env!("CARGO_PKG_VERSION"))
        .platform(platform)
        .device("Command line")
        .build()
        .map_err(Failure::machine)
}

pub(crate) fn plex_tv(identity: ClientIdentity, url: Option<&ServerUrl>) -> PlexTv {
    match url {
        Some(url) => PlexTv::at(identity, url.clone()),
        None => PlexTv::new(identity),
    }
}

fn transport(options: &Options) -> Result<Transport, Failure> {
    let mut builder = Transport::builder();
    if let Some(path) = &options.ca_file {
        let name = path.display();
        let pem = fs::read(path)
            .map_err(|error| Failure::machine(format!("cannot read {name}: {error}")))?;
        let mut found = false;
        for item in parse_pem(&pem) {
            if let Ok(PemItem::Certificate(certificate)) = item {
                builder = builder.root_certificate(certificate.der());
                found = true;
            }
        }
        if !found {
            return Err(Failure::machine(format!("{name} has no certificate in PEM"))
                .next("It must have a block -----BEGIN CERTIFICATE-----."));
        }
    }
    if options.proxy_from_env {
        builder = builder.proxy_from_env();
    }
    let http = builder.build().map_err(|error| match error {
        InvalidTransport::ProxyUrl | InvalidTransport::ProxyProtocol => {
            Failure::machine("ALL_PROXY, HTTPS_PROXY or HTTP_PROXY names no proxy that can be used")
                .likely("It is no http:// URL, or its password is not percent-encoded.")
        }
        error => Failure::machine(error),
    })?;
    let http = http.timeout(options.timeout);
    Ok(if options.verbose { http.observer(Verbose) } else { http })
}
