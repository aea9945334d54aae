//! What stands on the invoice that a vendor writes for a payout: pure.
//!
//! What is owed includes the value added tax: the invoice comes to the gross amount of the payout, and the tax is the part
//! of it that the rate says (Directive 2006/112/EC, Article 78 and Article 226(8) to (10)). Where the rule of the payee's country has no
//! rate, the supply is shown as outside the scope of the tax.

use chrono::NaiveDate;
use guildhall_documents::{Invoice, InvoiceKind, InvoiceLine, Paper, Party, TaxCategory};
use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

/// What a payout pays under one plan.
#[derive(Clone, Debug)]
pub(super) struct Supply {
    /// What it is: the plan, or the kind of earning.
    pub(super) what: String,
    pub(super) earnings: i64,
    /// With tax; negative where more was taken back than earned.
    pub(super) amount: Decimal,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
}

/// A payout to be invoiced.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    pub(super) number: String,
    pub(super) issued: NaiveDate,
    /// The invoice that it takes back, by number and day of issue: it is a credit note then.
    pub(super) corrects: Option<(String, NaiveDate)>,
    pub(super) payout: String,
    pub(super) currency: Currency,
    /// The rate of value added tax in percent; nothing outside its scope.
    pub(super) rate: Option<Decimal>,
    pub(super) gross: Decimal,
    pub(super) withheld: Decimal,
    pub(super) fees: Decimal,
    pub(super) net: Decimal,
    pub(super) seller: Party,
    pub(super) buyer: Party,
    pub(super) supplies: Vec<Supply>,
}

impl Bill {
    /// The invoice to be drawn.
    pub(super) fn invoice(self) -> Invoice {
        let rate = self.rate.filter(|rate| *rate > Decimal::ZERO);
        let terms = self.terms();
        let from = self.supplies.iter().map(|supply| supply.from).min();
        let to = self.supplies.iter().map(|supply| supply.to).max();
        Invoice {
            number: self.number,
            kind: match self.corrects {
                None => InvoiceKind::SelfBilling,
                Some((of, issued)) => InvoiceKind::CreditNote { of, issued },
            },
            issued: self.issued,
            paper: Paper::A4,
            supplied: from.zip(to),
            currency: self.currency,
            tax_name: "VAT".to_owned(),
            lines: self
                .supplies
                .into_iter()
                .map(|supply| supply.line(rate, self.currency))
                .collect(),
            exemption_reason: None,
            notices: Vec::new(),
            payment_terms: Some(terms),
            payout: Some(self.payout),
            seller: self.seller,
            buyer: self.buyer,
        }
    }
}

impl Bill {
    fn terms(&self) -> String {
        let (payout, code) = (&self.payout, self.currency.code());
        if self.corrects.is_some() {
            return format!("payout {payout} did not arrive: {} {code} is owed again", self.gross);
        }
        let mut terms = format!("paid by payout {payout}: {} {code}", self.gross);
        for (amount, what) in [(self.withheld, "tax withheld"), (self.fees, "fee")] {
            if !amount.is_zero() {
                terms.push_str(&format!(" less {amount} {code} of {what}"));
            }
        }
        terms.push_str(&format!(", {} {code} sent", self.net));
        terms
    }
}

impl Supply {
    fn line(self, rate: Option<Decimal>, currency: Currency) -> InvoiceLine {
        let hundred = Decimal::ONE_HUNDRED;
        let exact = rate.map_or(self.amount, |rate| self.amount * hundred / (hundred + rate));
        let net = Money::new(exact, currency).rounded().amount;
        let plural = if self.earnings == 1 { "" } else { "s" };
        InvoiceLine {
            description: format!("{} ({} earning{plural})", self.what, self.earnings),
            // The price of a unit is never negative (EN 16931-1, BR-27); what is taken back is a negative quantity.
            quantity: if net.is_sign_negative() {
                Decimal::NEGATIVE_ONE
            } else {
                Decimal::ONE
            },
            unit: String::new(),
            unit_price: net.abs(),
            net,
            rate: rate.unwrap_or_default(),
            tax: self.amount - net,
            category: if rate.is_some() {
                TaxCategory::Standard
            } else {
                TaxCategory::OutOfScope
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_documents::invoice;
    use proptest::prelude::*;

    use super::*;

    fn bill(rate: Option<Decimal>, cents: &[i64]) -> Bill {
        let day: NaiveDate = "2026-11-30".parse().unwrap();
        let supply = |cents: &i64| Supply {
            what: "Commission: Resale".to_owned(),
            earnings: 2,
            amount: Decimal::new(*cents, 2),
            from: day,
            to: day,
        };
        let gross = Decimal::new(cents.iter().sum(), 2);
        let party = |name: &str| Party {
            name: name.to_owned(),
            tax_id: Some("DE811234567".to_owned()),
            ..Party::default()
        };
        Bill {
            number: "SB-2026-000001".to_owned(),
            issued: day,
            corrects: None,
            payout: "pay_01kaqv6r3gf5ht2x0m8c9ezw4n".to_owned(),
            currency: Currency::EUR,
            rate,
            gross,
            withheld: Decimal::ZERO,
            fees: Decimal::ZERO,
            net: gross,
            seller: party("Alder"),
            buyer: party("Northwind"),
            supplies: cents.iter().map(supply).collect(),
        }
    }

    proptest! {
        #[test]
        fn an_invoice_comes_to_what_is_owed_at_any_rate(
            cents in prop::collection::vec(prop_oneof![-90_000i64..0, 1i64..9_000_000], 1..6), rate in prop::option::of(0u32..=2700),
        ) {
            let rate = rate.map(|rate| Decimal::new(rate.into(), 2));
            let totals = bill(rate, &cents).invoice().totals().unwrap();
            let total: Decimal = totals.iter().map(|total| total.net + total.tax).sum();
            prop_assert_eq!(total, Decimal::new(cents.iter().sum(), 2));
        }
    }

    #[test]
    fn nineteen_percent_is_contained() {
        let drawn = bill(Some(Decimal::from(19)), &[11_900]).invoice();
        assert_eq!(
            [drawn.lines[0].net, drawn.lines[0].tax],
            [Decimal::new(10_000, 2), Decimal::new(1_900, 2)]
        );
        assert!(invoice(&drawn).unwrap().starts_with(b"%PDF-"));
    }

    #[test]
    fn a_credit_note_names_the_invoice_and_has_its_amounts() {
        let mut note = bill(Some(Decimal::from(19)), &[11_900]);
        note.number = "SC-2026-000001".to_owned();
        note.corrects = Some(("SB-2026-000001".to_owned(), note.issued));
        let drawn = note.invoice();
        assert!(matches!(&drawn.kind, InvoiceKind::CreditNote { of, .. } if of == "SB-2026-000001"));
        assert_eq!(drawn.lines[0].net, Decimal::new(10_000, 2));
        assert!(invoice(&drawn).unwrap().starts_with(b"%PDF-"));
    }
}
