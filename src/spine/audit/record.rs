//! From events to entries.

use std::collections::BTreeMap;

use async_trait::async_trait;
use guildhall_kernel::OrgId;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    chain::{GENESIS, Hash, Link, Unhashable},
    rows,
};
use crate::{
    db::Tx,
    event::{Consumer, ConsumerFault, Recorded},
};

/// The chain of what happened to no organisation: log-ins, accounts, the platform's own record.
pub const PLATFORM: Uuid = Uuid::nil();

/// Writes the audit log: an entry for each event in the chain of every organisation that the event is for. An event
/// that comes again, on a replay, is known by its id and makes no second entry.
#[derive(Clone, Copy, Debug)]
pub struct AuditConsumer;

impl AuditConsumer {
    /// The consumer's name.
    pub const NAME: &'static str = "audit";
}

/// The last entry of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) no: i64,
    pub(super) hash: Hash,
}

/// An event that belongs in a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned<'a> {
    pub(super) org: Uuid,
    pub(super) event: &'a Recorded,
}

/// An entry to be stored.
#[derive(Debug)]
pub(super) struct Chained<'a> {
    pub(super) link: Planned<'a>,
    pub(super) no: i64,
    pub(super) prev_hash: Hash,
    pub(super) hash: Hash,
}

#[derive(Default, Deserialize)]
struct ActedFor {
    organisation_id: Option<OrgId>,
}

#[async_trait]
impl Consumer for AuditConsumer {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        let planned = plan(events, &rows::organisations(tx, &candidates(events)).await?);
        let chains: Vec<Uuid> = planned.iter().map(|planned| planned.org).collect();
        // The lock makes another run of this consumer wait until these entries can be seen.
        let mut heads = rows::lock_heads(tx, &chains).await?;
        let present = rows::present(tx, &planned).await?;
        let fresh = planned
            .into_iter()
            .filter(|planned| !present.contains(&(planned.event.id.uuid(), planned.org)));
        let entries = extend(&mut heads, fresh).map_err(|fault| ConsumerFault(fault.to_string()))?;
        if entries.is_empty() {
            return Ok(());
        }
        rows::insert(tx, &entries).await?;
        rows::store_heads(tx, &heads).await?;
        Ok(())
    }
}

fn acted_for(event: &Recorded) -> Option<Uuid> {
    let origin: ActedFor = serde_json::from_str(event.origin.get()).unwrap_or_default();
    origin.organisation_id.map(OrgId::uuid)
}

/// Every id that may be the chain of one of `events`.
pub(super) fn candidates(events: &[Recorded]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = events
        .iter()
        .flat_map(|event| event.audiences.iter().copied().chain(acted_for(event)))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Each event with its chains, in the events' order: the organisations in its audience; without any, the one that
/// its author acted for, or the platform.
pub(super) fn plan<'a>(events: &'a [Recorded], organisations: &[Uuid]) -> Vec<Planned<'a>> {
    let is_one = |id: &Uuid| organisations.contains(id);
    let mut planned = Vec::with_capacity(events.len());
    for event in events {
        let before = planned.len();
        planned.extend(
            event
                .audiences
                .iter()
                .copied()
                .filter(is_one)
                .map(|org| Planned { org, event }),
        );
        if planned.len() == before {
            let org = acted_for(event).filter(is_one).unwrap_or(PLATFORM);
            planned.push(Planned { org, event });
        }
    }
    planned
}

fn extend<'a>(
    heads: &mut BTreeMap<Uuid, Head>,
    planned: impl Iterator<Item = Planned<'a>>,
) -> Result<Vec<Chained<'a>>, Unhashable> {
    let mut entries = Vec::new();
    for link in planned {
        let head = heads.entry(link.org).or_insert(Head { no: 0, hash: GENESIS });
        let (no, prev_hash) = (head.no + 1, head.hash);
        let event = link.event;
        let hash = Link {
            org: link.org,
            no,
            at: event.at,
            event_id: event.id.uuid(),
            position: event.position,
            kind: &event.kind,
            subject_kind: &event.subject_kind,
            subject_id: event.subject_id,
            origin: &event.origin,
            data: &event.data,
            prev_hash: &prev_hash,
        }
        .hash()?;
        *head = Head { no, hash };
        entries.push(Chained {
            link,
            no,
            prev_hash,
            hash,
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::value::RawValue;

    use super::*;
    use crate::event::Position;

    fn event(seq: i64, audiences: &[u128], acted_for: Option<u128>) -> Recorded {
        let origin = acted_for.map_or_else(
            || "{}".to_owned(),
            |org| serde_json::json!({"organisation_id": OrgId::from(Uuid::from_u128(org))}).to_string(),
        );
        let seq_u128 = u128::try_from(seq).unwrap();
        Recorded {
            position: Position { tx: 1, seq },
            at: DateTime::from_timestamp(1_795_000_000 + seq, 0).unwrap(),
            id: Uuid::from_u128(100 + seq_u128).into(),
            kind: "deal.approved".to_owned(),
            topic: "deals".to_owned(),
            subject_kind: "deal".to_owned(),
            subject_id: Uuid::from_u128(9),
            audiences: audiences.iter().copied().map(Uuid::from_u128).collect(),
            origin: RawValue::from_string(origin).unwrap(),
            data: RawValue::from_string("{}".to_owned()).unwrap(),
        }
    }

    #[test]
    fn an_event_enters_the_chain_of_each_organisation_or_of_its_authors_or_of_the_platform() {
        let orgs = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let events = [
            event(1, &[1, 2, 50], None),
            event(2, &[50], Some(2)),
            event(3, &[50], None),
            event(4, &[50], Some(3)),
        ];
        let chains: Vec<(i64, u128)> = plan(&events, &orgs)
            .iter()
            .map(|planned| (planned.event.position.seq, planned.org.as_u128()))
            .collect();
        assert_eq!(chains, [(1, 1), (1, 2), (2, 2), (3, 0), (4, 0)]);
    }

    #[test]
    fn chains_grow_side_by_side_from_their_heads() {
        let orgs = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let events = [event(1, &[1, 2], None), event(2, &[1], None)];
        let mut heads = BTreeMap::from([(orgs[1], Head { no: 41, hash: [5; 32] })]);
        let entries = extend(&mut heads, plan(&events, &orgs).into_iter()).unwrap();
        let places: Vec<(u128, i64)> = entries
            .iter()
            .map(|entry| (entry.link.org.as_u128(), entry.no))
            .collect();
        assert_eq!(places, [(1, 1), (2, 42), (1, 2)]);
        assert_eq!(
            (entries[0].prev_hash, entries[1].prev_hash, entries[2].prev_hash),
            (GENESIS, [5; 32], entries[0].hash)
        );
        assert_eq!(heads[&orgs[0]].hash, entries[2].hash);
    }
}
