//! Figures of a plan.

use std::ops::Deref;

use guildhall_kernel::parse_decimal;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

/// A figure of a plan as a text of digits (`"12.50"`): a JSON number would pass through a float in many clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = PlanFigure, value_type = String, example = "12.50")]
pub struct Exact(pub Decimal);

impl Deref for Exact {
    type Target = Decimal;

    fn deref(&self) -> &Decimal {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_decimal(&text)
            .map(Self)
            .map_err(|fault| de::Error::custom(format_args!("figure {text:?} {fault}")))
    }
}
