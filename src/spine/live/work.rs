//! What a socket does that needs the database: begin subscriptions, take fresh tokens, catch up. It runs inside the
//! socket's task and ends when nothing is left to do.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    Channel, Close, Frame, Hub, Interest, TopicSet, Unreadable, Viewer,
    parse::refuse,
    protocol::{
        Authenticate, Authenticated, Lost, Refused, Revoked, ServerFrame, Subscribe, Subscribed, SubscriptionId,
        Unrecovered, Unsubscribe,
    },
    socket::{Request, Socket},
    subscriptions::{Selection, Step},
};
use crate::event::Position;

/// Subscriptions that one socket may have.
pub(super) const MOST_SUBSCRIPTIONS: usize = 64;
/// Events that are read at a time.
const PAGE: usize = 100;
/// Times that a socket may fall behind while it catches up, before it counts as too slow.
const MOST_HOLDS: u32 = 16;

/// Serves the socket's requests in order, and catches its subscriptions up between them.
pub(super) async fn run(hub: Arc<Hub>, socket: Arc<Socket>) {
    let mut holds = 0;
    loop {
        while let Some(request) = next_request(&socket) {
            serve(&hub, &socket, request).await;
        }
        let step = socket.state().subscriptions.step();
        match step {
            Step::Live => return,
            Step::Hold if holds == MOST_HOLDS => {
                socket.close(Close::TooSlow);
                hub.meters.slow.increment(1);
                return;
            }
            Step::Hold => {
                holds += 1;
                hub.hold(&socket);
            }
            Step::Read {
                audiences,
                after,
                until,
            } => match read(&hub, &socket, &audiences, after, until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(Unreadable) => {
                    socket.close(Close::TryAgain);
                    return;
                }
            },
            Step::Release => {
                if !socket.room().await {
                    return;
                }
                let mut state = socket.state();
                if let Some(frame) = state.subscriptions.release() {
                    socket.push(&mut state, frame);
                }
            }
        }
    }
}

fn next_request(socket: &Socket) -> Option<Request> {
    socket.state().requests.pop_front()
}

/// Reads one page and sends what is due of it; false when the socket closed meanwhile.
async fn read(
    hub: &Hub,
    socket: &Socket,
    audiences: &[Uuid],
    after: Position,
    until: Option<Position>,
) -> Result<bool, Unreadable> {
    let viewer = socket.state().viewer.clone();
    let interest = Interest {
        viewer: &viewer,
        audiences,
    };
    let turn = hub.catch_ups.acquire().await;
    let page = hub.history.page(interest, after, until, PAGE).await?;
    drop(turn);
    let last = page.len() < PAGE;
    for event in &page {
        if !socket.room().await {
            return Ok(false);
        }
        let mut state = socket.state();
        if state.subscriptions.replay(&event.as_live()) {
            socket.push(&mut state, event.frame.clone());
        }
    }
    socket.state().subscriptions.page_end(until.filter(|_| last), last);
    Ok(socket.is_open())
}

async fn serve(hub: &Arc<Hub>, socket: &Arc<Socket>, request: Request) {
    match request {
        Request::Subscribe(wanted) => {
            let id = wanted.id.clone();
            match subscribe(hub, socket, wanted).await {
                Ok(()) => {}
                Err(Fault::Refused(refused)) => tell_refusal(socket, &id, refused),
                Err(Fault::Unreadable) => {
                    socket.close(Close::TryAgain);
                }
            }
        }
        Request::Unsubscribe(id) => {
            if hub.detach(socket, &id) {
                socket.tell(&ServerFrame::Unsubscribed(Unsubscribe { id }));
            } else {
                let detail = "there is no subscription of this id on this socket".to_owned();
                tell_refusal(socket, &id, refuse(None, "unknown_subscription", detail, at("/id")));
            }
        }
        Request::Renew => renew(hub, socket).await,
        Request::Authenticate(token) => authenticate(hub, socket, &token).await,
    }
}

enum Fault {
    Refused(Refused),
    Unreadable,
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

async fn subscribe(hub: &Arc<Hub>, socket: &Arc<Socket>, wanted: Subscribe) -> Result<(), Fault> {
    let viewer = {
        let state = socket.state();
        if state.subscriptions.has(&wanted.id) {
            let detail = "a subscription of this id exists: choose another id, or unsubscribe first".to_owned();
            return Err(refuse(None, "duplicate_id", detail, at("/id")).into());
        }
        if state.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            let detail = format!("a socket has at most {MOST_SUBSCRIPTIONS} subscriptions: unsubscribe from some");
            return Err(refuse(None, "too_many_subscriptions", detail, None).into());
        }
        state.viewer.clone()
    };
    let selection = select(hub, &viewer, &wanted).await?;
    let unrecovered = match wanted.since {
        None => None,
        Some(since) => {
            let turn = hub.catch_ups.acquire().await;
            let interest = Interest {
                viewer: &viewer,
                audiences: &[selection.audience],
            };
            let gap = hub
                .history
                .gap(interest, since)
                .await
                .map_err(|Unreadable| Fault::Unreadable)?;
            drop(turn);
            gap
        }
    };
    let since = wanted.since.filter(|_| unrecovered.is_none());
    hub.attach(socket, selection, since, |position| {
        confirm(wanted.id, since.is_some(), unrecovered, position)
    });
    Ok(())
}

