//! Who is paid by a batch, and how much: decided on loaded facts.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, Money, OrgId, UserId};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::SkipReason;
use crate::method::{DestinationKind, PayMethod};

/// What a batch pays by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) method: PayMethod,
    pub(super) currency: Currency,
    pub(super) now: DateTime<Utc>,
    /// The vendor's least payout.
    pub(super) minimum: Decimal,
    /// What a payout costs its payee.
    pub(super) fee: Decimal,
}

/// Where a payee is paid.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) id: Uuid,
    pub(super) destination: Uuid,
    pub(super) kind: DestinationKind,
    pub(super) masked: String,
    pub(super) currency: String,
    /// The payee's least payout.
    pub(super) minimum: Decimal,
    pub(super) country: String,
    pub(super) usable_from: DateTime<Utc>,
}

/// What is kept of payouts to the payee's country.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaxRule {
    pub(super) withholding: Decimal,
    /// Without a tax form; `None`: nothing is paid without.
    pub(super) without_form: Option<Decimal>,
    pub(super) self_billing: bool,
    pub(super) vat: Option<Decimal>,
}

/// A payee and what is owed.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    pub(super) partner: OrgId,
    pub(super) user: Option<UserId>,
    /// The sum of positive and negative lines.
    pub(super) gross: Decimal,
    pub(super) lines: i64,
    /// Whether partnership and companies are active.
    pub(super) active: bool,
    /// Whether the employer lets its people be paid; true for a company.
    pub(super) consent: bool,
    pub(super) has_form: bool,
    pub(super) profile: Option<Profile>,
    pub(super) tax: Option<TaxRule>,
}

/// What a payee gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) percent: Decimal,
    pub(super) withheld: Decimal,
    pub(super) fees: Decimal,
    pub(super) net: Decimal,
}

/// What a payee of a batch gets, or why nothing.
pub(super) fn judge<'a>(owed: &'a Owed, terms: &Terms) -> Result<(&'a Profile, Amounts), SkipReason> {
    if !owed.active {
        return Err(SkipReason::NotActive);
    }
    if owed.gross <= Decimal::ZERO {
        return Err(SkipReason::NotPositive);
    }
    if !owed.consent {
        return Err(SkipReason::NoConsent);
    }
    let profile = owed.profile.as_ref().ok_or(SkipReason::NoProfile)?;
    if profile.kind != terms.method.reaches() {
        return Err(SkipReason::OtherMethod);
    }
    if profile.currency != terms.currency.code() {
        return Err(SkipReason::OtherCurrency);
    }
    if profile.usable_from > terms.now {
        return Err(SkipReason::CoolingOff);
    }
    let amounts = amounts(owed, terms)?;
    if owed.gross < terms.minimum.max(profile.minimum) || amounts.net <= Decimal::ZERO {
        return Err(SkipReason::BelowMinimum);
    }
    Ok((profile, amounts))
}

