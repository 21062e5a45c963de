use std::collections::BTreeMap;
use std::fmt;

use serde::de::MapAccess;

use crate::values::secret::Secret;
use crate::values::unix_seconds::UnixSeconds;
use crate::wire::lenient::{self, Budget, One, Paths, Seen, Value};

/// Restrictions of a managed or guest user, set one by one.
///
/// Which there are is up to Plex (`all`, `movies`, `television`, `music`, `photos` were seen), so they
/// are kept by name. A restriction that is named and not set has no value.
///
/// ```
/// use plex_auth_proto::Account;
///
/// let account: Account = serde_json::from_str(
///     r#"{"authToken": "abc", "customRestrictions": {"movies": "contentRating=PG", "music": null}}"#,
/// )?;
/// let restrictions = account.custom_restrictions.ok_or("there are none")?;
/// assert_eq!(restrictions.get("movies"), Some("contentRating=PG"));
/// assert_eq!(restrictions.get("music"), None);
/// assert_eq!(restrictions.names().collect::<Vec<_>>(), ["movies", "music"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CustomRestrictions(BTreeMap<String, Seen<String>>);

impl CustomRestrictions {
    /// The value of a restriction; `None` where it is not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value().map(String::as_str)
    }

    /// The names of all restrictions, set or not, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The names that have been seen. Any other one is up to the response, and is not shown.
const SHOWN: [&str; 5] = ["all", "movies", "television", "music", "photos"];

fn shown(name: &str) -> &str {
    if SHOWN.contains(&name) { name } else { "*" }
}

impl fmt::Debug for CustomRestrictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(name, seen)| (shown(name), seen.value()));
        f.debug_map().entries(shown).finish()
    }
}

impl<'de> Value<'de> for CustomRestrictions {
    fn from_object<A: MapAccess<'de>>(
        mut map: A,
        budget: &Budget,
    ) -> Result<Option<Self>, A::Error> {
        let mut restrictions = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(One::new(budget))?;
            if budget.take::<(String, Seen<String>)>() {
                restrictions.insert(name, value);
            }
        }
        Ok(Some(Self(restrictions)))
    }

    fn unreadable(&self, paths: &mut Paths) {
        for (name, _) in self.0.iter().filter(|(_, seen)| **seen == Seen::Unreadable) {
            paths.add(shown(name));
        }
    }
}

lenient::object! {
    /// A setting that Plex's own clients keep with an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Setting {
        /// Its name.
        pub id: Option<String>,
        /// The kind of its value, such as `json`, `text`.
        pub kind: Option<String> as "type",
        /// Its value. What the client keeps in it is its own affair, so it is treated as a secret.
        pub value: Option<Secret>,
        /// Whether it is not shown.
        pub hidden: Option<bool>,
        /// When it was changed.
        pub updated_at: Option<UnixSeconds> as "updatedAt",
    }
}
