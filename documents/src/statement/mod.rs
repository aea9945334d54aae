//! The statement of earnings: what a partner earned and was paid in a period, line by line.

mod draw;

use chrono::NaiveDate;
use guildhall_kernel::Currency;
use rust_decimal::Decimal;

use crate::figures::{Figures, sum};
use crate::{DocumentFault, Paper, Party};

pub use draw::statement;

/// A partner's statement for a period, in one currency. All amounts are in major units of `currency`, none finer than its
/// minor unit, and `opening` + every line − every payout = `closing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The number that the statement is filed under, unique for the vendor.
    pub number: String,
    /// The day that the statement bears; it is also the date of the file.
    pub issued: NaiveDate,
    /// The size of the pages.
    pub paper: Paper,
    /// Who owes the earnings.
    pub vendor: Party,
    /// Who earned them.
    pub partner: Party,
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub to: NaiveDate,
    /// The currency of every amount.
    pub currency: Currency,
    /// What was owed before the period.
    pub opening: Decimal,
    /// The lines, grouped by kind of plan and in the order in which they are to stand. An empty group is left out.
    pub groups: Vec<EarningGroup>,
    /// The payouts in the period.
    pub payouts: Vec<StatementPayout>,
    /// What is owed after the period.
    pub closing: Decimal,
    /// Paragraphs at the end.
    pub notes: Vec<String>,
}

/// The lines of one kind of plan, with a subtotal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarningGroup {
    /// The heading, for example `Commission`.
    pub title: String,
    /// The lines, in the order in which they are to stand.
    pub lines: Vec<StatementLine>,
}

/// One earning, reversal or adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The day on which it was posted.
    pub on: NaiveDate,
    /// The id of the earning.
    pub id: String,
    /// What it is for.
    pub what: String,
    /// The plan and its version.
    pub plan: String,
    /// Where it stands, for example `Approved`.
    pub status: String,
    /// The deal or invoice that it came from.
    pub reference: Option<String>,
    /// The amount; negative for a reversal.
    pub amount: Decimal,
}

/// One payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementPayout {
    /// The day on which it was sent.
    pub on: NaiveDate,
    /// The reference of the payout.
    pub reference: String,
    /// What it took from the balance, before tax.
    pub amount: Decimal,
    /// The part of `amount` that was withheld as tax; the rest was paid.
    pub withheld: Decimal,
}

/// The sums of a statement.
struct Sums {
    earned: Decimal,
    /// What the payouts took from the balance.
    taken: Decimal,
    withheld: Decimal,
    paid: Decimal,
}

impl EarningGroup {
    fn subtotal(&self) -> Result<Decimal, DocumentFault> {
        sum(self.lines.iter().map(|line| line.amount), "a group's lines")
    }
}

impl Statement {
    /// Holds the figures to their currency and to each other.
    fn checked(&self) -> Result<Sums, DocumentFault> {
        if self.number.trim().is_empty() {
            return Err(DocumentFault::NoNumber);
        }
        if self.to < self.from {
            return Err(DocumentFault::Period {
                from: self.from,
                to: self.to,
            });
        }
        self.check_units()?;
        let subtotals = self
            .groups
            .iter()
            .map(EarningGroup::subtotal)
            .collect::<Result<Vec<_>, _>>()?;
        let earned = sum(subtotals, "the lines")?;
        let taken = sum(self.payouts.iter().map(|payout| payout.amount), "the payouts")?;
        let withheld = sum(self.payouts.iter().map(|payout| payout.withheld), "the withheld tax")?;
        let computed = sum([self.opening, earned, -taken], "the balance")?;
        if computed != self.closing {
            return Err(DocumentFault::Unbalanced {
                closing: self.closing,
                computed,
            });
        }
        Ok(Sums {
            earned,
            taken,
            withheld,
            paid: sum([taken, -withheld], "the payouts")?,
        })
    }

    fn check_units(&self) -> Result<(), DocumentFault> {
        let figures = Figures::new(self.currency);
        figures.check(self.opening, || "the opening balance".to_owned())?;
        figures.check(self.closing, || "the closing balance".to_owned())?;
        for line in self.groups.iter().flat_map(|group| &group.lines) {
            figures.check(line.amount, || format!("line {}", line.id))?;
        }
        for payout in &self.payouts {
            figures.check(payout.amount, || format!("payout {}", payout.reference))?;
            figures.check(payout.withheld, || format!("the tax on payout {}", payout.reference))?;
            // A payout that a bank returned is negative, and so is the tax given back with it.
            let (least, most) = (payout.amount.min(Decimal::ZERO), payout.amount.max(Decimal::ZERO));
            if payout.withheld < least || payout.withheld > most {
                return Err(DocumentFault::Withheld {
                    reference: payout.reference.clone(),
                    withheld: payout.withheld,
                    amount: payout.amount,
                });
            }
        }
        Ok(())
    }
}
