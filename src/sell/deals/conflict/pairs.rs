//! How well names and domains alone tell whether two registrations are of one company: precision and recall over the
//! labelled pairs of `pairs.tsv`. A pair counts as found from [`Level::Likely`] on, where the desk takes it up.

use std::collections::BTreeSet;

use super::{Candidate, Level, score};
use crate::deals::customer::NameKey;
use crate::deals::state::DealStatus;

const PAIRS: &str = include_str!("pairs.tsv");

struct Side<'a> {
    key: String,
    country: &'a str,
    domain: Option<&'a str>,
}

impl<'a> Side<'a> {
    fn of(columns: &[&'a str]) -> Self {
        let [name, country, domain] = columns else {
            panic!("{columns:?}");
        };
        Self {
            key: NameKey::from_legal_name(name, country).unwrap().to_string(),
            country,
            domain: (*domain != "-").then_some(*domain),
        }
    }
}

/// As `pg_trgm` makes them: of each word, with two blanks before it and one behind.
fn trigrams(text: &str) -> BTreeSet<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let padded = words.map(|word| format!("  {word} ").chars().collect::<Vec<_>>());
    padded
        .flat_map(|word| {
            word.windows(3)
                .map(|three| three.iter().collect())
                .collect::<Vec<String>>()
        })
        .collect()
}

fn similarity(one: &str, other: &str) -> f32 {
    let (one, other) = (trigrams(one), trigrams(other));
    let count = |number: usize| f32::from(u16::try_from(number).unwrap());
    count(one.intersection(&other).count()) / count(one.union(&other).count().max(1))
}

fn level(one: &Side<'_>, other: &Side<'_>) -> Level {
    let candidate = Candidate {
        status: DealStatus::Submitted,
        domain_equal: one.domain.is_some() && one.domain == other.domain,
        name_equal: one.key == other.key,
        name_similarity: similarity(&one.key, &other.key),
        same_country: one.country == other.country,
        shared_emails: 0,
        close_distance_days: None,
        products_overlap: false,
    };
    score(&candidate).level
}

#[test]
fn precision_and_recall_over_the_labelled_pairs() {
    let (mut found, mut missed, mut mistaken, mut all) = (0_u32, Vec::new(), Vec::new(), 0);
    for line in PAIRS.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (one, other) = (Side::of(&columns[1..4]), Side::of(&columns[4..7]));
        let likely = level(&one, &other) >= Level::Likely;
        let pair = format!("{line} ({} / {})", one.key, other.key);
        match (columns[0], likely) {
            ("same", true) => found += 1,
            ("same", false) => missed.push(pair),
            ("different", true) => mistaken.push(pair),
            ("different", false) => {}
            (label, _) => panic!("{label}"),
        }
        all += 1;
    }
    let of = |part: u32, rest: usize| f64::from(part) / (f64::from(part) + f64::from(u32::try_from(rest).unwrap()));
    let (precision, recall) = (of(found, mistaken.len()), of(found, missed.len()));
    println!("{all} pairs: precision {precision:.3}, recall {recall:.3}");
    println!("missed:\n{}\nmistaken:\n{}", missed.join("\n"), mistaken.join("\n"));
    assert!(all >= 500, "{all} pairs");
    assert!(precision >= 0.95, "precision {precision:.3}");
    assert!(recall >= 0.95, "recall {recall:.3}");
}

#[test]
fn similarity_is_that_of_pg_trgm() {
    // SELECT similarity('word', 'two words'), from the documentation of pg_trgm.
    assert!((similarity("word", "two words") - 0.363_636).abs() < 1e-5);
}