fn confirm(id: SubscriptionId, recovered: bool, reason: Option<Unrecovered>, position: Position) -> Option<Frame> {
    let message = ServerFrame::Subscribed(Subscribed {
        id,
        recovered,
        reason,
        position,
    });
    Frame::json(&message)
        .inspect_err(|error| tracing::error!(%error, "a live message didn't serialise"))
        .ok()
}

async fn select(hub: &Hub, viewer: &Viewer, wanted: &Subscribe) -> Result<Selection, Refused> {
    let (audience, own, subject) = match &wanted.channel {
        Channel::Org => (viewer.organisation, false, None),
        Channel::Me => (viewer.user, true, None),
        Channel::Subject { kind, id } => {
            let subject = hub.gate.subject(viewer, kind, id).await;
            let subject = subject.map_err(|denied| refuse(None, denied.code, denied.detail, at("/channel")))?;
            (viewer.organisation, false, Some(subject))
        }
    };
    let audience = audience.ok_or_else(|| {
        let detail = match wanted.channel {
            Channel::Me => "an API key has no channel of its own: subscribe to org",
            Channel::Org | Channel::Subject { .. } => "the token acts for no organisation: switch to one first",
        };
        refuse(None, "no_such_channel", detail.to_owned(), at("/channel"))
    })?;
    if !own && let Some(topics) = &wanted.topics {
        permitted(topics, viewer.topics)?;
    }
    let topics = wanted
        .topics
        .as_ref()
        .map_or(TopicSet::ALL, |topics| TopicSet::selected(topics));
    Ok(Selection {
        id: wanted.id.clone(),
        audience,
        own,
        topics,
        subject,
    })
}

fn permitted(topics: &[crate::event::Topic], allowed: TopicSet) -> Result<(), Refused> {
    match topics
        .iter()
        .enumerate()
        .find(|(_, topic)| !allowed.meets((**topic).into()))
    {
        None => Ok(()),
        Some((place, topic)) => {
            let detail = format!(
                "the role does not include the topic {} of the organisation",
                topic.as_str()
            );
            Err(refuse(
                None,
                "forbidden_topic",
                detail,
                Some(format!("/topics/{place}")),
            ))
        }
    }
}

async fn authenticate(hub: &Hub, socket: &Socket, token: &Authenticate) {
    let refusal = match hub.gate.authenticate(&token.token).await {
        Err(denied) => refuse(None, denied.code, denied.detail, at("/token")),
        Ok(viewer) => {
            let mut state = socket.state();
            if state.viewer.is_same(&viewer) {
                let lost = state.viewer.topics.without(viewer.topics);
                let expires_at = viewer.expires_at;
                socket.renew(&mut state, viewer);
                drop(state);
                if !lost.is_empty() {
                    let revoked = Revoked {
                        what: Lost::Topics(lost),
                        reason: "role_changed",
                    };
                    socket.tell(&ServerFrame::Revoked(revoked));
                }
                socket.tell(&ServerFrame::Authenticated(Authenticated { expires_at }));
                return;
            }
            let detail = "the token is another user's or acts for another organisation: open a socket with it";
            refuse(None, "another_actor", detail.to_owned(), at("/token"))
        }
    };
    socket.tell(&ServerFrame::Error(refusal));
}

async fn renew(hub: &Hub, socket: &Socket) {
    let viewer = socket.state().viewer.clone();
    match hub.gate.renew(&viewer, hub.clock.now()).await {
        Ok(Some(renewed)) => socket.renew(&mut socket.state(), renewed),
        Ok(None) => {
            socket.close(Close::Revoked);
        }
        Err(_) => {
            socket.close(Close::TryAgain);
        }
    }
}

fn tell_refusal(socket: &Socket, id: &SubscriptionId, refused: Refused) {
    socket.tell(&ServerFrame::Error(Refused {
        id: Some(id.to_string()),
        ..refused
    }));
}

fn at(pointer: &str) -> Option<String> {
    Some(pointer.to_owned())
}
