//! `GET /api/v1/events`: the same feed by polling, for a phone that wakes up.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Channel, TopicSet, Viewer,
    past::{cut, shown},
    protocol::{EventFrame, Unrecovered},
    reserved,
};
use crate::{
    App,
    event::{Feed, Position, Topic, read_feed},
    http::{Problem, ValidQuery, code},
    identity::Actor,
};

/// Events a page, unless asked for otherwise.
const PAGE: u32 = 100;
const LONGEST_PAGE: u32 = 500;

/// What to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PollQuery {
    /// The position of the last event that the client has. Without it the answer is where the log stands now.
    #[param(value_type = Option<String>, example = "7102-4519")]
    since: Option<Position>,
    /// Events a page at most, 1 to 500; a page may have fewer although more follow.
    #[param(minimum = 1, maximum = 500, example = 100)]
    limit: Option<u32>,
    /// `org`, `me`, or one thing like `deal:deal_01kaqv6r3gf5ht2x0m8c9ezw4n`; all that the actor hears when left out.
    #[param(value_type = Option<String>, example = "org")]
    channel: Option<Channel>,
    /// Only these topics, separated by commas.
    #[param(example = "deals,partnerships")]
    topics: Option<String>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventPage<'a> {
    /// The events after `since`, in the order of the log.
    items: Vec<EventFrame<'a>>,
    /// Whether everything after `since` is here or follows. Otherwise the client fetches what it shows afresh.
    recovered: bool,
    /// Why not; absent without `since`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Unrecovered>,
    /// The next `since`.
    #[schema(value_type = String, example = "7102-4519")]
    position: Position,
    /// Whether more events wait after `position`.
    more: bool,
}

/// Read events
///
/// Everything after `since` that concerns the organisation acted for (by the role's permissions) and the user, in the
/// order of the log: the same events that a live socket gets.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "listEvents", tag = "live", security(("bearer" = [])),
    params(PollQuery), responses((status = 200, description = "Events", body = EventPage, example = json!({
        "items": [{"position": "7102-4519", "id": "evt_01kaqv6r3gf5ht2x0m8c9ezw4n", "kind": "deal.approved",
            "topic": "deals", "at": "2026-11-23T09:30:00Z", "subject": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n", "data": {}}],
        "recovered": true, "position": "7102-4519", "more": false}))))]
pub(super) async fn list_events(
    State(app): State<App>,
    actor: Actor,
    ValidQuery(query): ValidQuery<PollQuery>,
) -> Result<Response, Problem> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        let detail = format!("limit must be from 1 to {LONGEST_PAGE}, and is {limit}.");
        return Err(Problem::new(code::INVALID_QUERY, detail));
    }
    let topics = topics(query.topics.as_deref())?;
    let viewer = Viewer::from(&*actor.standing());
    let feed = feed(&app, &viewer, query.channel.as_ref(), topics).await?;
    // Taken before the page is read: what is final by then and not on a page that isn't full isn't for this client.
    let here = Position::now(app.db.pool()).await?;
    let reason = match query.since {
        Some(since) => cut(&app.db, since).await?,
        None => None,
    };
    let Some(since) = query.since.filter(|_| reason.is_none()) else {
        let nothing = EventPage {
            items: Vec::new(),
            recovered: false,
            reason,
            position: here,
            more: false,
        };
        return Ok(Json(nothing).into_response());
    };
    let events = read_feed(app.db.pool(), &feed, since, None, i64::from(limit)).await?;
    let more = u32::try_from(events.len()).is_ok_and(|read| read >= limit);
    let last = events.last().map_or(since, |event| event.position);
    let items = events
        .iter()
        .filter_map(shown)
        .filter(|event| topics.meets(TopicSet::of_event(event.kind, event.topic)))
        .filter(|event| reserved(event.kind).is_none_or(|needed| viewer.permissions.contains(needed)))
        .collect();
    let position = if more { last } else { last.max(here) };
    Ok(Json(EventPage {
        items,
        recovered: true,
        reason: None,
        position,
        more,
    })
    .into_response())
}

fn topics(names: Option<&str>) -> Result<TopicSet, Problem> {
    let Some(names) = names else { return Ok(TopicSet::ALL) };
    let topic = |name: &str| {
        Topic::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
            Problem::new(
                code::INVALID_QUERY,
                format!("topics: {name:?} is not one of {}.", known.join(", ")),
            )
        })
    };
    let topics: Vec<Topic> = names.split(',').map(topic).collect::<Result<_, _>>()?;
    Ok(TopicSet::selected(&topics))
}

/// A topic that was asked for by name and that the actor can't hear anywhere.
fn forbidden(viewer: &Viewer, asked: TopicSet) -> Option<Topic> {
    let heard =
        |topic: Topic| viewer.topics.meets(topic.into()) || (viewer.user.is_some() && topic.permission().is_none());
    let named = asked != TopicSet::ALL;
    asked.topics().into_iter().find(|topic| named && !heard(*topic))
}

async fn feed(app: &App, viewer: &Viewer, channel: Option<&Channel>, topics: TopicSet) -> Result<Feed, Problem> {
    if let Some(topic) = forbidden(viewer, topics) {
        let detail = format!("The topic {} is not among those that this actor hears.", topic.as_str());
        return Err(Problem::new(code::FORBIDDEN, detail));
    }
    let heard = viewer
        .topics
        .topics()
        .into_iter()
        .filter(|topic| topics.meets((*topic).into()))
        .collect();
    let org = viewer.organisation.map(|org| (org, heard));
    match channel {
        None => Ok(Feed {
            org,
            user: viewer.user,
            subject: None,
        }),
        Some(Channel::Org) if org.is_some() => Ok(Feed {
            org,
            user: None,
            subject: None,
        }),
        Some(Channel::Org) => {
            let detail = "Choose one with POST /api/v1/auth/switch-org.";
            Err(Problem::new(code::NO_ORGANISATION, detail))
        }
        Some(Channel::Me) if viewer.user.is_some() => Ok(Feed {
            org: None,
            user: viewer.user,
            subject: None,
        }),
        Some(Channel::Me) => Err(Problem::new(
            code::FORBIDDEN,
            "An API key has no channel of its own: use org.",
        )),
        Some(Channel::Subject { kind, id }) => {
            let subject = app.live.gate.subject(viewer, kind, id).await;
            let subject = subject.map_err(|denied| match denied.code {
                "not_found" => Problem::not_found(),
                _ => Problem::new(code::UNAVAILABLE, denied.detail).retry_after(1),
            })?;
            Ok(Feed {
                org,
                user: None,
                subject: Some(subject),
            })
        }
    }
}
