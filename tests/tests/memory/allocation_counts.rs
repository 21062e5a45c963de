//! The number of allocations that the core makes in each workload, except those of
//! [`Kind::Growth`]. The counts are exact, so they change only if the code, a dependency or the
//! compiler does.

use plex_auth_tests::workloads::{Kind, everything};

/// The expected counts. If the test fails, it prints the current counts. If the change is intended,
/// replace these lines with the printed lines.
const EXPECTED: &[(&str, u64)] = &[
    ("call: sign-in", 7),
    ("call: token details", 6),
    ("call: transient token", 8),
    ("call: source", 10),
    ("answer: token details", 279),
    ("answer: sign-in", 279),
    ("answer: transient token", 2),
    ("answer: source", 17),
    ("error: BadRequest", 4),
    ("error: Unauthorized", 4),
    ("error: VerificationCodeRequired", 4),
    ("error: VerificationCodeRejected", 4),
    ("error: EmailOnly", 4),
    ("error: TooManyFailures", 4),
    ("error: Forbidden", 4),
    ("error: RateLimited", 4),
    ("error: Unavailable, a gateway's page", 1),
    ("error: Rejected", 4),
    ("error: Redirected", 3),
    ("error: UnexpectedContent, a page", 3),
    ("error: UnexpectedContent, cut off", 106),
    ("error: UnexpectedShape, small", 2),
    ("error: UnexpectedShape, 9 kB", 278),
    ("error: BodyTooLarge", 1),
    ("answer: account of 1 feature", 175),
    ("answer: account of 1,000 features", 1182),
    ("answer: account of 10,000 features", 10186),
];

#[test]
fn counts_are_as_expected() {
    let works = everything().into_iter().filter(|work| work.kind != Kind::Growth);
    let counted: Vec<(String, u64)> = works
        .map(|work| {
            let ready = (work.ours)();
            (ready.run)();
            (work.name, allocation_counter::measure(|| (ready.run)()).count_total)
        })
        .collect();
    let expected: Vec<(String, u64)> =
        EXPECTED.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    if counted != expected {
        for (name, count) in &counted {
            println!("    ({name:?}, {count}),");
        }
        panic!(
            "the counts differ from EXPECTED; replace it with the lines above if the change is intended"
        );
    }
}
