//! Checking that the chains are whole.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use guildhall_kernel::{EventId, OrgId};
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::{
    chain::{GENESIS, Hash},
    record::{AuditConsumer, Head, candidates, plan},
    rows::{self, Row},
};
use crate::event::{Position, read};

/// Entries or events read at once.
const PAGE: i64 = 1000;
/// Events without an entry that are named one by one.
const NAMED: usize = 100;

/// What [`verify`] found.
#[derive(Debug, Default)]
pub struct AuditReport {
    /// Chains looked at.
    pub chains: u64,
    /// Entries looked at.
    pub entries: u64,
    /// Events of the log looked up in their chains.
    pub events: u64,
    /// The first fault of each chain, then events without an entry (100 at most). Empty when all is well.
    pub faults: Vec<AuditFault>,
}

/// What is wrong with a chain. The platform's own chain is that of the nil organisation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// An entry's content doesn't have the entry's hash.
    #[error("{org}: entry {no} (event {event}) was edited: its content doesn't have its hash")]
    Edited {
        /// The chain.
        org: OrgId,
        /// The entry.
        no: i64,
        /// The event that it is about.
        event: EventId,
    },
    /// An entry was changed together with its own hash.
    #[error("{org}: entry {no} was rewritten: the one after it, or the chain's head, has another hash of it")]
    Rewritten {
        /// The chain.
        org: OrgId,
        /// The entry.
        no: i64,
    },
    /// An entry inside the chain is gone.
    #[error("{org}: entry {no} was removed")]
    Removed {
        /// The chain.
        org: OrgId,
        /// The first entry that is missing.
        no: i64,
    },
    /// An entry stands where none belongs.
    #[error("{org}: entry {no} (event {event}) was slipped in: the chain has no place for it")]
    SlippedIn {
        /// The chain.
        org: OrgId,
        /// The entry.
        no: i64,
        /// The event that it claims to be about.
        event: EventId,
    },
    /// The last entries are gone.
    #[error("{org}: the end was cut off: entries {no} to {head} are gone")]
    CutOff {
        /// The chain.
        org: OrgId,
        /// The first entry that is missing.
        no: i64,
        /// The number of the chain's head.
        head: i64,
    },
    /// The chain's head is gone.
    #[error("{org}: the chain's head is gone; its last entry is {no}")]
    Headless {
        /// The chain.
        org: OrgId,
        /// The last entry.
        no: i64,
    },
    /// An event that the audit log has passed isn't in it.
    #[error("{org}: event {event} at {position} has no entry{}", if *.put_aside { ": it was put aside; run `guildhall consumer retry audit`" } else { "" })]
    Unrecorded {
        /// The chain that should have it.
        org: OrgId,
        /// The event.
        event: EventId,
        /// Its place in the event log.
        position: Position,
        /// Whether it waits as a dead letter.
        put_aside: bool,
    },
}

/// Reads every chain from its first entry to its head, then looks up every event of the log that the audit log has
/// passed. Memory stays bounded however long the chains are; `progress` hears of the report as it grows. Entries
/// written meanwhile don't disturb it.
///
/// # Errors
/// When the database fails.
pub async fn verify(pool: &PgPool, mut progress: impl FnMut(&AuditReport) + Send) -> Result<AuditReport, sqlx::Error> {
    let mut report = AuditReport::default();
    let mut db = pool.acquire().await?;
    let mut last = None;
    while let Some(chain) = rows::next_chain(&mut db, last).await? {
        // The head and the entries have to be of one moment.
        let mut moment = db.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let fault = check_chain(&mut moment, chain, &mut report, &mut progress).await?;
        moment.rollback().await?;
        report.faults.extend(fault);
        report.chains += 1;
        last = Some(chain);
    }
    check_events(&mut db, &mut report, &mut progress).await?;
    Ok(report)
}

/// How far a chain has been followed.
struct Followed {
    org: Uuid,
    no: i64,
    hash: Hash,
}

