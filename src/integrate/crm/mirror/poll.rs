//! Asking for what has changed, page by page, the cursor in the transaction of its effects.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use guildhall_sell::api::{DirectAccountInput, DirectAccountKind, check_direct_account};
use guildhall_spine::{App, db::Tx, http::Problem};
use sqlx::types::Json;

use super::read::{read, reference};
use super::{KINDS, Mirror, keep, name_of};
use crate::crm::connection::Connection;
use crate::crm::connector::{Connector, Cursor, Fields, Remote};
use crate::crm::sync::{OVERLAP, PAGES, Stop};

/// How often it is asked whether a record is there still, of a CRM whose changes don't tell.
const UNSEEN: TimeDelta = TimeDelta::hours(1);

/// One kind of thing of one CRM.
struct Reading<'a> {
    app: &'a App,
    connection: &'a Connection,
    mirror: &'a Mirror,
    kind: DirectAccountKind,
    crm: Box<dyn Connector>,
}

/// Brings the mirror up to date.
pub(in crate::crm) async fn poll(app: &App, connection: &Connection) -> Result<(), Stop> {
    let Some(mirror) = connection.mirror.as_deref() else {
        return Ok(());
    };
    for kind in KINDS {
        if mirror.has(kind) {
            let crm = connection.connector_for(app, mirror.subject(connection, kind))?;
            let reading = Reading {
                app,
                connection,
                mirror,
                kind,
                crm,
            };
            reading.changes().await?;
            reading.removals().await?;
        }
    }
    Ok(())
}

impl Reading<'_> {
    async fn changes(&self) -> Result<(), Stop> {
        let known = self.connection.mirror_cursors.get(name_of(self.kind));
        let mut cursor = Cursor {
            at: known.map_or(DateTime::UNIX_EPOCH, |cursor| cursor.at - OVERLAP),
            id: String::new(),
        };
        for _ in 0..PAGES {
            let page = self.crm.changes_since(&cursor).await?;
            let Some(last) = page.records.last() else { return Ok(()) };
            cursor = Cursor {
                at: last.modified_at,
                id: last.id.clone(),
            };
            let customers = self.customers(&page.records).await?;
            let mut tx = self.app.db.begin().await?;
            if keep::lock(&mut tx, self.connection.id).await?.as_ref() != Some(self.mirror) {
                // It was set anew meanwhile: the next poll begins by that.
                return Ok(());
            }
            self.take(&mut tx, &page.records, &customers).await?;
            self.keep_cursor(&mut tx, &cursor).await?;
            tx.commit().await?;
            if !page.more {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn customers(&self, records: &[Remote]) -> Result<BTreeMap<String, Fields>, Stop> {
        if self.kind == DirectAccountKind::Account {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<&str> = records.iter().map(|remote| remote.id.as_str()).collect();
        let reads = self.mirror.customer(self.connection.kind);
        Ok(self.crm.customers_of(&ids, &reads).await?)
    }

    async fn take(&self, tx: &mut Tx, records: &[Remote], customers: &BTreeMap<String, Fields>) -> Result<(), Problem> {
        let ours = self.ours(tx, records).await?;
        let (mut open, mut gone) = (BTreeMap::new(), Vec::new());
        for remote in records {
            let account = self.account(remote, customers.get(&remote.id));
            match account.filter(|_| !ours.contains(remote.id.as_str())) {
                Some(account) => drop(open.insert(remote.id.clone(), account)),
                None => gone.push(remote.id.clone()),
            }
        }
        let open: Vec<(String, DirectAccountInput)> = open.into_iter().collect();
        keep::store(tx, self.connection, self.kind, &open).await?;
        keep::close(tx, self.connection, self.kind, &gone).await?;
        Ok(())
    }

    /// The records that deals here have: sales of partners, not of the vendor's own.
    async fn ours<'a>(&self, tx: &mut Tx, records: &'a [Remote]) -> Result<BTreeSet<&'a str>, Problem> {
        if self.kind == DirectAccountKind::Account {
            return Ok(BTreeSet::new());
        }
        let ids: Vec<String> = records.iter().map(|remote| remote.id.clone()).collect();
        let linked: Vec<Option<String>> = sqlx::query_scalar!(
            "SELECT record_id FROM crm_link WHERE connection_id = $1 AND record_id = ANY ($2) AND status = 'linked'",
            self.connection.id.uuid(),
            &ids
        )
        .fetch_all(&mut **tx)
        .await?;
        let linked: BTreeSet<String> = linked.into_iter().flatten().collect();
        // The record of a deal may be there before its link knows.
        let keyed = |remote: &Remote| {
            remote
                .key
                .as_deref()
                .is_some_and(|key| !key.is_empty() && key != remote.id)
        };
        let ours = records
            .iter()
            .filter(|remote| keyed(remote) || linked.contains(&remote.id));
        Ok(ours.map(|remote| remote.id.as_str()).collect())
    }

    /// The record as a direct account, without what can't be compared: one bad address doesn't keep the rest away.
    fn account(&self, remote: &Remote, customer: Option<&Fields>) -> Option<DirectAccountInput> {
        let Connection { kind, vendor, id, .. } = self.connection;
        let external_ref = reference(*kind, &id.to_string(), self.kind, &remote.id);
        let account = read(self.mirror, *kind, self.kind, external_ref, (remote, customer))?;
        for (domain, amount) in [(true, true), (false, true), (true, false), (false, false)] {
            let kept = DirectAccountInput {
                domain: account.domain.clone().filter(|_| domain),
                amount: account.amount.clone().filter(|_| amount),
                currency: account.currency.filter(|_| amount),
                ..account.clone()
            };
            if check_direct_account(*vendor, &kept).is_ok() {
                return Some(kept);
            }
        }
        metrics::counter!("crm_mirror_skipped_total").increment(1);
        None
    }

    async fn keep_cursor(&self, tx: &mut Tx, cursor: &Cursor) -> Result<(), Problem> {
        sqlx::query!(
            "UPDATE crm_connection SET mirror_cursors = mirror_cursors || jsonb_build_object($2::text, $3::jsonb)
             WHERE id = $1 AND coalesce((mirror_cursors -> $2 ->> 'at')::timestamptz <= $4, true)",
            self.connection.id.uuid(),
            name_of(self.kind),
            Json(cursor) as _,
            cursor.at
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// What was thrown away is in no change of HubSpot: some records are asked for at each poll.
    async fn removals(&self) -> Result<(), Stop> {
        let before = self.app.clock.now() - UNSEEN;
        let asked = keep::longest_unseen(&self.app.db, self.connection.id, self.kind, before).await?;
        if asked.is_empty() {
            return Ok(());
        }
        let Some(living) = self.crm.living(&asked).await? else {
            return Ok(());
        };
        let (there, gone): (Vec<String>, Vec<String>) = asked.into_iter().partition(|id| living.contains(id));
        let mut tx = self.app.db.begin().await?;
        keep::lock(&mut tx, self.connection.id).await?;
        keep::seen(&mut tx, self.connection.id, self.kind, &there).await?;
        keep::close(&mut tx, self.connection, self.kind, &gone).await?;
        tx.commit().await?;
        Ok(())
    }
}
