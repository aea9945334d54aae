//! What other pillars tell this one: bodies like those that come by HTTP, and who says so.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    event::Origin,
    http::{Checks, Problem, Validate},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A body, checked as one that comes by HTTP.
///
/// # Errors
/// 422 with what is wrong with it.
pub(crate) fn read<T: DeserializeOwned + Validate>(body: Value) -> Result<T, Problem> {
    let body: T = serde_json::from_value(body).map_err(|fault| Problem::field("", "malformed", fault.to_string()))?;
    let mut checks = Checks::default();
    body.validate(&mut checks);
    checks.done()?;
    Ok(body)
}

/// `by` acts for the vendor.
pub(crate) fn signed(vendor: OrgId, by: UserId) -> Origin {
    Origin {
        user_id: Some(by),
        organisation_id: Some(vendor),
        ..Origin::default()
    }
}
