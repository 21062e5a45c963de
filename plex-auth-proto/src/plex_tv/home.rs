//! The users of a Plex Home: listing them and switching to one.

pub(crate) mod home_users;
pub(crate) mod switch_home_user;
