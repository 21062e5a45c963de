//! The users of a Plex Home.

pub(crate) mod home_users;
pub(crate) mod switch_home_user;
