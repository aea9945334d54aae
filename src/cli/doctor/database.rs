//! PostgreSQL itself.

use std::{collections::BTreeMap, time::Instant};

use chrono::TimeDelta;
use guildhall_kernel::Clock;
use guildhall_spine::{
    config::Config,
    db::{Db, MIGRATOR},
};
use sqlx::migrate::Migrate;

use super::Findings;

/// The oldest version that the server works with.
const OLDEST: i32 = 150_000;
/// Extensions that the migrations ask for.
const EXTENSIONS: &[&str] = &["pg_trgm"];

/// Looks at the database. Returns whether its schema can be relied on by what is looked at next.
pub(super) async fn check(findings: &mut Findings, config: &Config, db: &Db) -> bool {
    let looked = async {
        server(findings, config, db).await?;
        clocks(findings, db).await?;
        extensions(findings, db).await?;
        schema(findings, db).await
    };
    looked.await.unwrap_or_else(|error| {
        findings.fail("database", format!("failed while it was looked at: {error}"));
        false
    })
}

async fn server(findings: &mut Findings, config: &Config, db: &Db) -> Result<(), sqlx::Error> {
    let about = sqlx::query!(
        r#"SELECT current_setting('server_version_num')::int AS "version!", current_setting('server_version') AS "name!",
                  current_setting('max_connections')::int AS "most!", pg_is_in_recovery() AS "standby!",
                  current_setting('fsync') AS "fsync!""#
    )
    .fetch_one(db.pool())
    .await?;
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        sqlx::query_scalar!(r#"SELECT 1 AS "one!""#)
            .fetch_one(db.pool())
            .await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let name = about.name;
    if about.version < OLDEST {
        findings.fail(
            "database",
            format!("PostgreSQL {name} is too old: 15 or newer is needed"),
        );
    } else if about.standby {
        findings.fail(
            "database",
            "this is a standby, which takes no writes: point database.url at the primary",
        );
    } else if about.fsync == "off" {
        findings.fail(
            "database",
            "fsync is off: a power cut would lose acknowledged writes and damage the database; switch it on",
        );
    } else if i64::from(config.database.max_connections) > i64::from(about.most) - 10 {
        let (ours, most) = (config.database.max_connections, about.most);
        findings.warn("database", format!("database.max_connections is {ours} for each node, and PostgreSQL takes {most} in all: lower the one or raise the other"));
    } else if median > 5.0 {
        findings.warn("database", format!("PostgreSQL {name} answers in {median:.1} ms: every request waits for that several times; put the server closer to it"));
    } else {
        findings.ok("database", format!("PostgreSQL {name} answers in {median:.2} ms"));
    }
    Ok(())
}

async fn clocks(findings: &mut Findings, db: &Db) -> Result<(), sqlx::Error> {
    let clock = Clock::system();
    let before = clock.now();
    let there = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#)
        .fetch_one(db.pool())
        .await?;
    let here = before + (clock.now() - before) / 2;
    let apart = (there - here).abs();
    let text = format!(
        "this machine and the database are {} ms apart",
        apart.num_milliseconds()
    );
    if apart > TimeDelta::seconds(10) {
        findings.fail(
            "clock",
            format!("{text}: tokens and links would end at the wrong time; run NTP on both"),
        );
    } else if apart > TimeDelta::seconds(1) {
        findings.warn("clock", format!("{text}: run NTP on both"));
    } else {
        findings.ok("clock", text);
    }
    Ok(())
}

async fn extensions(findings: &mut Findings, db: &Db) -> Result<(), sqlx::Error> {
    for name in EXTENSIONS {
        let found = sqlx::query!(
            "SELECT installed_version FROM pg_available_extensions WHERE name = $1",
            name
        )
        .fetch_optional(db.pool())
        .await?;
        match found {
            None => findings.fail(
                "extensions",
                format!("PostgreSQL doesn't have {name}: install its contrib package"),
            ),
            Some(row) => match row.installed_version {
                Some(version) => findings.ok("extensions", format!("{name} {version}")),
                None => findings.warn(
                    "extensions",
                    format!("{name} is available and not installed: run `guildhall migrate`"),
                ),
            },
        }
    }
    Ok(())
}

async fn schema(findings: &mut Findings, db: &Db) -> Result<bool, sqlx::Error> {
    let there = sqlx::query_scalar!(
        r#"SELECT to_regclass($1) IS NOT NULL AS "there!""#,
        MIGRATOR.table_name.as_ref()
    )
    .fetch_one(db.pool())
    .await?;
    if !there {
        findings.fail(
            "schema",
            "the database is empty: run `guildhall migrate`, or start the server",
        );
        return Ok(false);
    }
    let mut connection = db.pool().acquire().await?;
    let applied = match connection.list_applied_migrations(&MIGRATOR.table_name).await {
        Ok(applied) => applied,
        Err(error) => {
            findings.fail("schema", format!("the list of migrations can't be read: {error}"));
            return Ok(false);
        }
    };
    let mut applied: BTreeMap<i64, _> = applied.into_iter().map(|one| (one.version, one.checksum)).collect();
    let mut pending = 0_usize;
    for migration in MIGRATOR.iter() {
        match applied.remove(&migration.version) {
            None => pending += 1,
            Some(checksum) if checksum != migration.checksum => {
                let version = migration.version;
                findings.fail("schema", format!("migration {version} ({}) ran with another text than this program's: it was made by another build; restore the one that made it", migration.description));
                return Ok(false);
            }
            Some(_) => {}
        }
    }
    if let Some((newest, _)) = applied.pop_last() {
        findings.fail("schema", format!("the database has migration {newest}, which this program doesn't know: it belongs to a newer version; run that"));
        return Ok(false);
    }
    if pending > 0 {
        findings.fail(
            "schema",
            format!("{pending} migrations wait: run `guildhall migrate`, or start the server"),
        );
        return Ok(false);
    }
    findings.ok("schema", format!("all {} migrations are in", MIGRATOR.iter().count()));
    Ok(true)
}