impl Followed {
    fn step(&mut self, row: &Row) -> Result<(), AuditFault> {
        let (org, no, event) = (self.org.into(), self.no.saturating_add(1), row.event_id.into());
        if row.no > no {
            return Err(AuditFault::Removed { org, no });
        }
        if row.no < no {
            return Err(AuditFault::SlippedIn { org, no: row.no, event });
        }
        let hash = row.link().hash().ok().filter(|hash| hash.as_slice() == row.hash);
        let Some(hash) = hash else {
            return Err(AuditFault::Edited { org, no, event });
        };
        if row.prev_hash != self.hash {
            return Err(AuditFault::Rewritten {
                org,
                no: self.no.max(1),
            });
        }
        (self.no, self.hash) = (no, hash);
        Ok(())
    }

    fn end(&self, head: Option<Head>) -> Result<(), AuditFault> {
        let (org, no) = (self.org.into(), self.no);
        match head {
            None => Err(AuditFault::Headless { org, no }),
            Some(head) if head.no > no => Err(AuditFault::CutOff {
                org,
                no: no.saturating_add(1),
                head: head.no,
            }),
            Some(head) if head.no == no && head.hash == self.hash => Ok(()),
            Some(_) => Err(AuditFault::Rewritten { org, no }),
        }
    }
}

async fn check_chain(
    db: &mut PgConnection,
    org: Uuid,
    report: &mut AuditReport,
    progress: &mut (impl FnMut(&AuditReport) + Send),
) -> Result<Option<AuditFault>, sqlx::Error> {
    let head = rows::head(&mut *db, org).await?;
    let mut followed = Followed {
        org,
        no: 0,
        hash: GENESIS,
    };
    let mut place = (i64::MIN, DateTime::<Utc>::UNIX_EPOCH);
    loop {
        let page = rows::upward(db, org, place, PAGE).await?;
        let Some(last) = page.last() else { break };
        place = (last.no, last.at);
        for row in &page {
            report.entries += 1;
            // Past the head, an entry may be a well-made one that belongs to nothing.
            if let Some(head) = head
                && row.no > head.no
                && followed.no == head.no
            {
                let (org, event) = (org.into(), row.event_id.into());
                return Ok(Some(AuditFault::SlippedIn { org, no: row.no, event }));
            }
            if let Err(fault) = followed.step(row) {
                return Ok(Some(fault));
            }
        }
        progress(report);
    }
    Ok(followed.end(head).err())
}

/// Looks up every event that the audit log's cursor has passed.
async fn check_events(
    db: &mut PgConnection,
    report: &mut AuditReport,
    progress: &mut (impl FnMut(&AuditReport) + Send),
) -> Result<(), sqlx::Error> {
    let cursor = sqlx::query!(
        "SELECT tx, seq FROM event_consumer WHERE name = $1",
        AuditConsumer::NAME
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(cursor) = cursor.map(|row| Position {
        tx: row.tx,
        seq: row.seq,
    }) else {
        return Ok(());
    };
    let mut place = Position::START;
    let mut named = 0;
    loop {
        let mut events = read(&mut *db, place, PAGE).await?;
        events.retain(|event| event.position <= cursor);
        let Some(last) = events.last() else { return Ok(()) };
        place = last.position;
        report.events = report.events.saturating_add(u64::try_from(events.len()).unwrap_or(0));
        let planned = plan(&events, &rows::organisations(db, &candidates(&events)).await?);
        let present = rows::present(db, &planned).await?;
        let missing = planned
            .iter()
            .filter(|planned| !present.contains(&(planned.event.id.uuid(), planned.org)));
        let missing: Vec<_> = missing.take(NAMED.saturating_sub(named)).collect();
        if !missing.is_empty() {
            let put_aside = put_aside(db, missing.iter().map(|planned| planned.event.id.uuid()).collect()).await?;
            named += missing.len();
            report
                .faults
                .extend(missing.into_iter().map(|planned| AuditFault::Unrecorded {
                    org: planned.org.into(),
                    event: planned.event.id,
                    position: planned.event.position,
                    put_aside: put_aside.contains(&planned.event.id.uuid()),
                }));
        }
        if named >= NAMED {
            return Ok(());
        }
        progress(report);
    }
}

async fn put_aside(db: &mut PgConnection, events: Vec<Uuid>) -> Result<BTreeSet<Uuid>, sqlx::Error> {
    let known = sqlx::query_scalar!(
        "SELECT event_id FROM event_dead_letter WHERE consumer = $1 AND event_id = ANY($2)",
        AuditConsumer::NAME,
        &events
    )
    .fetch_all(db)
    .await?;
    Ok(known.into_iter().collect())
}
