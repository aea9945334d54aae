//! Carrying out one piece of work.

use chrono::{TimeDelta, Utc};
use guildhall_kernel::DealId;
use guildhall_spine::{App, http::Problem};
use sqlx::types::Json;

use super::connection::Connection;
use super::connector::{Connector, Cursor, Fault, FaultKind, Fields, Found, Remote};
use super::deal;
use super::link::{self, Link};
use super::log::{self, Entry, FieldChange, Outcome};
use super::queue::{self, Taken, Work};
use super::receive::{By, receive};
use super::settle::{self, Outgoing};

/// How far a poll looks back: a change that was under way in the CRM shows later, with its earlier time.
pub(super) const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// Pages of one poll; the next goes on.
pub(super) const PAGES: u32 = 50;

/// Why work stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// The CRM's fault.
    Crm(Fault),
    /// Ours.
    Here(Problem),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Crm(fault)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Here(problem)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Here(error.into())
    }
}

/// The deal has changed: makes its record, or brings both together.
pub(super) async fn sync(app: &App, connection: &Connection, taken: &Taken) -> Result<(), Stop> {
    let Ok(deal) = taken.subject.parse::<DealId>() else {
        return Ok(());
    };
    let Some(found) = link::of_deal(app.db.pool(), connection.id, deal).await? else {
        return Ok(());
    };
    let crm = connection.connector(app)?;
    match (found.status.as_str(), found.record.clone()) {
        ("pending", _) => create(app, connection, &*crm, found, taken).await,
        ("linked", Some(record)) => {
            if !has_news(app, connection, &found).await? {
                return Ok(());
            }
            together(app, connection, &*crm, &record, taken).await
        }
        _ => Ok(()),
    }
}

/// The record has changed: brings both together.
pub(super) async fn pull(app: &App, connection: &Connection, taken: &Taken) -> Result<(), Stop> {
    let crm = connection.connector(app)?;
    together(app, connection, &*crm, &taken.subject, taken).await
}

