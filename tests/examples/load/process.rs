//! What this process holds: open files and memory, where the system says so in `/proc`.

use std::time::{Duration, Instant};
use std::{fs, thread};

/// How many files are open, sockets among them.
pub(crate) fn open_files() -> Option<usize> {
    // The listing itself is one of them.
    fs::read_dir("/proc/self/fd").ok().map(|files| files.count() - 1)
}

/// How many may be.
pub(crate) fn most_open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Resident memory in KiB.
pub(crate) fn memory() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The number of open files once it is back at this one, or what it still is after a long wait. The other
/// end of a connection takes a moment to see that it is over.
pub(crate) fn open_files_back_at(wanted: Option<usize>) -> Option<usize> {
    let patience = Instant::now() + Duration::from_secs(20);
    while open_files() > wanted && Instant::now() < patience {
        thread::sleep(Duration::from_millis(10));
    }
    open_files()
}
