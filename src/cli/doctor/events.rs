//! The event log and those who read it.

use guildhall_spine::{audit::AuditConsumer, db::Db, event::statuses};

use super::Findings;

/// Seconds that a transaction may hold the readers back before it is worth a word.
const HELD_BACK: f64 = 10.0;
/// Events that a consumer may be behind before it is worth a word.
const BEHIND: i64 = 1_000;

pub(super) async fn check(findings: &mut Findings, db: &Db) {
    let looked = async {
        horizon(findings, db).await?;
        consumers(findings, db).await
    };
    if let Err(error) = looked.await {
        findings.fail("event log", format!("can't be read: {error}"));
    }
}

async fn horizon(findings: &mut Findings, db: &Db) -> Result<(), sqlx::Error> {
    let oldest = sqlx::query!(
        r#"SELECT who AS "who!", seconds AS "seconds!" FROM (
               SELECT format('process %s (%s, %s)', pid, coalesce(nullif(application_name, ''), 'unnamed'), state) AS who,
                      extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
               FROM pg_stat_activity
               WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
               UNION ALL
               SELECT format('prepared transaction %L', gid), extract(epoch FROM clock_timestamp() - prepared)::float8
               FROM pg_prepared_xacts
           ) held WHERE seconds IS NOT NULL ORDER BY seconds DESC LIMIT 1"#
    )
    .fetch_optional(db.pool())
    .await?;
    match oldest {
        Some(row) if row.seconds > HELD_BACK => {
            let (who, seconds) = (row.who, row.seconds);
            findings.warn("event log", format!("{who} has had a transaction open for {seconds:.0} s, and no reader may pass it: end it with pg_terminate_backend, or ROLLBACK PREPARED"));
        }
        _ => findings.ok("event log", "no transaction holds its readers back"),
    }
    Ok(())
}

async fn consumers(findings: &mut Findings, db: &Db) -> Result<(), sqlx::Error> {
    let mut connection = db.pool().acquire().await?;
    let all = statuses(&mut connection).await?;
    if !all.iter().any(|one| one.name == AuditConsumer::NAME) {
        findings.warn(
            "consumers",
            "the audit log has not begun: it does when the server starts",
        );
    }
    for one in all {
        let name = one.name;
        if one.dead_letters > 0 {
            let count = one.dead_letters;
            findings.warn("consumers", format!("{name} put {count} events aside: see `guildhall consumer dead-letters {name}`, then `guildhall consumer retry {name}`"));
        } else if one.failures > 0 {
            let (failures, error) = (one.failures, one.last_error.unwrap_or_default());
            findings.warn(
                "consumers",
                format!("{name} has failed {failures} times in a row: {error}"),
            );
        } else if one.behind > BEHIND {
            let (behind, more) = (one.behind, if one.behind >= 10_000 { " or more" } else { "" });
            findings.warn(
                "consumers",
                format!("{name} is {behind}{more} events behind: is a server running?"),
            );
        } else {
            findings.ok(
                "consumers",
                format!("{name} stands at {}, {} events behind", one.position, one.behind),
            );
        }
    }
    Ok(())
}
