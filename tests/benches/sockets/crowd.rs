//! Many concurrent calls: threads for ureq, tasks for hyper.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::clients::{Client, asynchronous, blocking};

/// Returns how long `size` callers sharing one client take to make `calls` calls in total.
pub(crate) fn time(client: Client, url: &str, size: u32, calls: u32) -> Duration {
    match client {
        Client::OurUreq | Client::BareUreq | Client::BareUreqUnlimited => {
            threads(client, url, size, calls / size)
        }
        Client::OurHyper | Client::BareHyper => tasks(client, url, size, calls / size),
    }
}

fn threads(client: Client, url: &str, size: u32, each: u32) -> Duration {
    let call = blocking(client, url);
    call();
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..size {
            scope.spawn(|| (0..each).for_each(|_| call()));
        }
    });
    started.elapsed()
}

fn tasks(client: Client, url: &str, size: u32, each: u32) -> Duration {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let call = asynchronous(client, url);
    runtime.expect("a runtime").block_on(async {
        call().await;
        let started = Instant::now();
        let task = |_| {
            let call = Arc::clone(&call);
            tokio::spawn(async move {
                for _ in 0..each {
                    call().await;
                }
            })
        };
        for task in (0..size).map(task).collect::<Vec<_>>() {
            task.await.expect("it ends well");
        }
        started.elapsed()
    })
}
