//! What a program can see, and the search for secrets in it.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use plex_auth_proto::Error;

/// The canaries as text, percent-encoded, in base64 at each of its three offsets, and as lists of bytes.
struct Encodings<'c> {
    /// All substrings of eight characters of the texts, with the canary.
    substrings: HashMap<String, &'c str>,
    /// All runs of five bytes of the lists, with the canary.
    byte_runs: Vec<(String, &'c str)>,
}

impl<'c> Encodings<'c> {
    fn of(canaries: &'c [String]) -> Self {
        let mut encodings = Self { substrings: HashMap::new(), byte_runs: Vec::new() };
        for canary in canaries {
            let before = encodings.substrings.len();
            encodings.add(canary);
            assert!(encodings.substrings.len() > before + 10, "{canary}");
        }
        encodings
    }

    fn add(&mut self, whole: &'c str) {
        // These parts are not secret.
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
        let substrings = texts.iter().flat_map(|text| substrings(text));
        self.substrings.extend(substrings.map(|substring| (substring.to_owned(), whole)));
        let bytes: Vec<String> = canary.bytes().map(|byte| byte.to_string()).collect();
        self.byte_runs.extend(bytes.windows(5).map(|run| (run.join(", "), whole)));
    }

    /// Returns the first encoding in the text, with its canary.
    fn find_in<'t>(&'t self, text: &'t str) -> Option<(&'t str, &'c str)> {
        let canary_of = |substring| Some((substring, *self.substrings.get(substring)?));
        if let Some(found) = substrings(text).find_map(canary_of) {
            return Some(found);
        }
        // Few texts have lists of numbers, for which the search is slow.
        let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        if text.split(", ").filter(is_number).count() < 3 {
            return None;
        }
        let found = self.byte_runs.iter().find(|(run, _)| text.contains(run.as_str()));
        found.map(|(run, canary)| (run.as_str(), *canary))
    }
}

/// All substrings of eight characters.
fn substrings(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(8);
    text.char_indices().zip(ends).filter_map(|((start, _), end)| text.get(start..end))
}

/// An error with its sources, in `Display` and `Debug`.
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

    /// Panics if a text has one of the canaries.
    pub(crate) fn has_none_of(&self, canaries: &[String]) {
        // Many texts are the same; each is searched once.
        let texts: BTreeMap<&str, &str> =
            self.0.iter().map(|(context, text)| (text.as_str(), context.as_str())).collect();
        let encodings = Encodings::of(canaries);
        for (text, context) in &texts {
            if let Some((encoding, canary)) = encodings.find_in(text) {
                panic!("{canary} is visible as {encoding} in {context}:\n{text}");
            }
        }
        let (places, texts) = (self.0.len(), texts.len());
        println!(
            "{} canaries, {places} places, {texts} different texts: none found",
            canaries.len()
        );
    }
}
