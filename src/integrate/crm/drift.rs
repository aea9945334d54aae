//! Whether the mapping suits the CRM's fields still: an alarm before writes fail one by one.

use guildhall_spine::{App, db::Tx, event, http::Problem, mail, mail::Letter};
use serde::Serialize;
use sqlx::types::Json;

use super::connection::{self, Connection};
use super::connector::Schema;
use super::events::{CrmDriftCleared, CrmDriftFound};
use super::mapping::Finding;
use super::sync::Stop;

/// To the vendor's admins.
#[derive(Serialize)]
struct DriftLetter<'a> {
    connection: &'a str,
    findings: &'a [Finding],
    link: String,
}

impl Letter for DriftLetter<'_> {
    const NAME: &'static str = "crm_drift";
    const TEMPLATE: &'static str = include_str!("drift.txt");
}

/// Asks for the fields, keeps them, and pauses or resumes writes by what they say. Returns whether there is drift.
pub(super) async fn check(app: &App, connection: &Connection) -> Result<bool, Stop> {
    let schema = connection.connector(app)?.describe().await?;
    Ok(record(app, connection, schema).await?)
}

/// Keeps what the CRM said of its fields.
pub(super) async fn record(app: &App, connection: &Connection, schema: Schema) -> Result<bool, Problem> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_connection SET schema = $2, described_at = $3 WHERE id = $1",
        connection.id.uuid(),
        Json(&schema) as _,
        now
    )
    .execute(&mut *tx)
    .await?;
    let drifted = judge(app, &mut tx, connection).await?;
    tx.commit().await?;
    Ok(drifted)
}

/// Holds the stored mapping against the stored fields as part of `tx`.
pub(super) async fn judge(app: &App, tx: &mut Tx, connection: &Connection) -> Result<bool, Problem> {
    let held = sqlx::query_scalar!(
        r#"SELECT drift AS "drift: Json<Vec<Finding>>" FROM crm_connection WHERE id = $1 FOR NO KEY UPDATE"#,
        connection.id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(before) = held else { return Ok(false) };
    let Some(now) = connection::load(&mut **tx, connection.id).await? else {
        return Ok(false);
    };
    // Before there is a mapping there is nothing to suit.
    let findings = match &now.schema {
        Some(schema) if !now.mapping.fields.is_empty() => now.mapping.findings(schema, &now.external_id_field),
        _ => Vec::new(),
    };
    if findings == before.0 {
        return Ok(!findings.is_empty());
    }
    let at = tx.now();
    sqlx::query!(
        "UPDATE crm_connection
         SET drift = $2, paused_at = CASE WHEN $3 THEN coalesce(paused_at, $4) END WHERE id = $1",
        connection.id.uuid(),
        Json(&findings) as _,
        !findings.is_empty(),
        at
    )
    .execute(&mut **tx)
    .await?;
    let (origin, audience) = (now.origin(), [now.vendor.uuid()]);
    if findings.is_empty() {
        let cleared = CrmDriftCleared {
            connection_id: now.id,
            vendor_id: now.vendor,
        };
        event::append(tx, &origin, now.id, &audience, &cleared).await?;
        return Ok(false);
    }
    write_to_admins(app, tx, &now, &findings).await?;
    let found = CrmDriftFound {
        connection_id: now.id,
        vendor_id: now.vendor,
        findings,
    };
    event::append(tx, &origin, now.id, &audience, &found).await?;
    Ok(true)
}

async fn write_to_admins(app: &App, tx: &mut Tx, connection: &Connection, findings: &[Finding]) -> Result<(), Problem> {
    let addresses = sqlx::query_scalar!(
        "SELECT u.email FROM membership m JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role IN ('owner', 'admin') AND u.status = 'active' AND u.email_verified_at IS NOT NULL
         ORDER BY m.id",
        connection.vendor.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    let root = app.config.http.public_url.trim_end_matches('/');
    let letter = DriftLetter {
        connection: &connection.name,
        findings,
        link: format!("{root}/api/v1/crm-connections/{}", connection.id),
    };
    for address in addresses {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_names_what_has_changed() {
        let findings = [Finding {
            code: "value_missing".to_owned(),
            field: "StageName".to_owned(),
            message: "StageName has no value \"Closed Won\" in the CRM (any more)".to_owned(),
            pointer: "/mapping/fields/0/values".to_owned(),
        }];
        let letter = DriftLetter {
            connection: "Sales cloud",
            findings: &findings,
            link: "https://prm.example/x".to_owned(),
        };
        let letter = mail::render(&letter).unwrap();
        assert_eq!(
            letter.subject,
            "Sales cloud has changed: nothing is written to it until its mapping suits"
        );
        assert!(letter.body.contains("no value \"Closed Won\""), "{}", letter.body);
    }
}
