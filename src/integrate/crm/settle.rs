//! Bringing a deal and its record together, as part of one transaction.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use guildhall_kernel::parse_decimal;
use guildhall_sell::api::{Close, Outcome as DealOutcome, Revision, close_deal, revise_deal};
use guildhall_spine::{db::Tx, http::Problem};

use super::connection::Connection;
use super::connector::Fields;
use super::deal::{self, DealNow};
use super::link::{self, Link};
use super::log::{self, Entry, FieldChange, Outcome};
use super::mapping::{DealField, FieldMapping};
use super::merge::{Sides, Verdict, decide};
use super::questions::{self, Question};

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
    /// An earlier value was refused, and the question of it is open.
    retried: bool,
}

/// What was decided so far.
#[derive(Default)]
struct Decided<'a> {
    outgoing: Outgoing,
    takings: Vec<Taking<'a>>,
    /// Something waits for a person.
    asked: bool,
    /// What the CRM says that has no name here.
    unmapped: Vec<FieldChange>,
    /// Some of that is said for the first time.
    unmapped_is_new: bool,
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
    let open = questions::open(&mut **tx, link.id).await?;
    let again = crm.is_some_and(|(fields, _)| questions::are_new(&open, connection, link, fields));
    let mut decided = Decided::default();
    for field in &connection.mapping.fields {
        let question = open.iter().find(|one| one.field == field.prm.as_str());
        let retried = again && question.is_some_and(|one| one.refused);
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
        match question {
            Some(question) if !retried => {
                decided.asked |= rest(tx, connection, link, field, &sides, question).await?;
            }
            _ => weigh(tx, connection, link, field, &sides, retried, &mut decided).await?,
        }
    }
    let outgoing = std::mem::take(&mut decided.outgoing);
    if let Some((fields, at)) = crm {
        let settled = take_over(tx, connection, link, &deal, fields, at, &decided.takings).await?;
        link.crm_modified_at = Some(at);
        conclude(tx, connection, link, decided, settled, outgoing.fields.is_empty()).await?;
    }
    link::remember(tx, link).await?;
    Ok(outgoing)
}

/// Logs what became of what the CRM said.
async fn conclude(
    tx: &mut Tx,
    connection: &Connection,
    link: &Link,
    decided: Decided<'_>,
    settled: bool,
    silent: bool,
) -> Result<(), Problem> {
    let nothing = decided.takings.is_empty() && silent && !decided.asked;
    if !decided.unmapped.is_empty() && (nothing || decided.unmapped_is_new) {
        note(tx, connection, link, Outcome::Unmapped, decided.unmapped).await?;
    } else if nothing {
        note(tx, connection, link, Outcome::Echo, Vec::new()).await?;
    }
    if settled && !decided.takings.is_empty() {
        let changes = decided.takings.into_iter().map(|taking| taking.change).collect();
        note(tx, connection, link, Outcome::Applied, changes).await?;
    }
    Ok(())
}

/// Decides one field. A value that is `retried` counts as new, whatever was seen there.
async fn weigh<'a>(
    tx: &mut Tx,
    connection: &Connection,
    link: &mut Link,
    field: &'a FieldMapping,
    sides: &Sides<'_>,
    retried: bool,
    decided: &mut Decided<'a>,
) -> Result<(), Problem> {
    let mut seen = link.crm_seen.0.clone();
    if retried {
        seen.remove(&field.crm);
    }
    let verdict = decide(field, sides, &link.prm_seen, &seen);
    if matches!(verdict, Verdict::Rest | Verdict::Agree) && field.has_no_name_for(sides.crm.flatten(), sides.prm) {
        let why = "the CRM's value has no name here";
        decided.unmapped_is_new |= verdict == Verdict::Agree;
        decided
            .unmapped
            .push(change(field, sides.prm, sides.crm.flatten(), "prm", why));
    }
    match verdict {
        Verdict::Rest => return Ok(()),
        Verdict::Agree => agree(link, field, sides),
        Verdict::Take { ours, why } => {
            decided.takings.push(Taking {
                change: change(field, sides.prm, Some(&ours), "crm", why),
                field,
                ours,
                retried,
            });
            return Ok(());
        }
        Verdict::Send { theirs, why } => decided.outgoing.add(link, field, sides, theirs, why),
        Verdict::Ask { .. } => {
            decided.asked = true;
            questions::ask(tx, connection, link, field, sides, questions::BOTH_CHANGED).await?;
            agree(link, field, sides);
            return Ok(());
        }
    }
    if retried {
        questions::close(tx, connection, link, field, "prm").await?;
    }
    Ok(())
}

/// A field with an open question rests. Returns whether the question has changed by what the CRM says.
async fn rest(
    tx: &mut Tx,
    connection: &Connection,
    link: &mut Link,
    field: &FieldMapping,
    sides: &Sides<'_>,
    question: &Question,
) -> Result<bool, Problem> {
    let quoted = questions::requote(tx, link, field, sides).await?;
    // What this side holds besides a refused value is weighed against the next one.
    if !question.refused {
        agree(link, field, sides);
    }
    let told = quoted && sides.crm.is_some();
    if told {
        let crm = sides.crm.flatten();
        let changes = vec![change(field, sides.prm, crm, "ask", "a person has yet to decide")];
        note(tx, connection, link, Outcome::Difference, changes).await?;
    }
    Ok(told)
}

/// Both hold what they hold.
fn agree(link: &mut Link, field: &FieldMapping, sides: &Sides<'_>) {
    link.prm_seen
        .insert(field.prm.as_str().to_owned(), sides.prm.map(str::to_owned));
    if let Some(theirs) = sides.crm {
        link.crm_seen.insert(field.crm.clone(), theirs.map(str::to_owned));
    }
}

pub(super) fn change(
    field: &FieldMapping,
    old: Option<&str>,
    new: Option<&str>,
    winner: &str,
    why: &str,
) -> FieldChange {
    FieldChange {
        prm: field.prm.as_str().to_owned(),
        crm: field.crm.clone(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
        winner: winner.to_owned(),
        why: why.to_owned(),
    }
}

pub(super) async fn note(
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
            questions::ask(tx, connection, link, taking.field, &sides, problem.detail()).await?;
        } else if taking.retried {
            questions::close(tx, connection, link, taking.field, "crm").await?;
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
