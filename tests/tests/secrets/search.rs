//! Everything that was seen, and the search of it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use plex_auth_proto::Error;
use std::collections::{BTreeMap, HashMap};

/// How secrets could look where they should not be: as they are, percent-encoded, in base64 at each of its three
/// offsets, and as lists of bytes.
struct Dresses<'c> {
    /// Every eight characters in a row of the first three, and whose they are.
    eights: HashMap<String, &'c str>,
    /// Every five bytes in a row of the last.
    fives: Vec<(String, &'c str)>,
}

impl<'c> Dresses<'c> {
    fn of(canaries: &'c [String]) -> Self {
        let mut dresses = Self { eights: HashMap::new(), fives: Vec::new() };
        for canary in canaries {
            let before = dresses.eights.len();
            dresses.add(canary);
            assert!(dresses.eights.len() > before + 10, "{canary}");
        }
        dresses
    }

    fn add(&mut self, whole: &'c str) {
        // What all have in common, and what stands in any address, gives none away.
        let canary = whole.trim_start_matches("canary-").trim_end_matches("@example.org");
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
        let eights = texts.iter().flat_map(|text| eights(text));
        self.eights.extend(eights.map(|eight| (eight.to_owned(), whole)));
        let bytes: Vec<String> = canary.bytes().map(|byte| byte.to_string()).collect();
        self.fives.extend(bytes.windows(5).map(|five| (five.join(", "), whole)));
    }

    /// A dress that shows in this text, and whose it is.
    fn found_in<'d>(&'d self, text: &'d str) -> Option<(&'d str, &'c str)> {
        if let Some(found) = eights(text).find_map(|eight| Some((eight, *self.eights.get(eight)?)))
        {
            return Some(found);
        }
        // Hardly any text lists numbers.
        let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        if text.split(", ").filter(is_number).count() < 3 {
            return None;
        }
        let mut fives = self.fives.iter().filter(|(five, _)| text.contains(five.as_str()));
        fives.next().map(|(five, canary)| (five.as_str(), *canary))
    }
}

/// Every eight characters in a row.
fn eights(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]).skip(8);
    text.char_indices().zip(ends).filter_map(|((start, _), end)| text.get(start..end))
}

/// What an error and its whole chain of causes say.
pub(crate) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error: &&(dyn std::error::Error + 'static)| {
        (*error).source()
    })
    .map(|error| format!("{error}\n{error:?}\n{error:#?}\n"))
    .collect()
}

/// Everything seen, by where it was seen.
#[derive(Default)]
pub(crate) struct Seen(Vec<(String, String)>);

impl Seen {
    pub(crate) fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    /// An error with its whole chain of causes.
    pub(crate) fn error(&mut self, place: &str, error: &Error) {
        self.add(place, words(error));
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Fails where any of it shows one of them.
    pub(crate) fn has_none_of(&self, canaries: &[String]) {
        // Most places show the same as others; each text is searched once.
        let texts: BTreeMap<&str, &str> =
            self.0.iter().map(|(place, text)| (text.as_str(), place.as_str())).collect();
        let dresses = Dresses::of(canaries);
        for (text, place) in &texts {
            if let Some((dress, canary)) = dresses.found_in(text) {
                panic!("{canary} shows as {dress} in {place}:\n{text}");
            }
        }
        let (places, texts) = (self.0.len(), texts.len());
        println!(
            "{} canaries × {places} places, {texts} of them different: none seen",
            canaries.len()
        );
    }
}
