//! Holds the figures of an invoice to each other.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Invoice, InvoiceLine, TaxCategory, TaxTotal};
use crate::DocumentFault;
use crate::figures::{Figures, sum};

impl Invoice {
    /// The totals by category and rate, in the order of the categories and then of the rates.
    ///
    /// # Errors
    /// [`DocumentFault`] if a line's net amount isn't quantity times price, its tax isn't net times rate, the rate doesn't fit
    /// the category, an amount is too fine, or the number, a tax id or the reason of an exemption is missing.
    pub fn totals(&self) -> Result<Vec<TaxTotal>, DocumentFault> {
        if self.number.trim().is_empty() {
            return Err(DocumentFault::NoNumber);
        }
        if let Some((from, to)) = self.supplied.filter(|(from, to)| to < from) {
            return Err(DocumentFault::Period { from, to });
        }
        let mut totals: BTreeMap<(TaxCategory, Decimal), TaxTotal> = BTreeMap::new();
        for (number, line) in (1..).zip(&self.lines) {
            line.check(number, Figures::new(self.currency))?;
            self.check_identity(line.category)?;
            let rate = line.rate.normalize();
            let total = totals.entry((line.category, rate)).or_insert(TaxTotal {
                category: line.category,
                rate,
                net: Decimal::ZERO,
                tax: Decimal::ZERO,
            });
            total.net = sum([total.net, line.net], "the lines")?;
            total.tax = sum([total.tax, line.tax], "the tax")?;
        }
        Ok(totals.into_values().collect())
    }

    /// Who has to be identified for the tax, by category (EN 16931-1, BR-S-02 and siblings).
    fn check_identity(&self, category: TaxCategory) -> Result<(), DocumentFault> {
        use TaxCategory::{Exempt, IntraCommunity, OutOfScope, ReverseCharge};
        let missing = |who| DocumentFault::NoTaxId {
            category: category.code(),
            who,
        };
        let given = |id: &Option<String>| id.as_ref().is_some_and(|id| !id.trim().is_empty());
        if category != OutOfScope && !given(&self.seller.tax_id) {
            return Err(missing("seller"));
        }
        if matches!(category, ReverseCharge | IntraCommunity) && !given(&self.buyer.tax_id) {
            return Err(missing("buyer"));
        }
        if category == Exempt && !given(&self.exemption_reason) {
            return Err(DocumentFault::NoReason);
        }
        Ok(())
    }
}

impl InvoiceLine {
    fn check(&self, line: usize, figures: Figures) -> Result<(), DocumentFault> {
        figures.check(self.net, || format!("the net amount of line {line}"))?;
        figures.check(self.tax, || format!("the tax of line {line}"))?;
        let standard = self.category == TaxCategory::Standard;
        let fits = if standard {
            self.rate > Decimal::ZERO && self.rate <= Decimal::ONE_HUNDRED
        } else {
            self.rate.is_zero()
        };
        if !fits {
            return Err(DocumentFault::Rate {
                line,
                rate: self.rate,
                category: self.category.code(),
            });
        }
        let large = DocumentFault::OutOfRange { what: "a line" };
        let computed = self
            .quantity
            .checked_mul(self.unit_price)
            .ok_or_else(|| large.clone())?;
        let computed = figures.rounded(computed);
        if self.net != computed {
            let net = self.net;
            return Err(DocumentFault::Net { line, net, computed });
        }
        let computed = self.net.checked_mul(self.rate / Decimal::ONE_HUNDRED).ok_or(large)?;
        let computed = figures.rounded(computed);
        if (self.tax - computed).abs() > figures.unit() || (!standard && !self.tax.is_zero()) {
            let tax = self.tax;
            return Err(DocumentFault::Tax { line, tax, computed });
        }
        Ok(())
    }
}
