//! The flows, with scripted responses and a clock that the tests advance.

mod chaos;
mod connection_choice;
mod device_keys;
mod harness;
mod pin_login;
mod replaced;
mod saved_state;
mod server_access;
mod transient_token_refresher;
