//! Bringing a deal and its record together, as part of one transaction.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use guildhall_kernel::{CrmDifferenceId, entity, parse_decimal};
use guildhall_sell::api::{Close, Outcome as DealOutcome, Revision, close_deal, revise_deal};
use guildhall_spine::{db::Tx, event, http::Problem};

use super::connection::Connection;
use super::connector::{Fields, Remote};
use super::deal::{self, DealNow};
use super::events::CrmDifferenceFound;
use super::link::{self, Link};
use super::log::{self, Entry, FieldChange, Outcome};
use super::mapping::{DealField, FieldMapping};
use super::merge::{Sides, Verdict, decide};

/// What is left to be sent to the CRM.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) fields: Fields,
    /// What the deal's fields held when this was decided.
    pub(super) ours: Fields,
    pub(super) changes: Vec<FieldChange>,
}

impl Outgoing {
    fn add(&mut self, link: &Link, field: &FieldMapping, sides: &Sides<'_>, new: Option<String>, why: &str) {
        let old = match sides.crm {
            Some(now) => now.map(str::to_owned),
            None => link.crm_seen.get(&field.crm).cloned().flatten(),
        };
        self.changes
            .push(change(field, old.as_deref(), new.as_deref(), "prm", why));
        self.fields.insert(field.crm.clone(), new);
        self.ours
            .insert(field.prm.as_str().to_owned(), sides.prm.map(str::to_owned));
    }
}

/// A value of the CRM that comes here.
struct Taking<'a> {
    field: &'a FieldMapping,
    ours: String,
    change: FieldChange,
}

/// What the CRM says of a record, as a message or a poll has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// It was taken into account.
    Settled,
    /// Something of ours has to go there in return.
    Answer,
    /// It was known already, or older than what is known.
    Known,
    /// No deal has this record.
    Foreign,
}

/// Takes what the CRM says of a record. Older than what is known is logged and dropped; the same again is nothing.
pub(super) async fn receive(tx: &mut Tx, connection: &Connection, remote: &Remote) -> Result<Received, Problem> {
    let Some(mut link) = link::lock_of_record(tx, connection.id, &remote.id).await? else {
        return Ok(Received::Foreign);
    };
    match link.crm_modified_at {
        Some(known) if remote.modified_at == known && !remote.deleted => return Ok(Received::Known),
        Some(known) if remote.modified_at < known => {
            let entry = Entry {
                deal: Some(link.deal),
                record: Some(remote.id.clone()),
                error: Some(format!("changed at {}, and {known} is known", remote.modified_at)),
                ..Entry::new(Outcome::Stale)
            };
            log::write(tx, connection.id, &entry).await?;
            return Ok(Received::Known);
        }
        _ => {}
    }
    if remote.deleted || remote.merged_into.is_some() {
        link::disconnect(tx, connection, &link, remote.merged_into.as_deref()).await?;
        return Ok(Received::Settled);
    }
    let outgoing = settle(tx, connection, &mut link, Some((&remote.fields, remote.modified_at))).await?;
    Ok(if outgoing.fields.is_empty() {
        Received::Settled
    } else {
        Received::Answer
    })
}

