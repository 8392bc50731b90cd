//! A source of choices that shrinks toward the first one.

/// Reads choices from a list; when it is used up, every choice is 0.
pub(super) struct Pick {
    choices: Vec<u16>,
    at: usize,
}

impl Pick {
    pub(super) fn from(choices: Vec<u16>) -> Pick {
        Pick { choices, at: 0 }
    }

    /// Choices that look random and are the same for the same seed (splitmix64).
    pub(super) fn seeded(seed: u64) -> Pick {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) as u16
        };
        Pick::from((0..1500).map(|_| next()).collect())
    }

    /// How many choices have been made.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to where `at` choices had been made.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// One of `0..n`.
    pub(super) fn one(&mut self, n: usize) -> usize {
        if n <= 1 {
            return 0;
        }
        let choice = self.choices.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(choice) % n
    }

    /// True in `n - 1` of `n` cases.
    pub(super) fn unless_first(&mut self, n: usize) -> bool {
        self.one(n) > 0
    }
}
