//! Why a sale earns what it earns: enough to do the sum again with a calculator.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Rate, Role};

/// Why a payee earns something with a sale: a part for each role that it has in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = EarningExplanation)]
pub struct Explanation {
    /// One for each role of the payee.
    pub parts: Vec<PartExplanation>,
}

/// What a payee earns in a role: `net = earned` of the lines, limited, less refunds; `share = net x role x party`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = EarningPartExplanation)]
pub struct PartExplanation {
    /// The role.
    pub role: Role,
    /// What percent of the earning goes to the role.
    #[schema(value_type = String, example = "100")]
    pub role_percent: Decimal,
    /// What percent of the role the payee has.
    #[schema(value_type = String, example = "60")]
    pub party_percent: Decimal,
    /// Units of the plan's currency for one of the sale's.
    #[schema(value_type = String, example = "1")]
    pub exchange_rate: Decimal,
    /// The lines that a rule applies to.
    pub lines: Vec<LineExplanation>,
    /// What the whole sale earned before limits and refunds.
    #[schema(value_type = String, example = "1200")]
    pub earned: Decimal,
    /// The limit that was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<SaleLimit>,
    /// What is left of it, limited, for what was not refunded.
    #[schema(value_type = String, example = "1200")]
    pub net: Decimal,
    /// The payee's exact part, before rounding.
    #[schema(value_type = String, example = "720")]
    pub share: Decimal,
    /// Its part in minor units, by largest remainder among all who earn with the sale.
    #[schema(value_type = String, example = "720.00")]
    pub amount: Decimal,
}

/// What a line earned.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = EarningLineExplanation)]
pub struct LineExplanation {
    /// The line's number; none for an activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u16>,
    /// The rule's place in the plan, from 0.
    pub rule: usize,
    /// The rule's name.
    #[schema(value_type = String, example = "cloud")]
    pub name: Arc<str>,
    /// What the rule pays; none when only the totals of the period count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Rate>)]
    pub rate: Option<Arc<Rate>>,
    /// What the rate is taken of: the amount or margin in the plan's currency, or units; the number of sales of a flat.
    #[schema(value_type = String, example = "10000")]
    pub basis: Decimal,
    /// What the line earned at the sale. A flat stands at the first line that it applies to, 0 at the others.
    #[schema(value_type = String, example = "1200")]
    pub earned: Decimal,
    /// What was sold, in the sale's currency.
    #[schema(value_type = String, example = "10000")]
    pub sold: Decimal,
    /// What of that was not refunded.
    #[schema(value_type = String, example = "10000")]
    pub kept: Decimal,
}

/// A limit per sale that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SaleLimit {
    /// Which.
    pub kind: SaleLimitKind,
    /// What the sale earned because of it.
    #[schema(value_type = String, example = "1000")]
    pub at: Decimal,
}

/// The limits per sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleLimitKind {
    /// The sale would have earned more.
    Cap,
    /// The sale would have earned less.
    Floor,
}
