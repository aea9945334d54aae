//! Comparing every linked record with its deal, and naming each difference. Nothing is changed by it.

use guildhall_kernel::{CrmDifferenceId, CrmLinkId, DealId, entity};
use guildhall_spine::{App, db::Tx, event, http::Problem};

use super::connection::Connection;
use super::connector::Fields;
use super::deal::{self, DealNow};
use super::events::CrmReconciled;
use super::sync::{Stop, values};

const PAGE: i64 = 50;

struct Row {
    id: CrmLinkId,
    deal: DealId,
    record: Option<String>,
    status: String,
    stage: Option<String>,
}

/// One difference.
struct Named {
    field: String,
    crm_field: String,
    prm: Option<String>,
    crm: Option<String>,
    why: String,
}

/// Compares all links of the connection.
pub(super) async fn run(app: &App, connection: &Connection) -> Result<(), Stop> {
    let crm = connection.connector(app)?;
    let (mut after, mut compared, mut differences) = (uuid::Uuid::nil(), 0_u64, 0_u64);
    loop {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: CrmLinkId", deal_id AS "deal: DealId", record_id AS record, status, stage FROM crm_link
               WHERE connection_id = $1 AND id > $2 ORDER BY id LIMIT $3"#,
            connection.id.uuid(),
            after,
            PAGE
        )
        .fetch_all(app.db.pool())
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.id.uuid();
        for row in &rows {
            let remote = match (&row.record, row.status.as_str()) {
                (Some(record), "linked") => Some(crm.fetch(record).await?),
                _ => None,
            };
            let theirs = remote.map(values);
            let mut tx = app.db.begin().await?;
            let named = compare(&mut tx, connection, row, theirs).await?;
            compared += 1;
            differences += u64::try_from(named.len()).unwrap_or(0);
            replace(&mut tx, connection, row, &named).await?;
            tx.commit().await?;
        }
    }
    finish(app, connection, compared, differences).await?;
    Ok(())
}

async fn compare(
    tx: &mut Tx,
    connection: &Connection,
    row: &Row,
    theirs: Option<Option<(Fields, chrono::DateTime<chrono::Utc>)>>,
) -> Result<Vec<Named>, Problem> {
    let Some(deal) = deal::load(tx, connection.vendor, row.deal, row.stage.as_deref()).await? else {
        return Ok(Vec::new());
    };
    let missing = |why: &str| {
        vec![Named {
            field: "record".to_owned(),
            crm_field: String::new(),
            prm: Some(row.deal.to_string()),
            crm: row.record.clone(),
            why: why.to_owned(),
        }]
    };
    Ok(match (row.status.as_str(), theirs) {
        ("pending", _) => missing("the deal has no record in the CRM yet"),
        ("linked", Some(Some((fields, _)))) => differing(connection, &deal, &fields),
        ("linked", _) if connection.kind == super::Kind::Webhook => Vec::new(),
        _ => missing("the deal's record is gone from the CRM"),
    })
}

fn differing(connection: &Connection, deal: &DealNow, fields: &Fields) -> Vec<Named> {
    let named = connection.mapping.fields.iter().filter_map(|field| {
        let (ours, theirs) = (deal.value(field.prm), fields.get(&field.crm)?.as_deref());
        let outward = field.outward(ours);
        let inward = field.inward(theirs);
        let same = outward.as_ref().is_some_and(|out| out.as_deref() == theirs)
            || (inward.is_some() && inward.as_deref() == ours)
            || (outward.is_none() && inward.is_none());
        (!same).then(|| Named {
            field: field.prm.as_str().to_owned(),
            crm_field: field.crm.clone(),
            prm: ours.map(str::to_owned),
            crm: theirs.map(str::to_owned),
            why: "the values differ".to_owned(),
        })
    });
    named.collect()
}

/// What the last comparison named of this link is no longer said.
async fn replace(tx: &mut Tx, connection: &Connection, row: &Row, named: &[Named]) -> Result<(), Problem> {
    sqlx::query!(
        "DELETE FROM crm_difference WHERE link_id = $1 AND source = 'reconciliation' AND resolved_at IS NULL",
        row.id.uuid()
    )
    .execute(&mut **tx)
    .await?;
    for one in named {
        let (id, now): (CrmDifferenceId, _) = (tx.new_id::<entity::CrmDifference>(), tx.now());
        sqlx::query!(
            "INSERT INTO crm_difference (id, connection_id, vendor_id, link_id, deal_id, source, field, crm_field, prm_value,
                                         crm_value, why, found_at)
             VALUES ($1, $2, $3, $4, $5, 'reconciliation', $6, $7, $8, $9, $10, $11)",
            id.uuid(),
            connection.id.uuid(),
            connection.vendor.uuid(),
            row.id.uuid(),
            row.deal.uuid(),
            one.field,
            one.crm_field,
            one.prm,
            one.crm,
            one.why,
            now
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn finish(app: &App, connection: &Connection, compared: u64, differences: u64) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_connection SET reconciled_at = $2 WHERE id = $1",
        connection.id.uuid(),
        now
    )
    .execute(&mut *tx)
    .await?;
    let reconciled = CrmReconciled {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        compared,
        differences,
    };
    event::append(
        &mut tx,
        &connection.origin(),
        connection.id,
        &[connection.vendor.uuid()],
        &reconciled,
    )
    .await?;
    tx.commit().await
}
