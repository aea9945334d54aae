//! Events become messages: one for each endpoint that hears of an event, in the transaction in which the consumer passes
//! it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, WebhookEndpointId, id_text};
use guildhall_spine::{
    access::OrgKind,
    db::Tx,
    event::{Consumer, ConsumerFault, Recorded, Topic},
};
use uuid::Uuid;

use super::{
    heard::may_hear,
    payload,
    queue::{self, New},
};

/// Queues what endpoints hear.
pub(crate) struct WebhookConsumer;

/// An endpoint that listens.
struct Listener {
    id: WebhookEndpointId,
    org: OrgId,
    org_kind: OrgKind,
    kinds: Vec<String>,
    topics: Vec<String>,
    created_at: DateTime<Utc>,
}

impl Listener {
    /// Whether it hears of an event: its organisation is of the event's audience and may know of such events, and it asked
    /// for them. Nothing from before it was made.
    fn hears(&self, event: &Recorded) -> bool {
        let permitted = Topic::parse(&event.topic).is_some_and(|topic| may_hear(self.org_kind, &event.kind, topic));
        let asked = self.kinds.contains(&event.kind) || self.topics.contains(&event.topic);
        permitted && asked && event.audiences.contains(&self.org.uuid()) && event.at >= self.created_at
    }
}

#[async_trait]
impl Consumer for WebhookConsumer {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        let mut audiences: Vec<Uuid> = events.iter().flat_map(|event| event.audiences.clone()).collect();
        audiences.sort_unstable();
        audiences.dedup();
        let listeners = listeners(tx, &audiences).await?;
        let mut messages = Vec::new();
        for event in events {
            for listener in listeners.iter().filter(|listener| listener.hears(event)) {
                messages.push(message(listener, event)?);
            }
        }
        if !messages.is_empty() {
            queue::add(tx, &messages).await?;
        }
        Ok(())
    }
}

fn message(listener: &Listener, event: &Recorded) -> Result<New, ConsumerFault> {
    let subject = id_text(&event.subject_kind, event.subject_id).unwrap_or_else(|| event.subject_id.to_string());
    let body = payload::body(&event.kind, event.at, &subject, &event.data);
    Ok(New {
        endpoint: listener.id,
        event_id: event.id,
        kind: event.kind.clone(),
        body: body.map_err(|fault| ConsumerFault(fault.to_string()))?,
    })
}

/// The endpoints of these organisations that are on, locked: until this transaction ends, none is switched off, deleted
/// or given back as having nothing to send.
async fn listeners(tx: &mut Tx, orgs: &[Uuid]) -> Result<Vec<Listener>, sqlx::Error> {
    sqlx::query_as!(
        Listener,
        r#"SELECT e.id AS "id: WebhookEndpointId", e.org_id AS "org: OrgId", o.kind AS "org_kind: OrgKind", e.kinds,
                  e.topics, e.created_at
           FROM webhook_endpoint e JOIN organisation o ON o.id = e.org_id
           WHERE e.org_id = ANY($1) AND e.enabled AND e.deleted_at IS NULL AND o.status = 'active'
           ORDER BY e.id FOR NO KEY UPDATE OF e"#,
        orgs
    )
    .fetch_all(&mut **tx)
    .await
}

#[cfg(test)]
mod tests {
    use guildhall_spine::event::Position;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_listener_hears_its_own_organisations_events_that_it_asked_for_since_it_was_made() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let listener = Listener {
            id: Uuid::from_u128(3).into(),
            org: own.into(),
            org_kind: OrgKind::Partner,
            kinds: vec!["deal.won".to_owned()],
            topics: vec!["partnerships".to_owned(), "crm".to_owned()],
            created_at: at(10),
        };
        let hears = |kind: &str, topic: &str, audience, second| {
            listener.hears(&Recorded {
                position: Position { tx: 1, seq: 1 },
                at: at(second),
                id: Uuid::nil().into(),
                kind: kind.to_owned(),
                topic: topic.to_owned(),
                subject_kind: "deal".to_owned(),
                subject_id: Uuid::nil(),
                audiences: vec![audience],
                origin: RawValue::from_string("{}".to_owned()).unwrap(),
                data: RawValue::from_string("{}".to_owned()).unwrap(),
            })
        };
        assert!(hears("deal.won", "deals", own, 10));
        assert!(hears("partnership.invited", "partnerships", own, 11));
        assert!(
            !hears("deal.won", "deals", other, 11),
            "in one batch with an event of its own"
        );
        assert!(!hears("deal.lost", "deals", own, 11));
        assert!(!hears("deal.won", "deals", own, 9));
        assert!(!hears("crm.failed", "crm", own, 11));
    }
}
