//! Compares the core with hand-written code that does the same work: the number of allocations and,
//! if available, the number of instructions. Also compares the core's peak memory with the size of
//! the result.
//!
//! The `instructions` benchmark counts the instructions. To include them, save its JSON output to a
//! file and pass the file's name as an argument.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that fails must stop"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::{env, fs};

use allocation_counter::measure;
use plex_auth_tests::table::{Limit, Table};
use plex_auth_tests::workloads::{Kind, Ready, Work, accounts, everything, token_details};
use serde_json::{Deserializer, Value};

fn main() -> ExitCode {
    let mut table = Table::new();
    // `cargo bench` adds `--bench`.
    if let Some(file) = env::args().skip(1).find(|argument| !argument.starts_with("--")) {
        instructions(&mut table, &fs::read_to_string(file).unwrap());
    }
    allocations(&mut table);
    memory(&mut table);
    table.finish()
}

fn instructions(table: &mut Table, counted: &str) {
    let counted = by_side_and_index(counted);
    let of = |side: &str, index| counted[&(side.to_owned(), index)];
    for (index, work) in everything().into_iter().enumerate() {
        let Work { name, kind, ours, baseline, limit } = work;
        let (our_count, baseline_count) = (of("ours", index), of("baseline", index));
        if kind == Kind::Growth {
            let (ours, baseline) = (ours().bytes as f64, baseline().bytes as f64);
            let name = format!("{name}: instructions per byte");
            table.row(&name, our_count / ours, baseline_count / baseline, limit);
        } else {
            table.row(&format!("{name}: instructions"), our_count, baseline_count, limit);
        }
    }
}

/// Reads the JSON documents, one for each measurement. Their fields identify the side and the piece
/// of work, for example `"function_name": "ours"` and `"id": "of_7"`.
fn by_side_and_index(counted: &str) -> BTreeMap<(String, usize), f64> {
    let documents = Deserializer::from_str(counted).into_iter::<Value>().map(Result::unwrap);
    let read = documents.map(|document| {
        let side = document["function_name"].as_str().unwrap().to_owned();
        let index = document["id"].as_str().unwrap().strip_prefix("of_").unwrap();
        let count = "/profiles/0/data/total/metrics/Ir/values/new";
        let count = document.pointer(count).and_then(Value::as_f64).unwrap();
        ((side, index.parse().unwrap()), count)
    });
    read.collect()
}

/// Prints the number of allocations. No limit is checked here, because a test checks the exact
/// numbers.
fn allocations(table: &mut Table) {
    for Work { name, kind, ours, baseline, .. } in everything() {
        if kind != Kind::Growth {
            let name = format!("{name}: allocations");
            table.row(&name, counted(&ours()), counted(&baseline()), Limit::None);
        }
    }
}

fn counted(ready: &Ready) -> f64 {
    (ready.run)();
    measure(|| (ready.run)()).count_total as f64
}

/// Prints the peak memory used to parse each account, next to the size of the parsed account.
fn memory(table: &mut Table) {
    for (name, response, limit) in accounts() {
        let (reply, mut account) = (token_details(), None);
        let took = measure(|| account = reply.parse(&response).ok());
        let name = format!("{name}: peak memory in bytes");
        table.row(&name, took.bytes_max as f64, took.bytes_current as f64, limit);
    }
}
