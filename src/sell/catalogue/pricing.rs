//! Which price applies: pure decisions on loaded lists.
//!
//! Of the lists that are for a buyer, the most particular one that has the product gives the price: one for its tier and
//! program before one for its program, before one for its tier, before one for all. Of that list's discounts for
//! registered deals the most particular one applies: for the product before its family before everything, and within
//! each, for the tier before every tier.

use guildhall_kernel::{Currency, Money, OrgId, PriceListId, ProductId, ProgramId};
use guildhall_onboard::api::Tier;
use rust_decimal::Decimal;

#[cfg(test)]
mod tests;

/// Whom a price is for. Without a tier and program, only what is for everyone applies.
#[derive(Clone, Copy, Debug)]
pub struct Audience {
    /// The vendor.
    pub vendor: OrgId,
    /// The buyer's program level.
    pub tier: Option<Tier>,
    /// The program that the buyer stands in.
    pub program: Option<ProgramId>,
}

/// A price list that is valid on the day in question.
#[derive(Clone, Debug)]
pub struct List {
    /// The list.
    pub id: PriceListId,
    /// Its name.
    pub name: String,
    /// Its currency.
    pub currency: Currency,
    /// The tier that it is for; `None` for every tier.
    pub tier: Option<Tier>,
    /// The program that it is for; `None` for every program.
    pub program: Option<ProgramId>,
    /// Its discounts for registered deals.
    pub discounts: Vec<Discount>,
}

/// A discount for registered deals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    /// The product that it is for; `None` for others too.
    pub product: Option<ProductId>,
    /// The family that it is for; `None` for others too.
    pub family: Option<String>,
    /// The tier that it is for; `None` for every tier.
    pub tier: Option<Tier>,
    /// Off the list price, more than 0 and at most 100.
    pub percent: Decimal,
}

/// A price of a product in a list, from a quantity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The list.
    pub list: PriceListId,
    /// From this quantity on.
    pub min_quantity: Decimal,
    /// The price of one.
    pub unit_amount: Decimal,
}

/// The price of one, from a quantity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// From this quantity on.
    pub min_quantity: Decimal,
    /// The list price of one.
    pub list_amount: Decimal,
    /// The price of one for a registered deal: the list price less the discount, rounded half to even at the currency's
    /// minor unit, once.
    pub unit_amount: Decimal,
}

/// The price of a product in one currency, and what gave it.
#[derive(Clone, Debug)]
pub struct Priced<'a> {
    /// The list.
    pub list: &'a List,
    /// The discount, if one applies.
    pub discount: Option<&'a Discount>,
    /// By quantity, ascending.
    pub steps: Vec<Step>,
}

impl List {
    fn is_for(&self, audience: &Audience) -> bool {
        (self.tier.is_none() || self.tier == audience.tier)
            && (self.program.is_none() || self.program == audience.program)
    }

    const fn rank(&self) -> (bool, bool) {
        (self.program.is_some(), self.tier.is_some())
    }
}

impl Discount {
    fn is_for(&self, product: ProductId, family: Option<&str>, tier: Option<Tier>) -> bool {
        self.product.is_none_or(|wanted| wanted == product)
            && self.family.as_deref().is_none_or(|wanted| Some(wanted) == family)
            && (self.tier.is_none() || self.tier == tier)
    }

    const fn rank(&self) -> (bool, bool, bool) {
        (self.product.is_some(), self.family.is_some(), self.tier.is_some())
    }
}

/// The price of a product in `currency` for `audience`; `entries` are those of the product in any list.
#[must_use]
pub fn price<'a>(
    audience: &Audience,
    (product, family): (ProductId, Option<&str>),
    currency: Currency,
    lists: &'a [List],
    entries: &[Entry],
) -> Option<Priced<'a>> {
    let has = |list: &List| entries.iter().any(|entry| entry.list == list.id);
    let list = lists
        .iter()
        .filter(|list| list.currency == currency && list.is_for(audience) && has(list))
        .max_by_key(|list| list.rank())?;
    let discount = list
        .discounts
        .iter()
        .filter(|discount| discount.is_for(product, family, audience.tier))
        .max_by_key(|discount| discount.rank());
    let mut steps: Vec<Step> = entries
        .iter()
        .filter(|entry| entry.list == list.id)
        .map(|entry| Step {
            min_quantity: entry.min_quantity,
            list_amount: entry.unit_amount,
            unit_amount: less(entry.unit_amount, discount, currency),
        })
        .collect();
    steps.sort_by_key(|step| step.min_quantity);
    Some(Priced { list, discount, steps })
}

fn less(amount: Decimal, discount: Option<&Discount>, currency: Currency) -> Decimal {
    let Some(discount) = discount else { return amount };
    let rest = amount * (Decimal::ONE_HUNDRED - discount.percent) / Decimal::ONE_HUNDRED;
    Money::new(rest, currency).rounded().amount
}

impl Priced<'_> {
    /// The step that a quantity reaches; `None` below the first.
    #[must_use]
    pub fn at(&self, quantity: Decimal) -> Option<Step> {
        self.steps
            .iter()
            .rev()
            .find(|step| step.min_quantity <= quantity)
            .copied()
    }
}