/// Decides field by field, takes over what is the CRM's, and returns what is ours to send. `link` is locked by `tx`.
pub(super) async fn settle(
    tx: &mut Tx,
    connection: &Connection,
    link: &mut Link,
    crm: Option<(&Fields, DateTime<Utc>)>,
) -> Result<Outgoing, Problem> {
    let now = deal::load(tx, connection.vendor, link.deal, link.stage.as_deref()).await?;
    let deal = now.ok_or_else(Problem::not_found)?;
    let open = open_questions(tx, link).await?;
    let (mut outgoing, mut takings, mut asked) = (Outgoing::default(), Vec::new(), false);
    for field in &connection.mapping.fields {
        let theirs = crm.and_then(|(fields, _)| fields.get(&field.crm).map(Option::as_deref));
        if crm.is_some() && theirs.is_none() {
            continue;
        }
        let sides = Sides {
            prm: deal.value(field.prm),
            prm_at: deal.updated_at,
            crm: theirs,
            crm_at: crm.map_or(deal.updated_at, |(_, at)| at),
        };
        if open.iter().any(|name| name == field.prm.as_str()) {
            requote(tx, link, field, &sides).await?;
            continue;
        }
        match decide(field, &sides, &link.prm_seen, &link.crm_seen) {
            Verdict::Rest => {}
            Verdict::Agree => agree(link, field, &sides),
            Verdict::Take { ours, why } => takings.push(Taking {
                change: change(field, sides.prm, Some(&ours), "crm", why),
                field,
                ours,
            }),
            Verdict::Send { theirs, why } => outgoing.add(link, field, &sides, theirs, why),
            Verdict::Ask { .. } => {
                asked = true;
                ask(tx, connection, link, field, &sides, "both sides have changed").await?;
                agree(link, field, &sides);
            }
        }
    }
    if let Some((fields, at)) = crm {
        let settled = take_over(tx, connection, link, &deal, fields, at, &takings).await?;
        link.crm_modified_at = Some(at);
        if takings.is_empty() && outgoing.fields.is_empty() && !asked {
            note(tx, connection, link, Outcome::Echo, Vec::new()).await?;
        } else if settled && !takings.is_empty() {
            let changes = takings.into_iter().map(|taking| taking.change).collect();
            note(tx, connection, link, Outcome::Applied, changes).await?;
        }
    }
    link::remember(tx, link).await?;
    Ok(outgoing)
}

/// Both hold what they hold.
fn agree(link: &mut Link, field: &FieldMapping, sides: &Sides<'_>) {
    link.prm_seen
        .insert(field.prm.as_str().to_owned(), sides.prm.map(str::to_owned));
    if let Some(theirs) = sides.crm {
        link.crm_seen.insert(field.crm.clone(), theirs.map(str::to_owned));
    }
}

