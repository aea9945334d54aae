//! From where a vendor pays, for other pillars.

use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{App, db::Tx, event, http::Problem};
use serde_json::Value;

use super::PayoutSettingsChanged;
use super::rows;
use super::set::PayoutSettingsDraft;
use crate::told::{read, signed};

/// Sets from which account and how the vendor pays for the first time, as part of `tx`, for `by`. `body` is that of
/// `PUT /api/v1/payout-settings`.
///
/// # Errors
/// 422 with what is wrong with it.
pub(crate) async fn put(app: &App, tx: &mut Tx, vendor: OrgId, by: UserId, body: Value) -> Result<(), Problem> {
    let draft: PayoutSettingsDraft = read(body)?;
    let mut settings = rows::lock(tx, vendor).await?.unwrap_or_default();
    draft.store(app, tx, &mut settings).await?;
    let changed = PayoutSettingsChanged {
        vendor_id: vendor,
        debtor: true,
        stripe: false,
        version: rows::put(tx, vendor, &settings).await?.version,
    };
    event::append(tx, &signed(vendor, by), vendor, &[vendor.uuid()], &changed).await?;
    Ok(())
}
