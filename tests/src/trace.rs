//! A `tracing` subscriber that receives all spans and events, at every level.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A subscriber that calls a function with the metadata of each span and event, and with its fields
/// in order.
#[derive(Debug)]
pub struct Trace<F> {
    receive: F,
    last_id: AtomicU64,
}

/// The names and values of the fields that are set.
pub type Fields = Vec<(&'static str, String)>;

impl<F> Trace<F>
where
    F: Fn(&Metadata<'_>, Fields) + Send + Sync + 'static,
{
    /// Creates the subscriber.
    pub fn new(receive: F) -> Self {
        Self { receive, last_id: AtomicU64::new(0) }
    }
}

impl<F> Subscriber for Trace<F>
where
    F: Fn(&Metadata<'_>, Fields) + Send + Sync + 'static,
{
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Collected(Vec::new());
        span.record(&mut fields);
        (self.receive)(span.metadata(), fields.0);
        Id::from_u64(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Collected(Vec::new());
        event.record(&mut fields);
        (self.receive)(event.metadata(), fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Collected(Fields);

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }
}
