//! Questions for a person: of a field that both sides have changed, and of a value that the deal refuses.

use guildhall_kernel::{CrmDifferenceId, CrmLinkId, entity};
use guildhall_spine::{db::Tx, event, http::Problem};
use sqlx::PgExecutor;

use super::connection::Connection;
use super::connector::Fields;
use super::events::{CrmDifferenceFound, CrmDifferenceResolved};
use super::link::Link;
use super::log::Outcome;
use super::mapping::FieldMapping;
use super::merge::Sides;
use super::settle::{change, note};

/// Why a person is asked whose value stays. Every other reason is that of a refused value.
pub(super) const BOTH_CHANGED: &str = "both sides have changed";

/// An open question.
#[derive(Debug)]
pub(super) struct Question {
    /// The deal's field.
    pub(super) field: String,
    /// The deal refused the CRM's value: the next one is tried again.
    pub(super) refused: bool,
}

/// The open questions of a link.
pub(super) async fn open(db: impl PgExecutor<'_>, link: CrmLinkId) -> Result<Vec<Question>, Problem> {
    Ok(sqlx::query_as!(
        Question,
        r#"SELECT field, why <> $2 AS "refused!" FROM crm_difference
           WHERE link_id = $1 AND source = 'ask' AND resolved_at IS NULL"#,
        link.uuid(),
        BOTH_CHANGED
    )
    .fetch_all(db)
    .await?)
}

/// Whether the CRM has another value now for one that was refused. Then all that were refused and are told of are tried
/// again, since one bad value stops those that came with it.
pub(super) fn are_new(open: &[Question], connection: &Connection, link: &Link, theirs: &Fields) -> bool {
    connection.mapping.fields.iter().any(|field| {
        let refused = open.iter().any(|one| one.refused && one.field == field.prm.as_str());
        let told = theirs.get(&field.crm);
        refused && told.is_some() && told != link.crm_seen.get(&field.crm)
    })
}

/// An open question shows what both sides hold by now. Returns whether that is news.
pub(super) async fn requote(
    tx: &mut Tx,
    link: &Link,
    field: &FieldMapping,
    sides: &Sides<'_>,
) -> Result<bool, Problem> {
    let quoted = sqlx::query!(
        "UPDATE crm_difference
         SET prm_value = $3, crm_value = CASE WHEN $4 THEN $5 ELSE crm_value END, version = version + 1
         WHERE link_id = $1 AND field = $2 AND source = 'ask' AND resolved_at IS NULL
           AND (prm_value IS DISTINCT FROM $3 OR ($4 AND crm_value IS DISTINCT FROM $5))",
        link.id.uuid(),
        field.prm.as_str(),
        sides.prm,
        sides.crm.is_some(),
        sides.crm.flatten()
    )
    .execute(&mut **tx)
    .await?;
    Ok(quoted.rows_affected() > 0)
}

/// Asks a person, or asks anew for another reason.
pub(super) async fn ask(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    field: &FieldMapping,
    sides: &Sides<'_>,
    why: &str,
) -> Result<(), Problem> {
    let (id, now): (CrmDifferenceId, _) = (tx.new_id::<entity::CrmDifference>(), tx.now());
    let crm = sides.crm.flatten();
    let asked = sqlx::query_scalar!(
        r#"INSERT INTO crm_difference AS d (id, connection_id, vendor_id, link_id, deal_id, source, field, crm_field,
                                            prm_value, crm_value, why, found_at)
           VALUES ($1, $2, $3, $4, $5, 'ask', $6, $7, $8, $9, $10, $11)
           ON CONFLICT (link_id, field, source) WHERE resolved_at IS NULL DO UPDATE
           SET crm_field = EXCLUDED.crm_field, prm_value = EXCLUDED.prm_value, crm_value = EXCLUDED.crm_value,
               why = EXCLUDED.why, version = d.version + 1
           WHERE (d.crm_field, d.prm_value, d.crm_value, d.why)
                 IS DISTINCT FROM (EXCLUDED.crm_field, EXCLUDED.prm_value, EXCLUDED.crm_value, EXCLUDED.why)
           RETURNING id AS "id: CrmDifferenceId""#,
        id.uuid(),
        connection.id.uuid(),
        connection.vendor.uuid(),
        link.id.uuid(),
        link.deal.uuid(),
        field.prm.as_str(),
        field.crm,
        sides.prm,
        crm,
        why,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(asked) = asked else { return Ok(()) };
    if asked == id {
        let found = CrmDifferenceFound {
            connection_id: connection.id,
            vendor_id: connection.vendor,
            difference_id: id,
            deal_id: link.deal,
            field: field.prm.as_str().to_owned(),
        };
        event::append(tx, &connection.origin(), id, &[connection.vendor.uuid()], &found).await?;
    }
    let changes = vec![change(field, sides.prm, crm, "ask", why)];
    note(tx, connection, link, Outcome::Difference, changes).await
}

/// The question of a refused value is over: the CRM has another one, and `kept` is whose stays by the field's rule.
pub(super) async fn close(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    field: &FieldMapping,
    kept: &str,
) -> Result<(), Problem> {
    let now = tx.now();
    let closed = sqlx::query_scalar!(
        r#"UPDATE crm_difference SET resolved_at = $3, kept = $4, version = version + 1
           WHERE link_id = $1 AND field = $2 AND source = 'ask' AND resolved_at IS NULL
           RETURNING id AS "id: CrmDifferenceId""#,
        link.id.uuid(),
        field.prm.as_str(),
        now,
        kept
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(id) = closed else { return Ok(()) };
    let resolved = CrmDifferenceResolved {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        difference_id: id,
        deal_id: link.deal,
        kept: kept.to_owned(),
    };
    event::append(tx, &connection.origin(), id, &[connection.vendor.uuid()], &resolved).await?;
    Ok(())
}
