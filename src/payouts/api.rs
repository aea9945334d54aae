//! What the other pillars may ask of this one.

use guildhall_kernel::{OrgId, PayoutBatchId, UserId};
use guildhall_spine::{App, db::Tx, http::Problem};
use serde_json::Value;
use sqlx::PgConnection;

use crate::{batches, profiles, reconcile, settings};

/// Nobody is owed anything that could be paid.
pub const NOTHING_TO_PAY: guildhall_spine::http::Code = crate::codes::NOTHING_TO_PAY;

/// Whether `vendor` may pay people of `partner` in person: the employer has said so, of this vendor or of all.
///
/// # Errors
/// When the database fails.
pub async fn pays_persons(conn: &mut PgConnection, vendor: OrgId, partner: OrgId) -> Result<bool, sqlx::Error> {
    profiles::pays_persons(conn, vendor, partner).await
}

/// Lets every vendor pay people of `partner` in person, on the word of `by`, as part of `tx`.
///
/// # Errors
/// When the database fails.
pub async fn let_persons_be_paid(tx: &mut Tx, partner: OrgId, by: UserId) -> Result<(), Problem> {
    profiles::give(tx, partner, None, by).await?;
    Ok(())
}

/// Sets from which account and how the vendor pays for the first time, as part of `tx`, for `by`. `body` is that of
/// `PUT /api/v1/payout-settings`.
///
/// # Errors
/// 422 with what is wrong with it.
pub async fn set_payer(app: &App, tx: &mut Tx, vendor: OrgId, by: UserId, body: Value) -> Result<(), Problem> {
    settings::told::put(app, tx, vendor, by, body).await
}

/// Sets where `company` is paid, or `by` in person without one, as part of `tx`. No password is asked for and no letter is
/// written. `body` is that of `PUT /api/v1/payout-profile`, with a destination.
///
/// # Errors
/// 422 with what is wrong with it.
pub async fn set_payee(app: &App, tx: &mut Tx, company: Option<OrgId>, by: UserId, body: Value) -> Result<(), Problem> {
    profiles::told::put(app, tx, company, by, body).await
}

/// Proposes a batch of the vendor as part of `tx`, for `by`. `body` is that of `POST /api/v1/payout-batches`.
///
/// # Errors
/// 422 with what is wrong with it, 409 `nothing_to_pay`.
pub async fn propose_batch(tx: &mut Tx, vendor: OrgId, by: UserId, body: Value) -> Result<PayoutBatchId, Problem> {
    batches::told::propose(tx, vendor, by, body).await
}

/// Approves a batch of the vendor as it is, as part of `tx`, for `by`.
///
/// # Errors
/// 404 when the vendor has no such batch, 409 `maker_is_approver` and `illegal_move`.
pub async fn approve_batch(tx: &mut Tx, vendor: OrgId, id: PayoutBatchId, by: UserId) -> Result<(), Problem> {
    batches::told::approve(tx, vendor, id, by).await
}

/// Executes an approved batch of the vendor as part of `tx`, for `by`.
///
/// # Errors
/// 404 when the vendor has no such batch, 409 `batch_changed`, `payment_file_refused` and `illegal_move`.
pub async fn execute_batch(
    app: &App,
    tx: &mut Tx,
    vendor: OrgId,
    id: PayoutBatchId,
    by: UserId,
) -> Result<(), Problem> {
    batches::told::execute(app, tx, vendor, id, by).await
}

/// Takes in an ISO 20022 status file of the vendor's bank as part of `tx`, for `by`; one that was taken in changes nothing.
///
/// # Errors
/// 422 `unreadable_status_file`.
pub async fn take_in_status(tx: &mut Tx, vendor: OrgId, by: UserId, bytes: &[u8]) -> Result<(), Problem> {
    reconcile::told::take_in_status(tx, vendor, by, bytes).await
}
