//! What a payout does to the ledger. Each step is posted at most once: its key is the step and the payout.

use guildhall_incentivize::api::{Account, AccountKind, Entry, Posting};
use guildhall_kernel::{Currency, EarningId, OrgId, PayoutId, UserId};
use rust_decimal::Decimal;
use serde_json::json;

/// A payout as the ledger sees it.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) payout: PayoutId,
    pub(crate) vendor: OrgId,
    pub(crate) currency: Currency,
    pub(crate) partner: OrgId,
    pub(crate) user: Option<UserId>,
    pub(crate) net: Decimal,
    pub(crate) withheld: Decimal,
    pub(crate) fees: Decimal,
    /// What it pays, positive and negative: they sum to net, withheld and fees.
    pub(crate) lines: Vec<(EarningId, Decimal)>,
}

/// A step of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The money leaves.
    Sent,
    /// It has arrived.
    Paid,
    /// It didn't leave, and is owed again.
    Failed,
    /// It came back before it was known to have arrived, and is owed again.
    Bounced,
    /// It came back after it had arrived, and is owed again.
    Returned,
}

impl Step {
    const fn cause(self) -> &'static str {
        match self {
            Self::Sent => "payout.sent",
            Self::Paid => "payout.paid",
            Self::Failed => "payout.failed",
            Self::Bounced | Self::Returned => "payout.returned",
        }
    }
}

impl Leg {
    /// The entry of a step.
    pub(crate) fn entry(&self, step: Step) -> Entry {
        let cause = step.cause();
        Entry {
            vendor: self.vendor,
            currency: self.currency,
            cause,
            subject: self.payout.uuid(),
            key: format!("{cause}/{}", self.payout.uuid()),
            details: json!({ "payout_id": self.payout }),
            postings: self.postings(step),
        }
    }

    fn postings(&self, step: Step) -> Vec<Posting> {
        use AccountKind::{Fees, InTransit, Paid, WithheldTax};
        match step {
            Step::Sent => self.leaving(Decimal::NEGATIVE_ONE, InTransit),
            Step::Failed | Step::Bounced => self.leaving(Decimal::ONE, InTransit),
            Step::Returned => self.leaving(Decimal::ONE, Paid),
            Step::Paid => [self.own(InTransit, -self.net), self.own(Paid, self.net)]
                .into_iter()
                .collect(),
        }
        .into_iter()
        .filter(|posting| !posting.amount.is_zero() || !matches!(posting.account.kind, Fees | WithheldTax))
        .collect()
    }

    /// The lines go out of what is payable (`sign` -1) and into `place`, tax and fees, or all of it the other way.
    fn leaving(&self, sign: Decimal, place: AccountKind) -> Vec<Posting> {
        let lines = self.lines.iter().map(|(earning, amount)| Posting {
            account: Account::of(AccountKind::Payable, self.partner, self.user),
            amount: sign * *amount,
            earning: Some(*earning),
        });
        lines
            .chain([
                self.own(place, -sign * self.net),
                self.own(AccountKind::WithheldTax, -sign * self.withheld),
                self.own(AccountKind::Fees, -sign * self.fees),
            ])
            .collect()
    }

    fn own(&self, kind: AccountKind, amount: Decimal) -> Posting {
        Posting {
            account: Account::of(kind, self.partner, self.user),
            amount,
            earning: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn leg(lines: &[i64], withheld: i64, fees: i64) -> Leg {
        let gross: i64 = lines.iter().sum();
        Leg {
            payout: Uuid::from_u128(1).into(),
            vendor: Uuid::from_u128(2).into(),
            currency: Currency::EUR,
            partner: Uuid::from_u128(3).into(),
            user: None,
            net: Decimal::new(gross - withheld - fees, 2),
            withheld: Decimal::new(withheld, 2),
            fees: Decimal::new(fees, 2),
            lines: (10u128..)
                .zip(lines)
                .map(|(id, cents)| (Uuid::from_u128(id).into(), Decimal::new(*cents, 2)))
                .collect(),
        }
    }

    fn balances(leg: &Leg, steps: &[Step]) -> BTreeMap<&'static str, Decimal> {
        let mut sums = BTreeMap::new();
        for step in steps {
            for posting in leg.entry(*step).postings {
                *sums.entry(posting.account.kind.as_str()).or_default() += posting.amount;
            }
        }
        sums.retain(|_, sum: &mut Decimal| !sum.is_zero());
        sums
    }

    proptest! {
        #[test]
        fn every_step_sums_to_zero_and_going_back_undoes_it(
            lines in prop::collection::vec(prop_oneof![-5_000i64..0, 1i64..100_000], 1..8), withheld in 0i64..50, fees in 0i64..50,
        ) {
            let leg = leg(&lines, withheld, fees);
            for step in [Step::Sent, Step::Paid, Step::Failed, Step::Bounced, Step::Returned] {
                let sum: Decimal = leg.entry(step).postings.iter().map(|posting| posting.amount).sum();
                prop_assert_eq!(sum, Decimal::ZERO);
            }
            for back in [&[Step::Sent, Step::Failed][..], &[Step::Sent, Step::Bounced], &[Step::Sent, Step::Paid, Step::Returned]] {
                prop_assert!(balances(&leg, back).is_empty(), "{back:?}: {:?}", balances(&leg, back));
            }
        }
    }

    #[test]
    fn what_is_paid_is_the_net_and_the_rest_is_kept() {
        let leg = leg(&[10_000, -1_000], 1_350, 50);
        let sums = balances(&leg, &[Step::Sent, Step::Paid]);
        let expected = [
            ("fees", Decimal::new(50, 2)),
            ("paid", Decimal::new(7_600, 2)),
            ("payable", Decimal::new(-9_000, 2)),
            ("withheld_tax", Decimal::new(1_350, 2)),
        ];
        assert_eq!(sums, BTreeMap::from(expected));
    }

    #[test]
    fn nothing_is_posted_of_no_tax() {
        assert_eq!(leg(&[100], 0, 0).entry(Step::Sent).postings.len(), 2);
    }
}
