use proptest::prelude::*;

use super::*;

fn org(n: u128) -> OrgId {
    uuid::Uuid::from_u128(n).into()
}

fn draft(partner: u128, role: CreditRole, percent: &str) -> ShareDraft {
    ShareDraft {
        partner_id: org(partner),
        role,
        percent: percent.to_owned(),
    }
}

fn faults(drafts: &[ShareDraft]) -> Vec<(String, &'static str)> {
    let mut checks = Checks::default();
    check(drafts, &mut checks);
    checks
        .faults()
        .iter()
        .map(|fault| (fault.pointer.clone(), fault.code))
        .collect()
}

#[test]
fn shares_that_can_not_be_are_named_each() {
    use CreditRole::{Fulfilled, Sourced};
    type Faults<'f> = &'f [(&'f str, &'f str)];
    let table: &[(&[ShareDraft], Faults<'_>)] = &[
        (&[draft(1, Sourced, "100")], &[]),
        (&[draft(1, Sourced, "33.34"), draft(2, Sourced, "66.66")], &[]),
        (
            &[
                draft(1, Sourced, "100.00"),
                draft(2, Fulfilled, "50"),
                draft(1, Fulfilled, "50.00"),
            ],
            &[],
        ),
        (&[], &[("/shares", "length")]),
        (&[draft(1, Sourced, "99.99")], &[("/shares", "sum")]),
        (
            &[draft(1, Sourced, "60"), draft(2, Sourced, "60")],
            &[("/shares", "sum")],
        ),
        (
            &[draft(1, Sourced, "60"), draft(2, Fulfilled, "40")],
            &[("/shares", "sum"), ("/shares", "sum")],
        ),
        (
            &[draft(1, Sourced, "50"), draft(1, Sourced, "50")],
            &[("/shares/1", "duplicate")],
        ),
        (
            &[draft(1, Sourced, "-5"), draft(2, Sourced, "105")],
            &[("/shares/0/percent", "percent"), ("/shares/1/percent", "percent")],
        ),
        (
            &[draft(1, Sourced, "0"), draft(2, Sourced, "100")],
            &[("/shares/0/percent", "percent")],
        ),
        (&[draft(1, Sourced, "33.333")], &[("/shares/0/percent", "percent")]),
        (&[draft(1, Sourced, "1e2")], &[("/shares/0/percent", "percent")]),
    ];
    for (drafts, expected) in table {
        let expected: Vec<(String, &str)> = expected
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), *code))
            .collect();
        assert_eq!(faults(drafts), expected, "{drafts:?}");
    }
}

#[test]
fn the_default_is_whole_in_each_role() {
    let shares = by_default(org(1), &[CreditRole::Sourced, CreditRole::Serviced]);
    assert_eq!(shares.len(), 2);
    assert!(sums(&shares).values().all(|sum| *sum == Decimal::ONE_HUNDRED));
}

proptest! {
    #[test]
    fn what_is_hidden_still_sums_to_the_whole_and_names_nobody_else(
        cuts in prop::collection::vec((1u128..5, 0usize..4, 1i64..5000), 1..12),
    ) {
        let roles = [CreditRole::Sourced, CreditRole::Influenced, CreditRole::Fulfilled, CreditRole::Serviced];
        let shares: Vec<Share> = cuts
            .into_iter()
            .map(|(partner, role, cents)| Share {
                partner_id: org(partner),
                role: roles[role],
                percent: Decimal::new(cents, 2),
            })
            .collect();
        let seen = seen_by(org(1), &shares);
        prop_assert!(seen.iter().all(|(_, partner, _)| partner.is_none_or(|partner| partner == org(1))));
        for (role, sum) in sums(&shares) {
            let total: Decimal = seen.iter().filter(|(of, ..)| *of == role).map(|(.., percent)| *percent).sum();
            prop_assert_eq!(total, sum);
        }
    }
}
