//! The texts that a program can see, and the search for secrets in them.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use plex_auth_proto::Error;

/// The canaries as text, percent-encoded, in base64 at each of the three possible offsets, and as
/// lists of bytes.
struct Encodings<'c> {
    /// All eight-character parts of the texts, and all five-byte runs of the lists.
    parts: Vec<String>,
    /// The canary that each part comes from.
    canaries: Vec<&'c str>,
}

impl<'c> Encodings<'c> {
    fn of(canaries: &'c [String]) -> Self {
        let mut encodings = Self { parts: Vec::new(), canaries: Vec::new() };
        for canary in canaries {
            let before = encodings.parts.len();
            encodings.add(canary);
            assert!(encodings.parts.len() > before + 10, "{canary}");
        }
        encodings
    }

    fn add(&mut self, whole: &'c str) {
        // The prefix and the email domain are not secret.
        let canary = whole.trim_start_matches("canary-").trim_end_matches("@example.org");
        let encoded: String = form_urlencoded::byte_serialize(canary.as_bytes()).collect();
        let mut texts = vec![canary.to_owned(), encoded];
        for padding in ["", "x", "xx"] {
            let bytes = [padding.as_bytes(), canary.as_bytes()].concat();
            for engine in [&STANDARD, &URL_SAFE] {
                // Both ends depend on the text around the canary.
                let text = engine.encode(&bytes);
                texts.push(text.get(4..text.len() - 4).unwrap_or_default().to_owned());
            }
        }
        let parts = texts.iter().flat_map(|text| parts(text)).map(str::to_owned);
        self.parts.extend(parts);
        let bytes: Vec<String> = canary.bytes().map(|byte| byte.to_string()).collect();
        self.parts.extend(bytes.windows(5).map(|run| run.join(", ")));
        self.canaries.resize(self.parts.len(), whole);
    }
}

/// Returns all eight-character parts of a text.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(8);
    text.char_indices().zip(ends).filter_map(|((start, _), end)| text.get(start..end))
}

/// Returns an error with its sources, in `Display` and `Debug`.
pub(crate) fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error: &&(dyn std::error::Error + 'static)| {
        (*error).source()
    })
    .map(|error| format!("{error}\n{error:?}\n{error:#?}\n"))
    .collect()
}

/// Texts that a program can see, with the context of each.
#[derive(Default)]
pub(crate) struct Output(Vec<(String, String)>);

impl Output {
    pub(crate) fn add(&mut self, context: impl Into<String>, text: impl Into<String>) {
        self.0.push((context.into(), text.into()));
    }

    pub(crate) fn add_error(&mut self, context: &str, error: &Error) {
        self.add(context, error_text(error));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Panics if a text contains a part of one of the canaries, in any of the [`Encodings`].
    pub(crate) fn has_none_of(&self, canaries: &[String]) {
        // Many texts are the same, so each is searched only once.
        let texts: BTreeMap<&str, &str> =
            self.0.iter().map(|(context, text)| (text.as_str(), context.as_str())).collect();
        let encodings = Encodings::of(canaries);
        let search = AhoCorasick::new(&encodings.parts).unwrap();
        for (text, context) in &texts {
            if let Some(found) = search.find(text) {
                let (part, canary) =
                    (&text[found.range()], encodings.canaries.get(found.pattern().as_usize()));
                panic!("{canary:?} is visible as {part} in {context}:\n{text}");
            }
        }
        let (places, texts) = (self.0.len(), texts.len());
        println!(
            "{} canaries, {places} places, {texts} different texts: none found",
            canaries.len()
        );
    }
}
