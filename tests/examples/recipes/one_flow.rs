//! Combines signing in, choosing a connection, and requesting a transient token into one flow that
//! any driver can run.
//!
//! Use this if several flows follow one another and the program should treat them as one.

use std::error::Error;

use plex_auth_ureq::flow::{Completion, ConnectionChoice, Now, PinLogin, RequestId, RetriedCall};
use plex_auth_ureq::server::{Resources, Scope, TokenType};
use plex_auth_ureq::{Call, Flow, MediaServer, PlexTv, Step, Token, TransientToken, Transport};

/// A flow that signs in with a PIN, connects to a server, and gets a transient token.
struct OpenServer {
    plex_tv: PlexTv,
    name: String,
    stage: Stage,
}

enum Stage {
    Login(PinLogin),
    List(Retried<Resources>),
    Choose(ConnectionChoice, Token),
    Token(Retried<TransientToken>, MediaServer),
    Finished,
}

type Retried<T> = RetriedCall<T, Box<dyn Fn() -> Call<T> + Send>>;
type Opened = Result<(MediaServer, TransientToken), Box<dyn Error>>;

impl OpenServer {
    fn new(plex_tv: PlexTv, name: &str) -> Self {
        let stage = Stage::Login(plex_tv.link_code_login());
        Self { plex_tv, name: name.to_owned(), stage }
    }

    /// Returns the login while it is in progress.
    fn login(&self) -> Option<&PinLogin> {
        if let Stage::Login(login) = &self.stage { Some(login) } else { None }
    }

    fn list(&self, token: Token) -> Stage {
        let plex_tv = self.plex_tv.clone();
        Stage::List(RetriedCall::new(Box::new(move || plex_tv.resources(&token))))
    }

    fn choose(&self, resources: &Resources) -> Result<Stage, Box<dyn Error>> {
        let named = resources.servers().find(|server| server.name.as_ref() == Some(&self.name));
        let server = named.ok_or("the account has no such server")?;
        let token = server.access_token.clone().ok_or("plex.tv sent no token for the server")?;
        Ok(Stage::Choose(server.choose_connection(self.plex_tv.identity().clone()), token))
    }

    fn token(server: MediaServer) -> Stage {
        let host = server.clone();
        let call = move || host.transient_token(TokenType::Delegation, Scope::All);
        Stage::Token(RetriedCall::new(Box::new(call)), server)
    }

    /// Continues with the next stage, or ends the flow with the error.
    fn advance(&mut self, now: Now, next: Result<Stage, Box<dyn Error>>) -> Step<Opened> {
        match next {
            Ok(stage) => {
                self.stage = stage;
                self.poll(now)
            }
            Err(error) => self.end(Err(error)),
        }
    }

    fn end(&mut self, opened: Opened) -> Step<Opened> {
        self.stage = Stage::Finished;
        Step::Done(opened)
    }
}

impl Flow for OpenServer {
    type Output = Opened;

    fn poll(&mut self, now: Now) -> Step<Opened> {
        match &mut self.stage {
            Stage::Login(login) => login.poll(now).and_then(|linked| {
                let stage = linked.map(|linked| self.list(linked.auth_token));
                self.advance(now, stage.map_err(Into::into))
            }),
            Stage::List(list) => list.poll(now).and_then(|resources| {
                let stage =
                    resources.map_err(Into::into).and_then(|resources| self.choose(&resources));
                self.advance(now, stage)
            }),
            Stage::Choose(choice, token) => {
                let token = token.clone();
                choice.poll(now).and_then(|chosen| {
                    let stage = chosen.map(|chosen| Self::token(chosen.with_token(token)));
                    self.advance(now, stage.map_err(Into::into))
                })
            }
            Stage::Token(retried, server) => {
                let server = server.clone();
                let step = retried.poll(now);
                step.and_then(|token| {
                    self.end(token.map(|token| (server, token)).map_err(Into::into))
                })
            }
            Stage::Finished => Step::Finished,
        }
    }

    fn complete(&mut self, now: Now, id: RequestId, completion: Completion) {
        match &mut self.stage {
            Stage::Login(login) => login.complete(now, id, completion),
            Stage::List(list) => list.complete(now, id, completion),
            Stage::Choose(choice, _) => choice.complete(now, id, completion),
            Stage::Token(token, _) => token.complete(now, id, completion),
            Stage::Finished => {}
        }
    }
}

// The rest of this file runs the recipe against a fake Plex.

use std::ops::ControlFlow;

use plex_auth_fake::{Which, Who};

use crate::harness::{Harness, Outcome};

pub(crate) fn run() -> Outcome {
    let harness = Harness::new();
    let name = harness.server.with(|fake| fake.server(Which::Claimed).name().to_owned());
    let mut flow = OpenServer::new(harness.plex_tv()?, &name);
    let opened = Transport::new().drive_with(&mut flow, |flow, _| {
        let code = flow.login().and_then(|login| Some(login.pin()?.pin().code.expose().to_owned()));
        if let Some(code) = code {
            println!("enter {code}");
            harness.link(&code, Who::PlexPass);
        }
        ControlFlow::Continue(())
    });
    let (server, transient) = opened.ok_or("the flow had already finished")??;
    println!("{name} at {}, with {transient:?}", server.url());
    Ok(())
}
