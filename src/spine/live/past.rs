//! Events as the log has them, made ready for sockets.

use async_trait::async_trait;
use guildhall_kernel::id_text;
use uuid::Uuid;

use super::{
    Frame, History, Hub, Interest, LiveEvent, PastEvent, TopicSet, Unreadable,
    protocol::{EventFrame, ServerFrame, Unrecovered},
};
use crate::{
    db::Db,
    event::{Feed, Position, Recorded, Topic, read_feed, start_of_feed},
};

/// The event as clients get it; nothing when its topic is of a later version of the server, which nobody here can
/// have asked for.
pub(super) fn shown(event: &Recorded) -> Option<EventFrame<'_>> {
    Some(EventFrame {
        position: event.position,
        id: event.id,
        kind: &event.kind,
        topic: Topic::parse(&event.topic)?,
        at: event.at,
        subject: id_text(&event.subject_kind, event.subject_id).unwrap_or_else(|| event.subject_id.to_string()),
        data: &event.data,
    })
}

fn encode(event: &Recorded) -> Option<(TopicSet, Frame)> {
    let shown = shown(event)?;
    let topics = TopicSet::of_event(shown.kind, shown.topic);
    match Frame::json(&ServerFrame::Event(shown)) {
        Ok(frame) => Some((topics, frame)),
        Err(error) => {
            tracing::error!(%error, event = %event.id, "an event didn't serialise");
            None
        }
    }
}

/// Hands an event of the log to the sockets that hear of it. One caller at a time, in the order of the log.
pub async fn announce(hub: &Hub, event: &Recorded) {
    let Some((topics, frame)) = encode(event) else { return };
    let live = LiveEvent {
        position: event.position,
        audiences: &event.audiences,
        topics,
        subject: Some(event.subject_id),
        frame: &frame,
    };
    if hub.publish(&live).await > 0 {
        let lag = hub.clock.now() - event.at;
        hub.meters.lag.record(lag.to_std().unwrap_or_default().as_secs_f64());
    }
}

/// Why the log doesn't have everything after `since`, if it doesn't.
pub(super) async fn cut(db: &Db, since: Position) -> Result<Option<Unrecovered>, sqlx::Error> {
    let bounds = start_of_feed(db.pool()).await?;
    Ok(if since.tx >= bounds.horizon_tx {
        Some(Unrecovered::UnknownPosition)
    } else {
        (since.tx < bounds.expired_tx).then_some(Unrecovered::Expired)
    })
}

/// The same for what can be replayed to a socket: at most `most` events of the feed.
async fn gap(db: &Db, feed: &Feed, since: Position, most: usize) -> Result<Option<Unrecovered>, sqlx::Error> {
    if let Some(cut) = cut(db, since).await? {
        return Ok(Some(cut));
    }
    let (org, topics) = feed
        .org
        .as_ref()
        .map_or((None, Vec::new()), |(org, topics)| (Some(*org), topics.clone()));
    let topics: Vec<String> = topics.into_iter().map(|topic| topic.as_str().to_owned()).collect();
    let most = i64::try_from(most).unwrap_or(i64::MAX - 1);
    let missed = sqlx::query_scalar!(
        r#"SELECT count(*) AS "missed!" FROM (
               (SELECT FROM event_audience
                WHERE audience = $1 AND topic = ANY($2) AND ($6::uuid IS NULL OR subject_id = $6)
                  AND (tx, seq) > ($4, $5) AND tx < event_horizon() LIMIT $7)
               UNION ALL
               (SELECT FROM event_audience
                WHERE audience = $3 AND ($6::uuid IS NULL OR subject_id = $6)
                  AND (tx, seq) > ($4, $5) AND tx < event_horizon() LIMIT $7)
           ) missed"#,
        org,
        &topics,
        feed.user,
        since.tx,
        since.seq,
        feed.subject,
        most + 1,
    )
    .fetch_one(db.pool())
    .await?;
    Ok((missed > most).then_some(Unrecovered::TooMany))
}

/// The past, from the event log.
#[derive(Debug)]
pub struct LogHistory {
    db: Db,
    most: usize,
}

impl LogHistory {
    /// Replays at most `max_replay` events to a socket that resumes.
    #[must_use]
    pub const fn new(db: Db, max_replay: usize) -> Self {
        Self { db, most: max_replay }
    }
}

fn feed(interest: Interest<'_>) -> Feed {
    let viewer = interest.viewer;
    let wanted = |audience: Option<Uuid>| audience.filter(|audience| interest.audiences.contains(audience));
    Feed {
        org: wanted(viewer.organisation).map(|org| (org, viewer.topics.topics())),
        user: wanted(viewer.user),
        subject: None,
    }
}

fn unreadable(error: sqlx::Error) -> Unreadable {
    tracing::warn!(%error, "the event log can't be read for a socket");
    Unreadable
}

#[async_trait]
impl History for LogHistory {
    async fn gap(&self, interest: Interest<'_>, since: Position) -> Result<Option<Unrecovered>, Unreadable> {
        gap(&self.db, &feed(interest), since, self.most)
            .await
            .map_err(unreadable)
    }

    async fn page(
        &self,
        interest: Interest<'_>,
        after: Position,
        until: Option<Position>,
        limit: usize,
    ) -> Result<Vec<PastEvent>, Unreadable> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let events = read_feed(self.db.pool(), &feed(interest), after, until, limit)
            .await
            .map_err(unreadable)?;
        let ready = |event: Recorded| {
            // A frame of no topic is due to nobody, and keeps the page as long as what was read.
            let (topics, frame) = encode(&event).unwrap_or_else(|| (TopicSet::default(), Frame::ping()));
            PastEvent {
                position: event.position,
                subject: Some(event.subject_id),
                audiences: event.audiences,
                topics,
                frame,
            }
        };
        Ok(events.into_iter().map(ready).collect())
    }
}
