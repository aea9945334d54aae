//! A status file of a bank, for other pillars.

use guildhall_incentivize::api::lock_ledger;
use guildhall_kernel::{OrgId, UserId};
use guildhall_payments::status;
use guildhall_spine::{db::Tx, http::Problem};
use sha2::{Digest, Sha256};

use super::{rows, take_in::take_in};
use crate::{codes, told::signed};

/// Takes in an ISO 20022 status file of the vendor's bank as part of `tx`, for `by`; one that was taken in changes nothing.
///
/// # Errors
/// 422 `unreadable_status_file`.
pub(crate) async fn take_in_status(tx: &mut Tx, vendor: OrgId, by: UserId, bytes: &[u8]) -> Result<(), Problem> {
    let sha256 = Sha256::digest(bytes);
    let file = status::read(bytes).map_err(|fault| Problem::new(codes::UNREADABLE_STATUS_FILE, format!("{fault}.")))?;
    lock_ledger(tx, &[vendor].into()).await?;
    if rows::earlier(tx, vendor, &sha256).await?.is_some() {
        return Ok(());
    }
    let result = take_in(tx, &signed(vendor, by), vendor, file).await?;
    rows::note(tx, (vendor, Some(by)), &sha256, &result).await
}
