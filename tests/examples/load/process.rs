//! Resources of this process: open files and memory. The functions return `None` if the system does
//! not list them in `/proc`.

use std::time::{Duration, Instant};
use std::{fs, thread};

/// Returns the number of open files, including sockets.
pub(crate) fn open_files() -> Option<usize> {
    // One of the entries is the directory handle itself.
    fs::read_dir("/proc/self/fd").ok().map(|files| files.count() - 1)
}

/// Returns the limit on open files, or `None` if it is unlimited or unknown.
pub(crate) fn most_open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns the resident memory in KiB.
pub(crate) fn memory() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Waits up to 20 seconds for the number of open files to drop to `wanted`, and returns the last
/// count. The other end of a connection needs a moment to notice that the connection is closed.
pub(crate) fn open_files_back_at(wanted: Option<usize>) -> Option<usize> {
    let give_up = Instant::now() + Duration::from_secs(20);
    while open_files() > wanted && Instant::now() < give_up {
        thread::sleep(Duration::from_millis(10));
    }
    open_files()
}
