//! Everything that was seen, and the search of it.

use std::collections::BTreeMap;
use std::error::Error as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use plex_auth_proto::SendError;

/// How a secret could look where it should not be: as it is, percent-encoded, in base64 at each of its three
/// offsets, and as a list of bytes; each cut to every eight characters in a row.
fn dresses(canary: &str) -> Vec<String> {
    // What all have in common, and what stands in any address, gives none away.
    let canary = canary.trim_start_matches("canary-").trim_end_matches("@example.org");
    let encoded: String = form_urlencoded::byte_serialize(canary.as_bytes()).collect();
    let mut texts = vec![canary.to_owned(), encoded];
    for padding in ["", "x", "xx"] {
        let bytes = [padding.as_bytes(), canary.as_bytes()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            // Its ends are mixed with what stands beside it.
            let text = engine.encode(&bytes);
            texts.push(text.get(4..text.len() - 4).unwrap_or_default().to_owned());
        }
    }
    let mut dresses: Vec<String> = texts.iter().flat_map(|text| eights(text)).collect();
    let bytes: Vec<String> = canary.bytes().map(|byte| byte.to_string()).collect();
    dresses.extend(bytes.windows(5).map(|five| five.join(", ")));
    dresses
}

fn eights(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(8).map(|eight| eight.iter().collect()).collect()
}

/// Everything seen, by where it was seen.
#[derive(Default)]
pub(crate) struct Seen(Vec<(String, String)>);

impl Seen {
    pub(crate) fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    /// An error with its whole chain of causes.
    pub(crate) fn error(&mut self, place: &str, error: &SendError) {
        let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &format!("{error}\n{error:?}\n{error:#?}\n");
            cause = error.source();
        }
        self.add(place, text);
    }

    /// Fails where any of it shows one of them.
    pub(crate) fn has_none_of(&self, canaries: &[String]) {
        // Most places show the same as others; each text is searched once.
        let texts: BTreeMap<&str, &str> =
            self.0.iter().map(|(place, text)| (text.as_str(), place.as_str())).collect();
        for canary in canaries {
            let dresses = dresses(canary);
            assert!(dresses.len() > 20, "{canary}");
            for (text, place) in &texts {
                for dress in &dresses {
                    assert!(
                        !text.contains(dress.as_str()),
                        "{canary} shows as {dress} in {place}:\n{text}"
                    );
                }
            }
        }
        let (places, texts) = (self.0.len(), texts.len());
        println!(
            "{} canaries × {places} places, {texts} of them different: none seen",
            canaries.len()
        );
    }
}
