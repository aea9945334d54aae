use std::collections::{BTreeMap, BTreeSet};

use guildhall_kernel::OrgId;

use super::NameKey;

#[cfg(test)]
mod tests;

/// Further words of a name say little that the first ones didn't.
const WORDS: usize = 6;
/// Brands stand at the front: only there a slip of the keyboard is looked for.
const WORDS_WITH_SLIPS: usize = 2;
/// What a word is cut to, so that "contosoft" and "contoso" have keys in common and a slip further on costs nothing.
const LETTERS: usize = 8;
/// How far the index keeps keys in the order of their letters.
const LETTERS_IN_ORDER: usize = 4;
/// Shorter words with a letter left out are alike by chance.
const SHORTEST_WITH_SLIPS: usize = 4;

/// The keys by which names that are similar to one another are found, without comparing each with each.
///
/// A trigram index finds all similar names, but has to read the postings of every trigram: 19 ms a search among
/// 80 000 live deals of one vendor. Here a name has some twenty keys, all but the words themselves rare: the whole
/// name, each pair of its words in either order, each word, neighbours written as one word, and the first words with
/// one letter left out, which meet those of a word with a letter more, less, different or moved. What they find is
/// then measured by trigrams. A key takes in the vendor, so that no vendor's postings touch another's; a collision
/// costs one comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameKeys {
    /// The whole name, and its pairs of words.
    pub telling: Vec<i64>,
    /// The words, in order. A word that many names have tells nothing alone.
    pub words: Vec<i64>,
    /// The first words with a letter left out, and neighbours written as one word.
    pub near: Vec<i64>,
    /// For each of `near`, the number of its word in `words` from 1; 0 for neighbours written as one.
    pub near_word: Vec<i32>,
}

impl NameKeys {
    /// The keys of a customer's name among the deals of `vendor`.
    #[must_use]
    pub fn new(vendor: OrgId, name: &NameKey) -> Self {
        let key = |kind: u8, one: &str, other: &str| key(vendor, kind, [one, other]);
        let words: Vec<String> = name
            .as_str()
            .split(' ')
            .take(WORDS)
            .map(|word| word.chars().take(LETTERS).collect())
            .collect();
        let mut telling = BTreeSet::from([key(b'f', name.as_str(), "")]);
        for (place, one) in words.iter().enumerate() {
            for other in words.iter().skip(place + 1) {
                telling.insert(key(b'p', one.min(other), one.max(other)));
            }
        }
        let mut near = BTreeMap::new();
        for (number, word) in (1..).zip(words.iter().take(WORDS_WITH_SLIPS)) {
            for slip in slips(word) {
                near.entry(key(b'w', &slip, "")).or_insert(number);
            }
        }
        for (one, next) in words.iter().zip(words.iter().skip(1)) {
            let joined: String = one.chars().chain(next.chars()).take(LETTERS).collect();
            near.entry(key(b'w', &joined, "")).or_insert(0);
        }
        let words: Vec<i64> = words.iter().map(|word| key(b'w', word, "")).collect();
        near.retain(|key, _| !words.contains(key));
        let (near, near_word) = near.into_iter().unzip();
        Self {
            telling: telling.into_iter().collect(),
            words,
            near,
            near_word,
        }
    }

    /// All of them, as the database holds them.
    #[must_use]
    pub fn to_stored(&self) -> Vec<i64> {
        let all = self.telling.iter().chain(&self.words).chain(&self.near);
        all.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < SHORTEST_WITH_SLIPS {
        return Vec::new();
    }
    let without = |left_out: usize| {
        letters
            .iter()
            .enumerate()
            .filter(move |(at, _)| *at != left_out)
            .map(|(_, c)| *c)
    };
    (0..letters.len()).map(|left_out| without(left_out).collect()).collect()
}

/// A key: twelve bits of the vendor, the first four letters at five bits each, then 32 bits that tell keys apart. So
/// most keys of one name lie side by side in the index, and storing it touches few of its pages. Stored, so it must
/// stay as it is.
fn key(vendor: OrgId, kind: u8, parts: [&str; 2]) -> i64 {
    let vendor = vendor.uuid();
    let [first, second] = parts;
    let letters = first.chars().chain(std::iter::repeat('\0')).take(LETTERS_IN_ORDER);
    let place = letters.fold(fnv(vendor.as_bytes(), &[]) & 0xfff, |place, letter| {
        place << 5 | u64::from(letter) & 31
    });
    let told_apart = fnv(vendor.as_bytes(), &[&[kind], first.as_bytes(), &[0], second.as_bytes()]) & 0xffff_ffff;
    i64::from_ne_bytes((place << 32 | told_apart).to_ne_bytes())
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo).
fn fnv(start: &[u8], parts: &[&[u8]]) -> u64 {
    let bytes = start.iter().chain(parts.iter().copied().flatten());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
