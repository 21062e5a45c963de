//! The flows, with scripted responses and a clock that the tests advance.

mod chaos;
mod connection_choice;
mod device_keys;
mod drivers;
mod harness;
mod misuse;
mod pin_login;
mod replaced;
mod retried_call;
mod saved_state;
mod saves;
mod server_access;
mod transient_token_refresher;
