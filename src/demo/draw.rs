//! Repeatable choices.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{Entity, Entropy, Id};
use uuid::Builder;

/// A stream of choices that is the same for the same seed on every machine: integers only, since the last digit of
/// a float's root may differ between processors.
#[derive(Debug)]
pub(super) struct Draw {
    entropy: Entropy,
    drawn: Vec<u64>,
}

impl Draw {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            entropy: Entropy::seeded(seed),
            drawn: Vec::new(),
        }
    }

    fn word(&mut self) -> u64 {
        loop {
            if let Some(word) = self.drawn.pop() {
                return word;
            }
            let bytes = self.entropy.bytes::<4096>();
            self.drawn.extend(
                bytes
                    .chunks_exact(8)
                    .map(|chunk| chunk.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte))),
            );
        }
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.word()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or_default();
        low + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A place in a list of `length`.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or_default())).unwrap_or_default()
    }

    /// A place in a list of `length`, the front far more often than the back: the few who do the most.
    pub(super) fn index_from_front(&mut self, length: usize) -> usize {
        let place = u128::from(self.word() >> 32);
        let length = u128::try_from(length).unwrap_or_default();
        usize::try_from((place * place * length) >> 64).unwrap_or_default()
    }

    /// An entry of the list; `None` when it is empty.
    pub(super) fn entry<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.index(list.len()))
    }

    /// One of the words; empty when there are none.
    pub(super) fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        self.entry(words).copied().unwrap_or_default()
    }

    /// The choice whose share of the sum of all shares came up.
    pub(super) fn share<T: Copy>(&mut self, first: T, choices: &[(T, u64)]) -> T {
        let mut left = self.below(choices.iter().map(|(_, share)| share).sum());
        for (choice, share) in choices {
            match left.checked_sub(*share) {
                Some(rest) => left = rest,
                None => return *choice,
            }
        }
        first
    }

    /// A moment from `from` to just before `until`; `from` when there is none.
    pub(super) fn moment(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
        let micros = (until - from).num_microseconds().unwrap_or_default();
        let micros = self.below(u64::try_from(micros).unwrap_or_default());
        from + TimeDelta::microseconds(i64::try_from(micros).unwrap_or_default())
    }

    /// An id of something made at `at`.
    pub(super) fn id<E: Entity>(&mut self, at: DateTime<Utc>) -> Id<E> {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        let mut bits = [0; 10];
        for (target, source) in bits.iter_mut().zip(self.bytes()) {
            *target = source;
        }
        Builder::from_unix_timestamp_millis(millis, &bits).into_uuid().into()
    }

    /// 32 bytes that stand for a secret's hash; nothing is known that hashes to them.
    pub(super) fn digest(&mut self) -> Vec<u8> {
        self.bytes().into_iter().chain(self.bytes()).collect()
    }

    fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.word()) << 64 | u128::from(self.word())).to_be_bytes()
    }
}
