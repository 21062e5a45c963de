//! The log of this process, at every level.

use std::sync::{Mutex, Once, PoisonError};

use plex_auth_tests::every_operation::PIN;
use plex_auth_tests::trace::Trace;

use crate::canaries::{CLAIM, home_pin_in_url};

/// A line of the log, or a span or event of `tracing`: its target and its text.
pub(crate) type Line = (String, String);

/// The log of this process.
static LOG: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Collector;

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        add_to_log(record.target(), format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

fn add_to_log(target: &str, text: String) {
    LOG.lock().unwrap_or_else(PoisonError::into_inner).push((target.to_owned(), text));
}

/// Collects everything that is logged or traced from now on, at every level.
pub(crate) fn start_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Collector).expect("no other logger");
        log::set_max_level(log::LevelFilter::Trace);
        let trace = Trace::new(|metadata, fields| {
            let (level, name) = (metadata.level(), metadata.name());
            add_to_log(metadata.target(), format!("{level} {name} {fields:?}"));
        });
        tracing::subscriber::set_global_default(trace).expect("no other subscriber");
    });
}

/// Returns whether ureq or its protocol crate is known to log secrets in this line. At TRACE, they
/// log all bytes. At DEBUG, they log some headers and the request's URL. If TRACE is enabled, as it
/// is here, that includes the URL's path and query, and a `location` header, which can contain part
/// of the request; otherwise, these are redacted. The library cannot prevent this, and the docs of
/// `plex-auth-ureq` warn about it.
fn is_known_leak(target: &str, text: &str) -> bool {
    let of_ureq =
        target == "ureq" || target.starts_with("ureq::") || target.starts_with("ureq_proto");
    let is_request = ["DEBUG GET http", "DEBUG POST http", "DEBUG Request {"]
        .iter()
        .any(|start| text.starts_with(start));
    let secrets = [format!("/pins/{PIN}"), CLAIM.to_owned(), home_pin_in_url()];
    let has_secret_url = is_request && secrets.iter().any(|secret| text.contains(secret));
    of_ureq && (text.starts_with("TRACE") || text.starts_with("DEBUG Response {") || has_secret_url)
}

/// Returns the log so far: the lines in which ureq is known to log secrets, and the other lines.
pub(crate) fn log() -> (Vec<Line>, Vec<Line>) {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    log.into_iter().partition(|(target, text)| is_known_leak(target, text))
}
