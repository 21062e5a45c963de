//! This computer's name, which helps the user recognize it in the account's list of devices.

use plex_auth_ureq::ClientIdentity;

/// Returns the name if there is one that can be sent.
pub(super) fn host_name() -> Option<String> {
    let name = of_the_system()?;
    let name = name.trim();
    let is_valid = ClientIdentity::builder("any").device_name(name).build().is_ok();
    (is_valid && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(unix)]
fn of_the_system() -> Option<String> {
    let names = rustix::system::uname();
    names.nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn of_the_system() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
