//! Links between deals and records.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, CrmLinkId, DealId};
use guildhall_spine::{db::Tx, event, http::Problem};
use sqlx::{PgExecutor, types::Json};

use super::connection::Connection;
use super::connector::Fields;
use super::events::{CrmRecordDisconnected, CrmRecordLinked};
use super::log::{self, Entry, Outcome};
use super::mirror;

/// A link as it was read.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) id: CrmLinkId,
    pub(super) deal: DealId,
    pub(super) record: Option<String>,
    pub(super) status: String,
    pub(super) crm_seen: Json<Fields>,
    pub(super) prm_seen: Json<Fields>,
    pub(super) crm_modified_at: Option<DateTime<Utc>>,
    pub(super) stage: Option<String>,
}

/// The deal's link over the connection.
pub(super) async fn of_deal(
    db: impl PgExecutor<'_>,
    connection: CrmConnectionId,
    deal: DealId,
) -> Result<Option<Link>, Problem> {
    Ok(sqlx::query_as!(
        Link,
        r#"SELECT id AS "id: CrmLinkId", deal_id AS "deal: DealId", record_id AS record, status,
                  crm_seen AS "crm_seen: Json<Fields>", prm_seen AS "prm_seen: Json<Fields>", crm_modified_at, stage
           FROM crm_link WHERE connection_id = $1 AND deal_id = $2"#,
        connection.uuid(),
        deal.uuid()
    )
    .fetch_optional(db)
    .await?)
}

/// The record's link, locked until the transaction ends.
pub(super) async fn lock_of_record(
    tx: &mut Tx,
    connection: CrmConnectionId,
    record: &str,
) -> Result<Option<Link>, Problem> {
    Ok(sqlx::query_as!(
        Link,
        r#"SELECT id AS "id: CrmLinkId", deal_id AS "deal: DealId", record_id AS record, status,
                  crm_seen AS "crm_seen: Json<Fields>", prm_seen AS "prm_seen: Json<Fields>", crm_modified_at, stage
           FROM crm_link WHERE connection_id = $1 AND record_id = $2 AND status = 'linked' FOR NO KEY UPDATE"#,
        connection.uuid(),
        record
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// A link, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: CrmLinkId) -> Result<Option<Link>, Problem> {
    Ok(sqlx::query_as!(
        Link,
        r#"SELECT id AS "id: CrmLinkId", deal_id AS "deal: DealId", record_id AS record, status,
                  crm_seen AS "crm_seen: Json<Fields>", prm_seen AS "prm_seen: Json<Fields>", crm_modified_at, stage
           FROM crm_link WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Remembers what both sides hold now.
pub(super) async fn remember(tx: &mut Tx, link: &Link) -> Result<(), Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_link SET crm_seen = $2, prm_seen = $3, crm_modified_at = greatest(crm_modified_at, $4), stage = $5,
                synced_at = $6 WHERE id = $1",
        link.id.uuid(),
        Json(&link.crm_seen) as _,
        Json(&link.prm_seen) as _,
        link.crm_modified_at,
        link.stage,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The deal has this record from now on.
pub(super) async fn connect(tx: &mut Tx, connection: &Connection, link: &Link, record: &str) -> Result<(), Problem> {
    let now = tx.now();
    let done = sqlx::query!(
        "UPDATE crm_link SET record_id = $2, status = 'linked', reason = NULL, merged_into = NULL, version = version + 1,
                updated_at = $3 WHERE id = $1",
        link.id.uuid(),
        record,
        now
    )
    .execute(&mut **tx)
    .await;
    done.map_err(taken)?;
    mirror::took_place(tx, connection, link.deal, record).await?;
    let linked = CrmRecordLinked {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        link_id: link.id,
        deal_id: link.deal,
        record_id: record.to_owned(),
    };
    event::append(tx, &connection.origin(), link.id, &[connection.vendor.uuid()], &linked).await?;
    Ok(())
}

/// The fault of a record that another deal has.
pub(super) fn taken(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("crm_link_of_record") {
        return Problem::new(super::code::RECORD_LINKED, "Relink or settle the other deal first.");
    }
    error.into()
}

/// The record is gone.
pub(super) async fn disconnect(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    merged_into: Option<&str>,
) -> Result<(), Problem> {
    let (reason, now) = (if merged_into.is_some() { "merged" } else { "deleted" }, tx.now());
    let gone = sqlx::query!(
        "UPDATE crm_link SET status = 'disconnected', reason = $2, merged_into = $3, version = version + 1, updated_at = $4
         WHERE id = $1 AND status = 'linked'",
        link.id.uuid(),
        reason,
        merged_into,
        now
    )
    .execute(&mut **tx)
    .await?;
    if gone.rows_affected() == 0 {
        return Ok(());
    }
    let record = link.record.clone().unwrap_or_default();
    let disconnected = CrmRecordDisconnected {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        link_id: link.id,
        deal_id: link.deal,
        record_id: record.clone(),
        reason: reason.to_owned(),
        merged_into: merged_into.map(str::to_owned),
    };
    event::append(
        tx,
        &connection.origin(),
        link.id,
        &[connection.vendor.uuid()],
        &disconnected,
    )
    .await?;
    let entry = Entry {
        deal: Some(link.deal),
        record: Some(record),
        error: Some(format!("the record was {reason} in the CRM")),
        ..Entry::new(Outcome::Disconnected)
    };
    log::write(tx, connection.id, &entry).await
}
