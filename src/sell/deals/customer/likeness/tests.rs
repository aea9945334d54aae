use proptest::prelude::*;

use super::{Likeness, distance, is_near};
use crate::deals::customer::NameKey;

const CASES: &[(&str, &str, Likeness)] = &[
    ("north star aviation", "northstar aviation", Likeness::Same),
    ("dubois et fils", "dubois and fils", Likeness::Same),
    ("veltronik deutschland", "veltronik france", Likeness::Same),
    ("hotel bellavista", "bellavista hotel", Likeness::Same),
    ("weissenburger ol", "weissenburger oel", Likeness::Misspelt),
    ("greenfield packaging", "greenfeild packaging", Likeness::Misspelt),
    ("harlequin software", "harlequin software games", Likeness::Extends),
    ("micro chem waters", "microchem", Likeness::Extends),
    ("baxter clinics", "dexter clinics", Likeness::Differs),
    ("digital health", "digital wealth", Likeness::Differs),
    ("stadtwerke lindau", "stadtwerke rosenheim", Likeness::Differs),
    ("global group", "global services", Likeness::Differs),
];

#[test]
fn words_decide() {
    for (one, other, expected) in CASES {
        assert_eq!(NameKey::likeness(one, other), *expected, "{one} / {other}");
    }
}

#[test]
fn distances_count_swaps_once() {
    let distance =
        |one: &str, other: &str| distance(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>());
    for (one, other, expected) in [
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("sliver", "silver", 1),
        ("logistcs", "logistics", 1),
        ("ca", "abc", 3),
        ("kitten", "sitting", 3),
    ] {
        assert_eq!(
            (distance(one, other), distance(other, one)),
            (expected, expected),
            "{one} / {other}"
        );
    }
}

#[test]
fn short_words_and_first_letters_have_no_slips() {
    assert!(!is_near("abc", "abd") && !is_near("hansen", "jansen"));
    assert!(is_near("lindqvist", "lindquist") && is_near("muller", "mueller"));
}

proptest! {
    #[test]
    fn it_is_the_same_from_both_sides(one in "[a-e]{1,6}( [a-e]{1,6}){0,3}", other in "[a-e]{1,6}( [a-e]{1,6}){0,3}") {
        let (there, back) = (NameKey::likeness(&one, &other), NameKey::likeness(&other, &one));
        prop_assert_eq!(there == Likeness::Same, back == Likeness::Same);
        prop_assert_eq!(NameKey::likeness(&one, &one), Likeness::Same);
    }
}
