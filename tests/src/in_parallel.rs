use std::thread;

/// Runs a check for each item, all at the same time so that their waits overlap. Panics if a check
/// panics.
pub fn in_parallel<T: Send>(items: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for item in items {
            let check = &check;
            scope.spawn(move || check(item));
        }
    });
}
