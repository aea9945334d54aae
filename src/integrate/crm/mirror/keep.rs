//! What is kept of a mirrored record, and when it goes.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, DealId, DirectAccountId, OrgId};
use guildhall_sell::api::{
    DirectAccountInput, DirectAccountKind, close_direct_accounts, link_direct_account, upsert_direct_accounts,
};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use sqlx::types::Json;

use super::{KINDS, Mirror, name_of};
use crate::crm::connection::Connection;

/// Of what is closed at once.
const BATCH: i64 = 1000;

/// Locks the connection, so that linking a deal with a record and mirroring it come one after the other, and returns
/// what is to be mirrored by now.
pub(super) async fn lock(tx: &mut Tx, id: CrmConnectionId) -> Result<Option<Mirror>, Problem> {
    let mirror = sqlx::query_scalar!(
        r#"SELECT mirror AS "mirror: Json<Mirror>" FROM crm_connection WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(mirror.flatten().map(|mirror| mirror.0))
}

/// Keeps what the CRM has, record by record.
pub(super) async fn store(
    tx: &mut Tx,
    connection: &Connection,
    kind: DirectAccountKind,
    rows: &[(String, DirectAccountInput)],
) -> Result<(), Problem> {
    if rows.is_empty() {
        return Ok(());
    }
    let accounts: Vec<DirectAccountInput> = rows.iter().map(|(_, account)| account.clone()).collect();
    upsert_direct_accounts(tx, &connection.origin(), connection.vendor, &accounts).await?;
    let now = tx.now();
    let records: Vec<String> = rows.iter().map(|(record, _)| record.clone()).collect();
    let refs: Vec<String> = accounts.into_iter().map(|account| account.external_ref).collect();
    sqlx::query!(
        "INSERT INTO crm_mirror (connection_id, kind, record_id, account_id, seen_at)
         SELECT $1, $2, r.record, a.id, $6
         FROM unnest($4::text[], $5::text[]) r (record, ref)
         JOIN direct_account a ON a.vendor_id = $3 AND a.external_ref = r.ref
         ON CONFLICT (connection_id, kind, record_id) DO UPDATE SET seen_at = excluded.seen_at",
        connection.id.uuid(),
        name_of(kind),
        connection.vendor.uuid(),
        &records,
        &refs,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// These aren't worked on any more: what is mirrored of them is closed.
pub(super) async fn close(
    tx: &mut Tx,
    connection: &Connection,
    kind: DirectAccountKind,
    records: &[String],
) -> Result<Vec<DirectAccountId>, Problem> {
    let gone = sqlx::query_scalar!(
        r#"DELETE FROM crm_mirror WHERE connection_id = $1 AND kind = $2 AND record_id = ANY ($3)
           RETURNING account_id AS "id: DirectAccountId""#,
        connection.id.uuid(),
        name_of(kind),
        records
    )
    .fetch_all(&mut **tx)
    .await?;
    close_direct_accounts(tx, &connection.origin(), connection.vendor, &gone).await?;
    Ok(gone)
}

/// The records that were not heard of for the longest time, of those not heard of since `before`.
pub(super) async fn longest_unseen(
    db: &guildhall_spine::db::Db,
    id: CrmConnectionId,
    kind: DirectAccountKind,
    before: DateTime<Utc>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT record_id FROM crm_mirror WHERE connection_id = $1 AND kind = $2 AND seen_at < $3
         ORDER BY seen_at LIMIT 100",
        id.uuid(),
        name_of(kind),
        before
    )
    .fetch_all(db.pool())
    .await
}

/// They are there still.
pub(super) async fn seen(
    tx: &mut Tx,
    id: CrmConnectionId,
    kind: DirectAccountKind,
    records: &[String],
) -> Result<(), Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_mirror SET seen_at = $4 WHERE connection_id = $1 AND kind = $2 AND record_id = ANY ($3)",
        id.uuid(),
        name_of(kind),
        records,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A deal has this record from now on. When it was mirrored, the deal is that opportunity and takes its place: it would
/// conflict with itself.
pub(in crate::crm) async fn took_place(
    tx: &mut Tx,
    connection: &Connection,
    deal: DealId,
    record: &str,
) -> Result<(), Problem> {
    if connection.mirror.is_none() {
        return Ok(());
    }
    lock(tx, connection.id).await?;
    let closed = close(tx, connection, DirectAccountKind::Opportunity, &[record.to_owned()]).await?;
    if let Some(account) = closed.first() {
        let pair = (deal, Some(*account));
        link_direct_account(tx, &connection.origin(), connection.vendor, pair).await?;
    }
    Ok(())
}

/// Sets what is mirrored of a locked connection. All is read anew; what isn't mirrored any more is closed.
pub(in crate::crm) async fn set(tx: &mut Tx, connection: &Connection, mirror: Option<&Mirror>) -> Result<(), Problem> {
    sqlx::query!(
        "UPDATE crm_connection SET mirror = $2, mirror_cursors = '{}' WHERE id = $1",
        connection.id.uuid(),
        mirror.map(Json) as _
    )
    .execute(&mut **tx)
    .await?;
    for kind in KINDS {
        if mirror.is_none_or(|mirror| !mirror.has(kind)) {
            forget_kind(tx, &connection.origin(), (connection.vendor, connection.id), kind).await?;
        }
    }
    Ok(())
}

/// The connection goes: closes all that is mirrored of it.
pub(in crate::crm) async fn forget(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    id: CrmConnectionId,
) -> Result<(), Problem> {
    for kind in KINDS {
        forget_kind(tx, origin, (vendor, id), kind).await?;
    }
    Ok(())
}

async fn forget_kind(
    tx: &mut Tx,
    origin: &Origin,
    (vendor, id): (OrgId, CrmConnectionId),
    kind: DirectAccountKind,
) -> Result<(), Problem> {
    loop {
        let gone = sqlx::query_scalar!(
            r#"DELETE FROM crm_mirror WHERE (connection_id, kind, record_id) IN (
                   SELECT connection_id, kind, record_id FROM crm_mirror WHERE connection_id = $1 AND kind = $2 LIMIT $3)
               RETURNING account_id AS "id: DirectAccountId""#,
            id.uuid(),
            name_of(kind),
            BATCH
        )
        .fetch_all(&mut **tx)
        .await?;
        if gone.is_empty() {
            return Ok(());
        }
        close_direct_accounts(tx, origin, vendor, &gone).await?;
    }
}
