//! When a rule applies, ready to be tried: cheapest first, nothing allocated, expressions last.

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    CalcFault, DealType, Party, Sale, SaleLine, When,
    expression::{Expression, Inputs},
};

/// The conditions of a rule without its expression.
#[derive(Debug)]
pub(crate) struct Conditions {
    deal_types: Vec<DealType>,
    products: Vec<Uuid>,
    skus: Vec<String>,
    families: Vec<String>,
    tiers: Vec<String>,
    regions: Vec<String>,
    countries: Vec<String>,
    activities: Vec<String>,
    pub expression: Option<Expression>,
}

impl Conditions {
    pub(crate) fn new(when: &When, expression: Option<Expression>) -> Self {
        let mut products: Vec<Uuid> = when.products.iter().map(|product| product.uuid()).collect();
        products.sort_unstable();
        Self {
            deal_types: when.deal_types.clone(),
            products,
            skus: sorted(&when.skus),
            families: sorted(&when.families),
            tiers: sorted(&when.tiers),
            regions: sorted(&when.regions),
            countries: sorted(&when.countries),
            activities: sorted(&when.activities),
            expression,
        }
    }

    /// Whether all hold for a line of the sale (none: the sale as a whole, of an activity).
    pub(crate) fn hold(&self, of: &Inputs<'_>) -> Result<bool, CalcFault> {
        let listed = self.hold_for_sale(of.sale) && of.line.is_none_or(|line| self.hold_for_line(line));
        if !(listed && self.hold_for_party(of.party)) {
            return Ok(false);
        }
        self.expression
            .as_ref()
            .map_or(Ok(true), |expression| expression.holds(of))
    }

    fn hold_for_sale(&self, sale: &Sale) -> bool {
        (self.deal_types.is_empty() || self.deal_types.contains(&sale.deal_type))
            && among(&self.countries, sale.country.as_deref())
            && among(&self.activities, sale.activity.as_deref())
    }

    fn hold_for_line(&self, line: &SaleLine) -> bool {
        let product = |product: Uuid| self.products.binary_search(&product).is_ok();
        (self.products.is_empty() || line.product.is_some_and(product))
            && among(&self.families, line.family.as_deref())
            && among(&self.skus, line.sku.as_deref())
    }

    fn hold_for_party(&self, party: &Party) -> bool {
        among(&self.tiers, party.tier.as_deref()) && among(&self.regions, party.region.as_deref())
    }
}

pub(crate) fn sorted(texts: &[String]) -> Vec<String> {
    let mut texts = texts.to_vec();
    texts.sort_unstable();
    texts
}

/// Whether the text is one of the sorted ones; anything is when there are none.
pub(crate) fn among(texts: &[String], text: Option<&str>) -> bool {
    match (texts, text) {
        ([], _) => true,
        (_, None) => false,
        ([only], Some(text)) => only == text,
        (texts, Some(text)) => texts.binary_search_by(|known| known.as_str().cmp(text)).is_ok(),
    }
}

/// What the sum of a sale's lines was as sold, and what of it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaleSums {
    pub amount: Decimal,
    pub kept: Decimal,
}
