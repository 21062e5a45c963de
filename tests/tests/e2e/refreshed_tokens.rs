//! Tokens that are checked and refreshed, driven by both transports.

use std::ops::ControlFlow;
use std::time::Duration;

use plex_auth_fake::{FakePlex, Misbehaviour, Server, Which, Who};
use plex_auth_proto::flow::{
    Access, TokenState, TransientTokenProgress as Progress, TransientTokenReason as Reason,
    TransientTokenRefresher,
};
use plex_auth_proto::{ClientIdentity, Flow, MediaServer, PlexTv, Token};

use plex_auth_tests::carrier::runtime;
use plex_auth_tests::in_parallel;

/// What drives a flow.
#[derive(Debug)]
enum Driver {
    Ureq,
    Hyper,
}

impl Driver {
    fn until<C>(&self, flow: &mut C, is_there: impl Fn(&C::Progress) -> bool) -> Option<C::Output>
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        let watch = |progress| match is_there(&progress) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        match self {
            Self::Ureq => plex_auth_ureq::Transport::new().drive_with(flow, watch),
            Self::Hyper => {
                let transport = plex_auth_hyper::Transport::new();
                runtime().block_on(transport.drive_with(flow, watch))
            }
        }
    }

    fn drive<C>(&self, mut flow: C) -> C::Output
    where
        C: Flow,
        C::Response: Send + 'static,
    {
        self.until(&mut flow, |_| false).expect("its end")
    }

    /// The reason of the token that is had, or none where the server refuses.
    fn refresh(&self, refresher: &mut TransientTokenRefresher) -> Option<Reason> {
        self.until(refresher, |progress| !matches!(progress, Progress::Requesting { .. }));
        match refresher.progress(std::time::SystemTime::now()) {
            Progress::Active { reason, .. } => Some(reason),
            Progress::Refused { .. } => None,
            progress => panic!("{progress:?}"),
        }
    }
}

/// A fake Plex and who asks it.
struct Place(Server);

fn over_both(scenario: impl Fn(&Driver, &Place) + Sync) {
    in_parallel([Driver::Ureq, Driver::Hyper], |driver| {
        println!("driven by {driver:?}");
        scenario(&driver, &Place(Server::http(FakePlex::new())));
    });
}

impl Place {
    fn fake<R>(&self, look: impl FnOnce(&mut FakePlex) -> R) -> R {
        look(&mut self.0.fake().lock().unwrap())
    }

    fn identity(&self) -> ClientIdentity {
        ClientIdentity::builder("5cenario-refreshing").build().unwrap()
    }

    fn plex_tv(&self) -> PlexTv {
        PlexTv::at(self.identity(), format!("{}/api/v2", self.0.url()).parse().unwrap())
    }

    fn token(&self, who: Who) -> Token {
        Token::new(self.fake(|fake| fake.account(who).token().to_owned())).unwrap()
    }

    fn media_server(&self, token: Token) -> MediaServer {
        MediaServer::new(self.identity(), self.0.url().parse().unwrap(), token)
    }
}

#[test]
fn a_token_is_valid_invalid_or_unknown() {
    over_both(|driver, place| {
        let check = || place.plex_tv().token_check(&place.token(Who::Free));
        let page = Misbehaviour::answer(502, "text/html", "<html>Bad Gateway</html>");
        place.fake(|fake| fake.misbehave("/user", page.times(1)));
        let TokenState::Valid(account) = driver.drive(check()) else { panic!() };
        let id = place.fake(|fake| fake.account(Who::Free).body()["id"].as_u64());
        assert_eq!(account.id, id);

        place.fake(|fake| {
            let limit = Misbehaviour::answer(429, "", "").header("retry-after", "700");
            fake.misbehave("/user", limit.times(1));
        });
        let TokenState::Unknown { retry_in, .. } = driver.drive(check()) else { panic!() };
        assert_eq!(retry_in, Some(Duration::from_secs(700)));

        let token = place.token(Who::Free);
        place.fake(|fake| fake.revoke(token.expose()));
        assert!(matches!(driver.drive(check()), TokenState::Invalid(_)));
    });
}

#[test]
fn only_who_may_use_a_server_is_let_in() {
    over_both(|driver, place| {
        let identifier =
            place.fake(|fake| fake.server(Which::Claimed).machine_identifier().to_owned());
        let ask = |token: &Token| driver.drive(place.plex_tv().server_access(token, &identifier));
        for (who, owned) in [(Who::PlexPass, true), (Who::Managed, false)] {
            let Access::Granted(server) = ask(&place.token(who)) else { panic!("{who:?}") };
            assert_eq!((server.owned, server.access_token.is_some()), (Some(owned), true));
        }
        assert!(matches!(ask(&place.token(Who::Free)), Access::Denied));
        assert!(matches!(ask(&Token::new("dead").unwrap()), Access::TokenInvalid(_)));

        let odd = Misbehaviour::answer(200, "application/json", r#"["a row of another kind"]"#);
        place.fake(|fake| fake.misbehave("/resources", odd.times(1)));
        assert!(matches!(ask(&place.token(Who::PlexPass)), Access::Unknown { .. }));
    });
}

#[test]
fn a_transient_token_outlives_a_restart_of_the_server_and_not_the_one_that_asks() {
    over_both(|driver, place| {
        let account = Token::new(place.fake(|fake| fake.issue_token(Who::PlexPass))).unwrap();
        let mut refresher = place.media_server(account.clone()).transient_token_refresher();
        assert_eq!(driver.refresh(&mut refresher), Some(Reason::First));
        let first = refresher.token().unwrap().clone();
        let opens = |token: &Token| {
            plex_auth_ureq::Transport::new().send(place.media_server(token.clone()).root()).is_ok()
        };
        assert!(opens(&first));

        place.fake(|fake| fake.restart(Which::Claimed));
        assert!(!opens(&first));
        refresher.rejected(std::time::SystemTime::now(), &first);
        assert_eq!(driver.refresh(&mut refresher), Some(Reason::Restart));
        let second = refresher.token().unwrap().clone();
        assert!(opens(&second));

        place.fake(|fake| {
            fake.restart(Which::Claimed);
            fake.revoke(account.expose());
        });
        refresher.rejected(std::time::SystemTime::now(), &second);
        assert_eq!(driver.refresh(&mut refresher), None);
        assert!(refresher.token().is_none());
        refresher.set_token(place.token(Who::PlexPass));
        assert_eq!(driver.refresh(&mut refresher), Some(Reason::Restart));
        assert!(opens(refresher.token().unwrap()));
    });
}
