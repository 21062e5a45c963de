//! Opening a page in the user's browser.

use std::env;

use zeroize::Zeroizing;

/// Opens a page in the browser, and returns whether that was possible. Other users can see the
/// page's address in the browser's command line, but it contains no token, only the code, which
/// expires and is not enough to get the token.
pub(super) fn open(page: &Zeroizing<String>) -> bool {
    has_screen() && open::that_detached(page.as_str()).is_ok()
}

/// Returns whether there is a graphical display. Without one, a browser could only run in this
/// terminal.
fn has_screen() -> bool {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let variables = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    cfg!(any(target_os = "macos", windows)) || variables.iter().any(is_set)
}
