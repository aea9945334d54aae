//! Where a payee is paid, for other pillars.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{App, db::Tx, http::Problem};
use serde_json::Value;

use super::Owner;
use super::destination::DestinationDraft;
use super::put::{PayoutProfileDraft, store};
use super::rows;
use crate::told::read;

/// Sets where the company is paid, or `by` in person without one, as part of `tx`. No password is asked for and no letter
/// is written. `body` is that of `PUT /api/v1/payout-profile`, with a destination.
///
/// # Errors
/// 422 with what is wrong with it.
pub(crate) async fn put(
    app: &App,
    tx: &mut Tx,
    company: Option<OrgId>,
    by: UserId,
    body: Value,
) -> Result<(), Problem> {
    let owner = company.map_or(Owner::Person(by), Owner::Company);
    let told = body.get("destination").cloned().unwrap_or_default();
    let told: DestinationDraft =
        serde_json::from_value(told).map_err(|fault| Problem::field("/destination", "malformed", fault.to_string()))?;
    let destination = told.read()?;
    let draft: PayoutProfileDraft = read(body)?;
    draft.check_destination(Some(&destination))?;
    let stored = rows::lock(tx, owner).await?;
    store(app, tx, (owner, by), &draft, Some(destination), stored).await?;
    Ok(())
}
