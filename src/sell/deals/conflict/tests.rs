use proptest::prelude::*;

use super::{Candidate, Level, Reason, score};
use crate::deals::state::DealStatus;

const NOTHING: Candidate = Candidate {
    status: DealStatus::Submitted,
    domain_equal: false,
    name_equal: false,
    name_similarity: 0.0,
    same_country: false,
    shared_emails: 0,
    close_distance_days: None,
    products_overlap: false,
};

fn verdict(candidate: Candidate) -> (u8, Level) {
    let verdict = score(&candidate);
    (verdict.score, verdict.level)
}

fn named(name_similarity: f32, same_country: bool) -> Candidate {
    Candidate {
        name_equal: name_similarity >= 1.0,
        name_similarity,
        same_country,
        ..NOTHING
    }
}

#[test]
fn names_count_by_similarity_and_country() {
    let table = [
        (named(0.44, true), 0, Level::None),
        (named(0.45, true), 28, Level::Possible),
        (named(0.7, true), 48, Level::Possible),
        (named(0.85, true), 61, Level::Likely),
        (named(0.99, true), 72, Level::Likely),
        (named(1.0, true), 77, Level::Likely),
        (named(0.45, false), 12, Level::None),
        (named(0.7, false), 26, Level::Possible),
        (named(1.0, false), 45, Level::Possible),
        (named(f32::NAN, true), 0, Level::None),
    ];
    for (candidate, points, level) in table {
        assert_eq!(verdict(candidate), (points, level), "{candidate:?}");
    }
}

#[test]
fn domains_and_contacts_count_whatever_the_country() {
    let domain = Candidate {
        domain_equal: true,
        ..NOTHING
    };
    let contacts = |shared_emails| Candidate {
        shared_emails,
        ..NOTHING
    };
    let table = [
        (NOTHING, 0, Level::None),
        (domain, 95, Level::Certain),
        (contacts(1), 60, Level::Likely),
        (contacts(2), 84, Level::Likely),
        (contacts(3), 94, Level::Certain),
        (contacts(usize::MAX), 94, Level::Certain),
        (
            Candidate {
                shared_emails: 1,
                ..named(1.0, true)
            },
            91,
            Level::Certain,
        ),
    ];
    for (candidate, points, level) in table {
        assert_eq!(verdict(candidate), (points, level), "{candidate:?}");
    }
}

#[test]
fn circumstance_alone_is_no_conflict() {
    let neighbours = Candidate {
        same_country: true,
        products_overlap: true,
        close_distance_days: Some(0),
        ..NOTHING
    };
    assert_eq!(verdict(neighbours), (0, Level::None));
    assert_eq!(score(&neighbours).reasons, []);
}

#[test]
fn a_deal_that_is_over_does_not_conflict() {
    for status in DealStatus::ALL {
        let level = score(&Candidate {
            status,
            domain_equal: true,
            ..NOTHING
        })
        .level;
        assert_eq!(level == Level::Certain, status.is_live(), "{status}");
    }
}

#[test]
fn reasons_say_all_that_counted_identifying_first() {
    let everything = Candidate {
        domain_equal: true,
        name_similarity: 0.82,
        same_country: true,
        shared_emails: 2,
        close_distance_days: Some(12),
        products_overlap: true,
        ..NOTHING
    };
    assert_eq!(
        score(&everything).reasons,
        [
            Reason::SameDomain,
            Reason::SimilarName { percent: 82 },
            Reason::SameContact { count: 2 },
            Reason::SameCountry,
            Reason::OverlappingProducts,
            Reason::CloseDates { days: 12 },
        ]
    );
    let abroad = Candidate {
        name_equal: true,
        close_distance_days: Some(91),
        ..NOTHING
    };
    assert_eq!(score(&abroad).reasons, [Reason::SameName, Reason::DifferentCountry]);
    let far = Candidate {
        domain_equal: true,
        ..NOTHING
    };
    assert_eq!(score(&far).reasons, [Reason::SameDomain]);
}

#[test]
fn the_code_on_the_wire_is_the_code() {
    let every = [
        Reason::SameDomain,
        Reason::SameName,
        Reason::SimilarName { percent: 50 },
        Reason::SameContact { count: 1 },
        Reason::SameCountry,
        Reason::DifferentCountry,
        Reason::OverlappingProducts,
        Reason::CloseDates { days: 3 },
    ];
    for reason in every {
        let wire = serde_json::to_value(reason).ok();
        assert_eq!(wire.as_ref().and_then(|v| v.get("code")), Some(&reason.code().into()));
        assert!(reason.to_string().ends_with('.'));
    }
    assert_eq!(
        serde_json::to_value(Reason::SimilarName { percent: 61 }).ok(),
        Some(serde_json::json!({ "code": "similar_name", "percent": 61 }))
    );
}

fn candidates() -> impl Strategy<Value = Candidate> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let close = proptest::option::of(0..200_u32);
    (
        flags,
        prop_oneof![proptest::num::f32::ANY, 0.0_f32..=1.0],
        0..6_usize,
        close,
    )
        .prop_map(|(flags, similarity, emails, close)| Candidate {
            status: DealStatus::Approved,
            domain_equal: flags.0,
            name_equal: flags.1,
            name_similarity: similarity,
            same_country: flags.2,
            shared_emails: emails,
            close_distance_days: close,
            products_overlap: flags.3,
        })
}

/// Each candidate with one more piece of evidence than the given one.
fn strengthened(base: Candidate) -> Vec<Candidate> {
    vec![
        Candidate {
            domain_equal: true,
            ..base
        },
        Candidate {
            name_equal: true,
            ..base
        },
        Candidate {
            name_similarity: base.name_similarity.max(0.0) + 0.03,
            ..base
        },
        Candidate {
            same_country: true,
            ..base
        },
        Candidate {
            shared_emails: base.shared_emails + 1,
            ..base
        },
        Candidate {
            close_distance_days: Some(base.close_distance_days.map_or(90, |days| days / 2)),
            ..base
        },
        Candidate {
            products_overlap: true,
            ..base
        },
    ]
}

proptest! {
    #[test]
    fn more_evidence_never_lowers_the_score(base in candidates()) {
        let before = score(&base);
        for stronger in strengthened(base) {
            let after = score(&stronger);
            prop_assert!(after.score >= before.score, "{base:?} {before:?} -> {stronger:?} {after:?}");
            prop_assert!(after.level >= before.level);
        }
    }

    #[test]
    fn the_score_is_bounded_and_zero_exactly_without_reasons(candidate in candidates()) {
        let verdict = score(&candidate);
        prop_assert!(verdict.score <= 100);
        prop_assert_eq!(verdict.score == 0, verdict.reasons.is_empty());
    }

    #[test]
    fn the_same_domain_is_always_certain(candidate in candidates()) {
        let verdict = score(&Candidate { domain_equal: true, ..candidate });
        prop_assert_eq!(verdict.level, Level::Certain);
        prop_assert_eq!(verdict.reasons.first(), Some(&Reason::SameDomain));
    }

    #[test]
    fn the_order_of_evidence_does_not_matter(mut weights in proptest::collection::vec(0..=1000_u32, 0..7)) {
        let forward = super::noisy_or(weights.iter().copied());
        weights.reverse();
        prop_assert_eq!(super::noisy_or(weights.iter().copied()), forward);
        weights.sort_unstable();
        prop_assert_eq!(super::noisy_or(weights.iter().copied()), forward);
    }
}
