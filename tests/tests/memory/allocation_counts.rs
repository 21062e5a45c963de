//! How often the core allocates for each call, each response and each kind of error. The counts are exact: a
//! difference comes from a change of the code.

use plex_auth_tests::workloads::{Kind, everything};

/// Where a change of these is meant, the failing test prints the lines to put in their place.
const EXPECTED: &[(&str, u64)] = &[
    ("call: sign-in", 7),
    ("call: token details", 5),
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
    ("error: UnexpectedShape, small", 3),
    ("error: UnexpectedShape, 9 kB", 279),
    ("error: BodyTooLarge", 1),
    ("answer: account of 1 feature", 175),
    ("answer: account of 1,000 features", 1182),
    ("answer: account of 10,000 features", 10186),
];

#[test]
fn the_core_allocates_as_often_as_is_written_here() {
    let made = everything().into_iter().filter(|work| work.kind != Kind::Growth);
    let counted: Vec<(String, u64)> = made
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
        panic!("that is not EXPECTED; if it is meant, put the lines above in its place");
    }
}