async fn create(
    app: &App,
    connection: &Connection,
    crm: &dyn Connector,
    found: Link,
    taken: &Taken,
) -> Result<(), Stop> {
    let mut conn = app.db.pool().acquire().await?;
    let Some(deal) = deal::load(&mut conn, connection.vendor, found.deal, None).await? else {
        return Ok(());
    };
    drop(conn);
    let fields = connection.mapping.record(&deal.values);
    let record = crm.create(&found.deal.to_string(), &taken.once(), &fields).await?;
    let mut tx = app.db.begin().await?;
    let Some(mut link) = link::lock(&mut tx, found.id)
        .await?
        .filter(|link| link.status == "pending")
    else {
        return Ok(());
    };
    link::connect(&mut tx, connection, &link, &record).await?;
    link.record = Some(record.clone());
    link.crm_seen = Json(fields.clone());
    link.prm_seen = Json(deal.seen());
    link::remember(&mut tx, &link).await?;
    let sent = connection.mapping.fields.iter().filter_map(|field| {
        Some(FieldChange {
            prm: field.prm.as_str().to_owned(),
            crm: field.crm.clone(),
            old: None,
            new: fields.get(&field.crm)?.clone(),
            winner: "prm".to_owned(),
            why: "the record is new".to_owned(),
        })
    });
    let entry = Entry {
        deal: Some(link.deal),
        record: Some(record),
        fields: sent.collect(),
        ..Entry::new(Outcome::Created)
    };
    log::write(&mut tx, connection.id, &entry).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether the deal holds anything that the CRM hasn't been told: not after a change that came from there.
async fn has_news(app: &App, connection: &Connection, link: &Link) -> Result<bool, Stop> {
    let mut conn = app.db.pool().acquire().await?;
    let stage = link.stage.as_deref();
    let Some(deal) = deal::load(&mut conn, connection.vendor, link.deal, stage).await? else {
        return Ok(false);
    };
    Ok(connection.mapping.fields.iter().any(|field| {
        let now = deal.value(field.prm);
        let seen = link.prm_seen.get(field.prm.as_str());
        seen.is_none_or(|seen| seen.as_deref() != now) && field.outward(now).is_some()
    }))
}

async fn together(
    app: &App,
    connection: &Connection,
    crm: &dyn Connector,
    record: &str,
    taken: &Taken,
) -> Result<(), Stop> {
    let found = crm.fetch(record).await?;
    let mut tx = app.db.begin().await?;
    let Some(mut link) = link::lock_of_record(&mut tx, connection.id, record).await? else {
        return Ok(());
    };
    let outgoing = match &found {
        Found::Deleted => {
            link::disconnect(&mut tx, connection, &link, None).await?;
            Outgoing::default()
        }
        Found::Merged(other) => {
            link::disconnect(&mut tx, connection, &link, Some(other)).await?;
            Outgoing::default()
        }
        Found::Unknown => settle::settle(&mut tx, connection, &mut link, None).await?,
        Found::Record(remote) => {
            let crm = Some((&remote.fields, remote.modified_at));
            settle::settle(&mut tx, connection, &mut link, crm).await?
        }
    };
    tx.commit().await?;
    if outgoing.fields.is_empty() {
        return Ok(());
    }
    if connection.paused_at.is_some() {
        return ask_again(app, connection, &link).await;
    }
    send(app, connection, crm, &link, outgoing, taken).await
}

/// What has to be written while writes rest waits with them.
async fn ask_again(app: &App, connection: &Connection, link: &Link) -> Result<(), Stop> {
    let mut tx = app.db.begin().await?;
    queue::ask(&mut tx, connection.id, Work::Sync, &link.deal.to_string()).await?;
    tx.commit().await?;
    Ok(())
}

async fn send(
    app: &App,
    connection: &Connection,
    crm: &dyn Connector,
    link: &Link,
    outgoing: Outgoing,
    taken: &Taken,
) -> Result<(), Stop> {
    let record = link.record.clone().unwrap_or_default();
    let key = link.deal.to_string();
    let written = crm.update(&record, &key, &taken.once(), &outgoing.fields).await;
    if matches!(&written, Err(fault) if fault.kind == FaultKind::Gone) {
        let other = match crm.fetch(&record).await? {
            Found::Merged(other) => Some(other),
            _ => None,
        };
        let mut tx = app.db.begin().await?;
        link::disconnect(&mut tx, connection, link, other.as_deref()).await?;
        tx.commit().await?;
        return Ok(());
    }
    written?;
    let mut tx = app.db.begin().await?;
    let Some(mut now) = link::lock(&mut tx, link.id).await? else {
        return Ok(());
    };
    remember(&mut now, &outgoing);
    link::remember(&mut tx, &now).await?;
    let entry = Entry {
        deal: Some(link.deal),
        record: Some(record),
        fields: outgoing.changes,
        ..Entry::new(Outcome::Updated)
    };
    log::write(&mut tx, connection.id, &entry).await?;
    tx.commit().await?;
    Ok(())
}

/// What was sent is what both sides hold.
fn remember(link: &mut Link, outgoing: &Outgoing) {
    for (name, value) in &outgoing.fields {
        link.crm_seen.insert(name.clone(), value.clone());
    }
    for (prm, value) in &outgoing.ours {
        link.prm_seen.insert(prm.clone(), value.clone());
    }
}

/// Asks for what has changed since the last time, and takes it page by page with the cursor.
pub(super) async fn poll(app: &App, connection: &Connection) -> Result<(), Stop> {
    let crm = connection.connector(app)?;
    let start = connection
        .cursor
        .as_ref()
        .map_or(connection.created_at, |cursor| cursor.at);
    let mut cursor = Cursor {
        at: start - OVERLAP,
        id: String::new(),
    };
    for _ in 0..PAGES {
        let page = crm.changes_since(&cursor).await?;
        let Some(last) = page.records.last() else { return Ok(()) };
        cursor = Cursor {
            at: last.modified_at,
            id: last.id.clone(),
        };
        take_page(app, connection, &page.records, &cursor).await?;
        if !page.more {
            return Ok(());
        }
    }
    Ok(())
}

async fn take_page(app: &App, connection: &Connection, records: &[Remote], cursor: &Cursor) -> Result<(), Stop> {
    let mut tx = app.db.begin().await?;
    for remote in records {
        receive(&mut tx, connection, remote, By::Poll).await?;
    }
    sqlx::query!(
        "UPDATE crm_connection SET cursor = $2
         WHERE id = $1 AND (cursor IS NULL OR (cursor ->> 'at')::timestamptz <= $3)",
        connection.id.uuid(),
        Json(cursor) as _,
        cursor.at
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The record's values, for those who only look.
pub(super) fn values(found: Found) -> Option<(Fields, chrono::DateTime<Utc>)> {
    match found {
        Found::Record(remote) => Some((remote.fields, remote.modified_at)),
        _ => None,
    }
}
