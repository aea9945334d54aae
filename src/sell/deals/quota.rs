//! The limit of open registrations of a partner with a vendor.

use guildhall_kernel::OrgId;
use guildhall_spine::{db::Tx, http::Problem};

use super::code;

/// How many registrations the partner has open with the vendor.
pub(super) async fn open(tx: &mut Tx, (vendor, partner): (OrgId, OrgId)) -> Result<i64, sqlx::Error> {
    let open = sqlx::query_scalar!(
        "SELECT open FROM registration_standing WHERE vendor_id = $1 AND partner_id = $2",
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(open.unwrap_or(0))
}

/// Refuses a registration that was just stored in `tx` when it is one too many. Storing it has locked the partner's
/// standing, so that of two at once the second counts the first.
pub(super) async fn refuse_excess(
    tx: &mut Tx,
    (vendor, partner): (OrgId, OrgId),
    limit: Option<u32>,
) -> Result<(), Problem> {
    let Some(limit) = limit else {
        return Ok(());
    };
    let open = open(tx, (vendor, partner)).await?;
    if open <= i64::from(limit) {
        return Ok(());
    }
    let open = open - 1;
    let detail = format!(
        "The program's terms allow you {limit} open registrations, and you have {open}: close or withdraw one first."
    );
    let problem = Problem::new(code::REGISTRATION_QUOTA_REACHED, detail);
    Err(problem.with("limit", limit).with("open", open))
}