/// What is kept is rounded half to even at the minor unit; the payee gets the rest, so that the parts sum to the whole.
fn amounts(owed: &Owed, terms: &Terms) -> Result<Amounts, SkipReason> {
    let percent = match owed.tax {
        None => Decimal::ZERO,
        Some(rule) if owed.has_form => rule.withholding,
        Some(rule) => rule.without_form.ok_or(SkipReason::TaxFormMissing)?,
    };
    let withheld = Money::new(owed.gross * percent / Decimal::ONE_HUNDRED, terms.currency)
        .rounded()
        .amount;
    Ok(Amounts {
        percent,
        withheld,
        fees: terms.fee,
        net: owed.gross - withheld - terms.fee,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn terms() -> Terms {
        Terms {
            method: PayMethod::Pain001,
            currency: Currency::EUR,
            now: now(),
            minimum: Decimal::from(10),
            fee: Decimal::ZERO,
        }
    }

    fn owed(cents: i64) -> Owed {
        Owed {
            partner: Uuid::from_u128(1).into(),
            user: None,
            gross: Decimal::new(cents, 2),
            lines: 1,
            active: true,
            consent: true,
            has_form: true,
            profile: Some(Profile {
                id: Uuid::from_u128(2),
                destination: Uuid::from_u128(3),
                kind: DestinationKind::Iban,
                masked: "DE** **** 3000".to_owned(),
                currency: "EUR".to_owned(),
                minimum: Decimal::from(25),
                country: "DE".to_owned(),
                usable_from: now(),
            }),
            tax: None,
        }
    }

    fn rule(withholding: i64, without_form: Option<i64>) -> Option<TaxRule> {
        Some(TaxRule {
            withholding: Decimal::from(withholding),
            without_form: without_form.map(Decimal::from),
            self_billing: false,
            vat: None,
        })
    }

    #[test]
    fn whoever_cannot_be_paid_is_told_why() {
        let with = |change: fn(&mut Owed)| {
            let mut owed = owed(10_000);
            change(&mut owed);
            judge(&owed, &terms()).err()
        };
        assert_eq!(with(|_| {}), None);
        assert_eq!(with(|one| one.active = false), Some(SkipReason::NotActive));
        assert_eq!(with(|one| one.gross = Decimal::ZERO), Some(SkipReason::NotPositive));
        assert_eq!(with(|one| one.gross = Decimal::from(-5)), Some(SkipReason::NotPositive));
        assert_eq!(with(|one| one.consent = false), Some(SkipReason::NoConsent));
        assert_eq!(with(|one| one.profile = None), Some(SkipReason::NoProfile));
        assert_eq!(
            with(|one| one.gross = Decimal::new(2_499, 2)),
            Some(SkipReason::BelowMinimum)
        );
        assert_eq!(with(|one| one.gross = Decimal::from(25)), None);
        assert_eq!(
            with(|one| one.profile.as_mut().unwrap().kind = DestinationKind::Stripe),
            Some(SkipReason::OtherMethod)
        );
        assert_eq!(
            with(|one| one.profile.as_mut().unwrap().currency = "USD".to_owned()),
            Some(SkipReason::OtherCurrency)
        );
        assert_eq!(
            with(|one| one.profile.as_mut().unwrap().usable_from += chrono::TimeDelta::seconds(1)),
            Some(SkipReason::CoolingOff)
        );
        assert_eq!(
            with(|one| (one.tax, one.has_form) = (rule(0, None), false)),
            Some(SkipReason::TaxFormMissing)
        );
        assert_eq!(with(|one| one.tax = rule(100, None)), Some(SkipReason::BelowMinimum));
    }

    #[test]
    fn what_is_withheld_depends_on_the_form_and_is_rounded_half_to_even() {
        let paid = |cents, rule, has_form| {
            let mut owed = owed(cents);
            (owed.tax, owed.has_form) = (rule, has_form);
            let amounts = judge(&owed, &terms()).unwrap().1;
            (amounts.withheld.to_string(), amounts.net.to_string())
        };
        assert_eq!(paid(10_050, rule(15, Some(30)), true), ("15.08".into(), "85.42".into()));
        assert_eq!(
            paid(10_050, rule(15, Some(30)), false),
            ("30.15".into(), "70.35".into())
        );
        // 10.025 and 10.075: the even cent.
        assert_eq!(paid(20_050, rule(5, None), true), ("10.02".into(), "190.48".into()));
        assert_eq!(paid(20_150, rule(5, None), true), ("10.08".into(), "191.42".into()));
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_whole(cents in 1i64..100_000_000, percent in 0i64..=100, fee in 0i64..500) {
            let mut owed = owed(cents);
            owed.tax = rule(percent, None);
            let terms = Terms { fee: Decimal::new(fee, 2), ..terms() };
            if let Ok((_, amounts)) = judge(&owed, &terms) {
                prop_assert_eq!(amounts.withheld + amounts.fees + amounts.net, owed.gross);
                prop_assert!(amounts.net > Decimal::ZERO && amounts.withheld >= Decimal::ZERO);
                prop_assert!(amounts.net.normalize().scale() <= 2);
            }
        }
    }
}
