//! What can be wrong with a plan, and what can stop a calculation.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PlanFault)]
pub struct Fault {
    /// Where: a JSON pointer within the plan (RFC 6901).
    #[schema(example = "/rules/0/rate/percent")]
    pub pointer: String,
    /// What, as a stable code.
    #[schema(example = "percent_over_100")]
    pub code: &'static str,
    /// What, and what to do.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }
    }
}

/// Why nothing can be calculated for a sale. Nothing may be posted for it until the plan or the sale is mended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalcFault {
    /// An expression failed, for instance it divided by zero.
    #[error("rule {rule:?}, expression at {pointer}: {message}; correct the expression in a new version of the plan")]
    Expression {
        /// The rule's name.
        rule: Arc<str>,
        /// The expression's JSON pointer within the plan.
        pointer: Arc<str>,
        /// What failed, with line and column.
        message: String,
    },
    /// A rule pays a part of the margin and the line has no cost.
    #[error(
        "rule {rule:?} pays a part of the margin, but line {line} has no cost: give its cost or exclude it by a rule before"
    )]
    MissingCost {
        /// The rule's name.
        rule: Arc<str>,
        /// The line's number.
        line: u16,
    },
    /// The sale contradicts itself.
    #[error("the sale is not sound: {0}")]
    BadSale(String),
    /// A figure has more digits than a decimal holds (28).
    #[error("{0} is out of range: check the amounts and the exchange rate of the sale")]
    OutOfRange(&'static str),
}

impl CalcFault {
    /// The stable code of the fault, for API errors and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expression { .. } => "expression_failed",
            Self::MissingCost { .. } => "missing_cost",
            Self::BadSale(_) => "bad_sale",
            Self::OutOfRange(_) => "out_of_range",
        }
    }
}
