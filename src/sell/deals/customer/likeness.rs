//! Whether two names that share words name one company.
//!
//! Trigrams count what is shared, wherever it stands: "Baxter Clinics" and "Dexter Clinics" share most of theirs. Here
//! the words are paired one by one. A word that is left over on one side only ("Harlequin Software", "Harlequin
//! Software Solutions") makes names alike; words that are left over on both sides ("Clinics" of two different names)
//! make them different companies.

use super::NameKey;

#[cfg(test)]
mod tests;

/// What the words of two names amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same words, but for those that say nothing: connectives, countries, "Group", "Solutions".
    Same,
    /// The same words, with slips of the keyboard or another way to write them.
    Misspelt,
    /// One name has words that the other lacks.
    Extends,
    /// Each has words that the other lacks.
    Differs,
}

/// Words that tell no company from another: what connects names, what a company calls its parts, where they are.
#[rustfmt::skip]
const EMPTY_WORDS: &[&str] = &[
    "a", "am", "an", "and", "at", "by", "d", "da", "das", "de", "del", "della", "dem", "den", "der", "des", "di", "die", "do", "dos",
    "du", "e", "el", "en", "et", "for", "fur", "i", "im", "in", "l", "la", "las", "le", "les", "los", "och", "of", "og", "on",
    "the", "u", "und", "van", "von", "y", "zu", "zum", "zur",
    "association", "business", "enterprise", "enterprises", "global", "group", "groupe", "grupo", "gruppe", "gruppo",
    "holding", "holdings", "international", "lab", "labs", "laboratories", "line", "ooo", "operations", "partner", "partners",
    "platform", "service", "services", "solution", "solutions", "subsidiary", "system", "systems", "technologies",
    "technology", "trading", "ventures", "worldwide",
    "africa", "america", "americas", "apac", "argentina", "asia", "australia", "austria", "belgique", "belgium", "bohemia",
    "brasil", "brazil", "britain", "bulgaria", "canada", "ceska", "cesko", "chile", "china", "colombia", "croatia", "czech",
    "danmark", "denmark", "deutschland", "east", "eesti", "egypt", "emea", "england", "espana", "estonia", "europa", "europe",
    "finland", "france", "germany", "great", "greece", "hellas", "hrvatska", "hungary", "iberia", "iberica", "india",
    "indonesia", "ireland", "israel", "italia", "italy", "japan", "kingdom", "korea", "latam", "latin", "latvia", "lithuania",
    "luxembourg", "magyarorszag", "malaysia", "mexico", "middle", "nederland", "netherlands", "nordic", "norge", "north",
    "norway", "osterreich", "pacific", "philippines", "poland", "polska", "portugal", "romania", "russia", "schweiz",
    "scotland", "serbia", "singapore", "slovakia", "slovenia", "slovensko", "south", "spain", "srbija", "states", "suisse",
    "suomi", "sverige", "svizzera", "sweden", "switzerland", "taiwan", "thailand", "turkey", "turkiye", "uk", "ukraine",
    "united", "us", "usa", "vietnam", "wales", "west",
];

impl NameKey {
    /// What the words of two names amount to.
    #[must_use]
    pub fn likeness(one: &str, other: &str) -> Likeness {
        let (one, other): (Vec<&str>, Vec<&str>) = (one.split(' ').collect(), other.split(' ').collect());
        if one.concat() == other.concat() {
            return Likeness::Same;
        }
        let (one, other) = (telling(&one), telling(&other));
        if sorted(&one) == sorted(&other) {
            return Likeness::Same;
        }
        let (mut left, mut right) = (one.clone(), other.clone());
        pair(&mut left, &mut right);
        pair_joined(&mut left, &one, &mut right);
        pair_joined(&mut right, &other, &mut left);
        match (left.is_empty(), right.is_empty()) {
            (true, true) => Likeness::Misspelt,
            (false, false) => Likeness::Differs,
            _ => Likeness::Extends,
        }
    }
}

/// The words that tell companies apart; all of them when none does.
fn telling<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let telling: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !EMPTY_WORDS.contains(word))
        .collect();
    if telling.is_empty() { words.to_vec() } else { telling }
}

fn sorted<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut words = words.to_vec();
    words.sort_unstable();
    words
}

/// Takes words out of both sides that are the same, then those that are nearly so.
fn pair(left: &mut Vec<&str>, right: &mut Vec<&str>) {
    let same: fn(&str, &str) -> bool = |one, other| one == other;
    for alike in [same, is_near] {
        left.retain(|one| {
            let met = right.iter().position(|other| alike(one, other));
            if let Some(place) = met {
                right.remove(place);
            }
            met.is_none()
        });
    }
}

/// Takes neighbours out of `parts` that `wholes` has written as one word.
fn pair_joined(parts: &mut Vec<&str>, all: &[&str], wholes: &mut Vec<&str>) {
    for (one, next) in all.iter().zip(all.iter().skip(1)) {
        let joined = format!("{one}{next}");
        if let Some(place) = wholes.iter().position(|whole| is_near(whole, &joined)) {
            wholes.remove(place);
            parts.retain(|part| part != one && part != next);
        }
    }
}

/// Whether two words are one but for how umlauts are written, or a slip or two behind the first letter.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other) = (plain(one), plain(other));
    if one == other {
        return true;
    }
    let slips = match one.len().min(other.len()) {
        0..5 => 0,
        5..10 => 1,
        _ => 2,
    };
    one.first() == other.first() && one.len().abs_diff(other.len()) <= slips && distance(&one, &other) <= slips
}

/// The letters, with "ae", "oe", "ue" and "aa" as they are without the marks that they stand for.
fn plain(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::with_capacity(word.len());
    for letter in word.chars() {
        let stands_for_mark = match letters.last() {
            Some('a' | 'o' | 'u') if letter == 'e' => true,
            Some('a') => letter == 'a',
            _ => false,
        };
        if !stands_for_mark {
            letters.push(letter);
        }
    }
    letters
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour (optimal string alignment:
/// Damerau 1964, Boytsov 2011).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (row, letter) in one.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut previous = None;
        for (column, counterpart) in other.iter().enumerate() {
            let at = |cells: &[usize], place: usize| cells.get(place).copied().unwrap_or(usize::MAX / 2);
            let kept = at(&above, column) + usize::from(letter != counterpart);
            let shifted = 1 + at(&above, column + 1).min(at(&line, column));
            let swapped = last == Some(counterpart) && previous == Some(letter);
            let swap = if swapped && column > 0 {
                at(&before, column - 1) + 1
            } else {
                usize::MAX
            };
            line.push(kept.min(shifted).min(swap));
            previous = Some(counterpart);
        }
        before = std::mem::replace(&mut above, line);
        last = Some(letter);
    }
    above.last().copied().unwrap_or(0)
}