fn change(field: &FieldMapping, old: Option<&str>, new: Option<&str>, winner: &str, why: &str) -> FieldChange {
    FieldChange {
        prm: field.prm.as_str().to_owned(),
        crm: field.crm.clone(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
        winner: winner.to_owned(),
        why: why.to_owned(),
    }
}

async fn note(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    outcome: Outcome,
    fields: Vec<FieldChange>,
) -> Result<(), Problem> {
    let entry = Entry {
        deal: Some(link.deal),
        record: link.record.clone(),
        fields,
        ..Entry::new(outcome)
    };
    log::write(tx, connection.id, &entry).await
}

/// Writes the CRM's values into the deal. What the deal refuses becomes a question; then it is not said to be applied.
async fn take_over(
    tx: &mut Tx,
    connection: &Connection,
    link: &mut Link,
    deal: &DealNow,
    theirs: &Fields,
    at: DateTime<Utc>,
    takings: &[Taking<'_>],
) -> Result<bool, Problem> {
    let values: Vec<(DealField, String)> = takings.iter().map(|one| (one.field.prm, one.ours.clone())).collect();
    let refused = match write(tx, connection, link, deal, &values, at).await {
        Ok(()) => None,
        Err(problem) if matches!(problem.code().status, 409 | 422) => Some(problem),
        Err(problem) => return Err(problem),
    };
    let written = deal::load(tx, connection.vendor, link.deal, link.stage.as_deref()).await?;
    let written = written.ok_or_else(Problem::not_found)?;
    for taking in takings {
        let sides = Sides {
            prm: written.value(taking.field.prm),
            prm_at: deal.updated_at,
            crm: theirs.get(&taking.field.crm).map(Option::as_deref),
            crm_at: at,
        };
        if let Some(problem) = &refused {
            ask(tx, connection, link, taking.field, &sides, problem.detail()).await?;
        }
        agree(link, taking.field, &sides);
    }
    Ok(refused.is_none())
}

fn refuse(field: DealField, value: &str, wanted: &str) -> Problem {
    Problem::field(
        format!("/{}", field.as_str()),
        "invalid",
        format!("the CRM says {value:?}, and it must be {wanted}"),
    )
}

/// Changes the deal as the CRM has it: closes it, or changes its amount and date, or keeps the stage.
pub(super) async fn write(
    tx: &mut Tx,
    connection: &Connection,
    link: &mut Link,
    deal: &DealNow,
    values: &[(DealField, String)],
    at: DateTime<Utc>,
) -> Result<(), Problem> {
    let value = |field: DealField| {
        values
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, value)| value.as_str())
    };
    if let Some(stage) = value(DealField::Stage) {
        link.stage = Some(stage.chars().take(200).collect());
    }
    let date = |field: DealField| -> Result<Option<NaiveDate>, Problem> {
        let sound = |date: &NaiveDate| (1970..2200).contains(&date.year());
        let parse = |text: &str| {
            let date = text.parse().ok().filter(sound);
            date.ok_or_else(|| refuse(field, text, "a date from 1970 to 2199"))
        };
        value(field).map(parse).transpose()
    };
    let amount = value(DealField::Amount)
        .map(|text| parse_decimal(text).map_err(|_| refuse(DealField::Amount, text, "a decimal number")))
        .transpose()?;
    let (expected_close, closed_on) = (date(DealField::ExpectedClose)?, date(DealField::ClosedOn)?);
    let outcome = match value(DealField::Status) {
        None => None,
        Some("won") => Some(DealOutcome::Won),
        Some("lost") => Some(DealOutcome::Lost),
        Some(other) => {
            return Err(refuse(
                DealField::Status,
                other,
                "won or lost: anything else is decided here",
            ));
        }
    };
    let origin = connection.origin();
    if let Some(outcome) = outcome {
        let today = tx.now().date_naive();
        let close = Close {
            outcome,
            on: closed_on.unwrap_or(at.date_naive()).min(today),
            amount: amount.filter(|_| outcome == DealOutcome::Won),
            reason: None,
            note: Some(format!("Closed in {}.", connection.name)),
            by: None,
        };
        if amount.is_some_and(|amount| amount.is_sign_negative()) {
            return Err(refuse(DealField::Amount, "a negative number", "0 or more"));
        }
        close_deal(tx, &origin, connection.vendor, deal.id, &close).await?;
        return Ok(());
    }
    if amount.is_some() || expected_close.is_some() {
        let revision = Revision { amount, expected_close };
        revise_deal(tx, &origin, connection.vendor, deal.id, &revision).await?;
    }
    Ok(())
}

async fn open_questions(tx: &mut Tx, link: &Link) -> Result<Vec<String>, Problem> {
    let fields = sqlx::query_scalar!(
        "SELECT field FROM crm_difference WHERE link_id = $1 AND source = 'ask' AND resolved_at IS NULL",
        link.id.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(fields)
}

/// An open question shows what both sides hold by now.
async fn requote(tx: &mut Tx, link: &mut Link, field: &FieldMapping, sides: &Sides<'_>) -> Result<(), Problem> {
    sqlx::query!(
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
    agree(link, field, sides);
    Ok(())
}

async fn ask(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    field: &FieldMapping,
    sides: &Sides<'_>,
    why: &str,
) -> Result<(), Problem> {
    let (id, now): (CrmDifferenceId, _) = (tx.new_id::<entity::CrmDifference>(), tx.now());
    let crm = sides.crm.flatten();
    let made = sqlx::query!(
        "INSERT INTO crm_difference (id, connection_id, vendor_id, link_id, deal_id, source, field, crm_field, prm_value,
                                     crm_value, why, found_at)
         VALUES ($1, $2, $3, $4, $5, 'ask', $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
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
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(());
    }
    let found = CrmDifferenceFound {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        difference_id: id,
        deal_id: link.deal,
        field: field.prm.as_str().to_owned(),
    };
    event::append(tx, &connection.origin(), id, &[connection.vendor.uuid()], &found).await?;
    let changes = vec![change(field, sides.prm, crm, "ask", why)];
    note(tx, connection, link, Outcome::Difference, changes).await
}
