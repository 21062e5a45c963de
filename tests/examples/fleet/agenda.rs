//! Who is to be asked when, for a million of them: a ring of seconds.

/// How far ahead it reaches, in seconds: longer than a refresher of a device's token ever waits.
const REACH: u64 = 4096;

/// The seconds to come, and who wants to be asked in each.
#[derive(Debug)]
pub(crate) struct Agenda {
    seconds: Vec<Vec<u32>>,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self { seconds: (0..REACH).map(|_| Vec::new()).collect() }
    }

    /// Puts somebody down, and returns for when: beyond its reach that is earlier, which does no harm.
    pub(crate) fn put(&mut self, now: u64, at: u64, who: u32) -> u64 {
        let at = at.clamp(now, now + REACH - 1);
        self.seconds[slot(at)].push(who);
        at
    }

    /// Takes those who are put down for this second, in their order. More can have come meanwhile: ask again
    /// until there are none.
    pub(crate) fn take(&mut self, now: u64) -> Vec<u32> {
        std::mem::take(&mut self.seconds[slot(now)])
    }
}

fn slot(at: u64) -> usize {
    usize::try_from(at % REACH).expect("a small number")
}
