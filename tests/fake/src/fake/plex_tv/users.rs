//! `GET https://plex.tv/api/users/`: the friends and Home users of an account, as requested by
//! older clients.

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::home_users::home_of;
use super::{Refusal, authenticate};
use crate::fake::ask::Ask;
use crate::fake::render::{self, Element};
use crate::fake::{Account, FakePlex};

/// Returns the list as XML, even if JSON is requested. The accounts have no friends, so the list
/// contains only the other Home users.
pub(crate) fn list(
    plex: &mut FakePlex,
    ask: &Ask<'_>,
    _: &[&str],
) -> Result<Response<Vec<u8>>, Refusal> {
    let (_, issued) = authenticate(plex, ask)?;
    let others = home_of(plex, issued.who).filter(|account| account.who() != issued.who);
    let rows: Vec<Value> = others.map(row).collect();
    let members = Map::from_iter([
        ("friendlyName".to_owned(), "myPlex".into()),
        ("size".to_owned(), rows.len().into()),
        ("User".to_owned(), Value::Array(rows)),
    ]);
    Ok(render::xml(StatusCode::OK, &Element::media_server("MediaContainer", &members)))
}

/// Returns a user's row. A managed user's username and email address are empty.
fn row(account: &Account) -> Value {
    let of_account = |name: &str| account.body().get(name).cloned().unwrap_or_default();
    json!({
        "id": of_account("id"), "title": of_account("title"), "username": of_account("username"),
        "email": of_account("email"), "thumb": of_account("thumb"), "home": of_account("home"),
        "restricted": of_account("restricted"), "protected": account.home_pin().is_some(),
        "recommendationsPlaylistId": "", "filterAll": "", "filterMovies": "", "filterMusic": "",
        "filterPhotos": "", "filterTelevision": "", "allowSync": true, "allowCameraUpload": false,
        "allowChannels": false,
    })
}
