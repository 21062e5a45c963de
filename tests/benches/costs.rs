//! What the core costs, in rows for the table: `what`, `ours`, `the baseline's` and `goal`, with tabs between.
//!
//! Allocations and memory it counts itself. Instructions were counted by `instructions`, whose output in JSON is
//! read from the file that is named; without one there are no rows about them.
#![allow(clippy::disallowed_methods, reason = "a program, and no part of the core")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is wrong must stop it"
)]
#![allow(clippy::print_stdout, reason = "its work")]

use std::collections::BTreeMap;
use std::{env, fs};

use allocation_counter::measure;
use serde_json::{Deserializer, Value};

use plex_auth_tests::workloads::{Kind, Ready, Work, accounts, everything, token_details};

/// What an error may allocate beside what reading the answer does.
const A_HANDFUL: u64 = 10;

fn main() {
    // cargo adds an argument of its own.
    let counted = env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if let Some(file) = counted {
        instructions(&fs::read_to_string(file).unwrap());
    }
    allocations();
    memory();
}

fn instructions(counted: &str) {
    let counted = by_side_and_index(counted);
    let of = |side: &str, index| counted[&(side.to_owned(), index)];
    for (index, work) in everything().into_iter().enumerate() {
        let Work { name, kind, ours, baseline, goal } = work;
        let (mut our_count, mut baseline_count) = (of("ours", index), of("baseline", index));
        let mut unit = "instructions";
        if kind == Kind::Growth {
            our_count /= ours().bytes as f64;
            baseline_count /= baseline().bytes as f64;
            unit = "instructions a byte";
        }
        let goal = if goal.is_finite() { format!("x {goal}") } else { String::new() };
        println!("{name}: {unit}\t{our_count:.2}\t{baseline_count:.2}\t{goal}");
    }
}

/// One document for each piece of work and side: `"function_name": "ours"`, `"id": "of_7"`.
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

fn allocations() {
    let mut worst = (0, 0, 0, String::new());
    for Work { name, kind, ours, baseline, .. } in everything() {
        let (ours, baseline) = (|| counted(&ours()), || counted(&baseline()));
        match kind {
            Kind::Call => println!("{name}: allocations\t{}\t{}\t+ 1", ours(), baseline()),
            Kind::Answer => println!("{name}: allocations\t{}\t{}\t+ 0", ours(), baseline()),
            Kind::Refusal => {
                let (ours, baseline) = (ours(), baseline());
                worst = worst.max((ours.saturating_sub(baseline), ours, baseline, name));
            }
            Kind::Growth => {}
        }
    }
    let (_, ours, baseline, name) = worst;
    println!("{name}, the worst: allocations\t{ours}\t{baseline}\t+ {A_HANDFUL}");
}

fn counted(ready: &Ready) -> u64 {
    (ready.run)();
    measure(|| (ready.run)()).count_total
}

/// The most that is held while an account is read, beside what is held of it in the end.
fn memory() {
    for (name, answer) in accounts() {
        let (reply, mut account) = (token_details(), None);
        let took = measure(|| account = reply.parse(&answer).ok());
        println!("{name}: bytes at once\t{}\t{}\tx 1.3", took.bytes_max, took.bytes_current);
    }
}
