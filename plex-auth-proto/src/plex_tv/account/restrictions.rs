use std::collections::BTreeMap;
use std::fmt;

use serde::de::MapAccess;

use crate::values::secret::Secret;
use crate::values::unix_seconds::UnixSeconds;
use crate::wire::lenient::{self, Budget, One, Paths, Seen, Value};

/// Individual restrictions of a managed or guest user.
///
/// Plex can add names at any time, so restrictions are stored by name. The known names are `all`,
/// `movies`, `television`, `music` and `photos`. A restriction that is listed but not set has no
/// value.
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
    /// Returns the value of a restriction, or `None` if it is not listed, not set or unreadable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value().map(String::as_str)
    }

    /// Returns the names of all restrictions, set or not, in lexicographic order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The names that `Debug` and `unreadable_fields` show. Any other name may be arbitrary text from
/// the server, so it is shown as `*`.
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
    /// A setting of Plex's own clients, stored with an [`Account`](crate::Account).
    #[derive(Debug, Default)]
    #[non_exhaustive]
    pub struct Setting {
        /// The name of the setting.
        pub id: Option<String>,
        /// The type of the value, such as `json` or `text`.
        pub kind: Option<String> as "type",
        /// The value. It may contain anything, so it is treated as a secret.
        pub value: Option<Secret>,
        /// Whether the setting is hidden from the user.
        pub hidden: Option<bool>,
        /// The time of the last change.
        pub updated_at: Option<UnixSeconds> as "updatedAt",
    }
}
