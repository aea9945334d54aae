//! The body of a command that needs no word.

use guildhall_spine::http::{Checks, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

/// Nothing more to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivesMove)]
pub(crate) struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checks) {}
}
