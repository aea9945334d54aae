//! What a statement adds up to.

use guildhall_spine::http::Problem;
use rust_decimal::Decimal;

use super::rows::{Gone, Group, Period};

/// What is owed to a payee, by where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) accrued: Decimal,
    pub(super) held: Decimal,
    pub(super) approved: Decimal,
    pub(super) payable: Decimal,
    pub(super) in_transit: Decimal,
}

impl Owed {
    pub(super) fn total(&self) -> Decimal {
        self.accrued + self.held + self.approved + self.payable + self.in_transit
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            accrued: self.accrued + other.accrued,
            held: self.held + other.held,
            approved: self.approved + other.approved,
            payable: self.payable + other.payable,
            in_transit: self.in_transit + other.in_transit,
        }
    }
}

/// The sums of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) opening: Decimal,
    pub(super) earned: Decimal,
    /// What payouts took from the balance: `withheld`, `fees` and `paid` together.
    pub(super) taken: Decimal,
    pub(super) withheld: Decimal,
    pub(super) fees: Decimal,
    pub(super) paid: Decimal,
    pub(super) closing: Decimal,
}

/// Adds up a statement and holds it to the balance that the ledger has kept beside its postings.
///
/// # Errors
/// 500 when the lines and payouts don't lead from the opening to the closing balance: such a statement isn't shown.
pub(super) fn balance(period: &Period, groups: &[Group], payouts: &[Gone]) -> Result<Sums, Problem> {
    let of = |part: fn(&Gone) -> Decimal| payouts.iter().map(part).sum::<Decimal>();
    let sums = Sums {
        opening: period.opening.total(),
        earned: groups.iter().map(|group| group.subtotal).sum(),
        taken: of(|one| one.taken),
        withheld: of(|one| one.withheld),
        fees: of(|one| one.fees),
        paid: of(|one| one.paid),
        closing: period.closing().total(),
    };
    let reached = sums.opening + sums.earned - sums.taken;
    if reached != sums.closing {
        return Err(Problem::internal(format!(
            "statement {} doesn't balance: its lines and payouts lead to {reached}, the ledger's balance is {}",
            period.id, sums.closing
        )));
    }
    if let Some(odd) = payouts
        .iter()
        .find(|one| one.taken != one.withheld + one.fees + one.paid)
    {
        return Err(Problem::internal(format!(
            "statement {} doesn't balance: payout {} takes {} and accounts for {} of tax, {} of fees and {} paid",
            period.id, odd.payout_id, odd.taken, odd.withheld, odd.fees, odd.paid
        )));
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use guildhall_incentivize::api::EarningKind;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::{PayoutStep, month::Month};
    use super::*;

    fn cents(amount: i64) -> Decimal {
        Decimal::new(amount, 2)
    }

    fn period(opening: i64, change: i64) -> Period {
        Period {
            id: 7,
            vendor_id: Uuid::from_u128(1).into(),
            partner_id: Uuid::from_u128(2).into(),
            user_id: None,
            currency: "EUR".to_owned(),
            month: Month::parse("2026-11").unwrap(),
            opening: Owed {
                payable: cents(opening),
                ..Owed::default()
            },
            change: Owed {
                accrued: cents(change),
                ..Owed::default()
            },
            vendor_name: "Northwind".to_owned(),
            partner_name: "Alder".to_owned(),
        }
    }

    fn group(subtotal: i64) -> Group {
        Group {
            kind: EarningKind::Commission,
            lines: 1,
            subtotal: cents(subtotal),
        }
    }

    fn gone(withheld: i64, fees: i64, paid: i64) -> Gone {
        Gone {
            at: chrono::DateTime::UNIX_EPOCH,
            payout_id: Uuid::from_u128(3).into(),
            step: PayoutStep::Paid,
            taken: cents(withheld + fees + paid),
            withheld: cents(withheld),
            fees: cents(fees),
            paid: cents(paid),
            in_transit: Decimal::ZERO,
        }
    }

    proptest! {
        #[test]
        fn what_adds_up_is_shown_and_a_cent_more_or_less_is_not(
            opening in -100_000i64..100_000, lines in prop::collection::vec(-50_000i64..50_000, 0..9),
            paid in prop::collection::vec((0i64..500, 0i64..50, -9_000i64..9_000), 0..5), off in prop_oneof![-9i64..0, 1i64..9],
        ) {
            let groups: Vec<Group> = lines.iter().map(|line| group(*line)).collect();
            let payouts: Vec<Gone> = paid.iter().map(|(withheld, fees, paid)| gone(*withheld, *fees, *paid)).collect();
            let change = lines.iter().sum::<i64>() - paid.iter().map(|(a, b, c)| a + b + c).sum::<i64>();
            let sums = balance(&period(opening, change), &groups, &payouts).unwrap();
            prop_assert_eq!(sums.closing, cents(opening + change));
            prop_assert_eq!(sums.taken, sums.withheld + sums.fees + sums.paid);
            prop_assert!(balance(&period(opening, change + off), &groups, &payouts).is_err());
        }
    }

    #[test]
    fn a_payout_that_does_not_say_where_all_of_it_went_is_refused() {
        let mut odd = gone(10, 5, 100);
        odd.fees = Decimal::ZERO;
        assert!(balance(&period(0, -115), &[], &[odd]).is_err());
    }
}
