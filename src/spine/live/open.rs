//! `GET /api/v1/live`: from a request to a socket.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Full, Handshake, HandshakeFault, Viewer, ticket};
use crate::{
    App,
    http::{Problem, ValidQuery, code},
    identity::Actor,
};

/// How a browser, which can't set headers here, says who it is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Entrance {
    /// A ticket from `POST /api/v1/live/tickets`, instead of the Authorization header.
    ticket: Option<String>,
}

/// Open a live socket
///
/// A WebSocket (RFC 6455). The messages are described in asyncapi.json. Authenticates by bearer header, or by a ticket
/// for browsers.
#[utoipa::path(get, path = "/api/v1/live", operation_id = "openLive", tag = "live", security(("bearer" = [])),
    params(Entrance), responses(
        (status = 101, description = "A WebSocket"),
        (status = 426, description = "`upgrade_required`", content_type = "application/problem+json",
            body = ref("#/components/schemas/Problem"))))]
pub(super) async fn open_socket(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let ValidQuery(entrance) = ValidQuery::<Entrance>::from_request_parts(&mut parts, &app).await?;
    let bearer = match &entrance.ticket {
        Some(_) => known_origin(&app, &parts.headers).map(|()| None)?,
        None => Some(Actor::from_request_parts(&mut parts, &app).await?),
    };
    // Before the ticket is spent: a request that can't become a socket leaves it good.
    let handshake = Handshake::from_parts(&mut parts).map_err(refused)?;
    let viewer = match (bearer, entrance.ticket) {
        (Some(actor), _) => Viewer::from(&*actor.standing()),
        (None, ticket) => Viewer::from(&*ticket::spend(&app, &ticket.unwrap_or_default()).await?),
    };
    let place = app.live.admit(viewer.owner).map_err(full)?;
    let headers: HeaderMap = handshake.accept(place, viewer).into_iter().collect();
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

/// A page of another origin must not use a ticket that it came by (RFC 6455 section 10.2).
fn known_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let own = app.config.http.public_url.trim_end_matches('/');
    let same = origin
        .split_once("://")
        .is_some_and(|(_, place)| !place.is_empty() && place.eq_ignore_ascii_case(host));
    if origin == own || same || app.config.http.cors_origins.iter().any(|known| known == origin) {
        return Ok(());
    }
    Err(Problem::new(
        code::FORBIDDEN,
        "Sockets are not opened from this origin: add it to http.cors_origins.",
    ))
}

fn refused(fault: HandshakeFault) -> Problem {
    let kind = match fault {
        HandshakeFault::NotAnUpgrade | HandshakeFault::Version => code::UPGRADE_REQUIRED,
        HandshakeFault::Key => code::INVALID_HANDSHAKE,
        HandshakeFault::NotUpgradable => return Problem::internal(fault),
    };
    let problem = Problem::new(kind, fault.to_string());
    fault
        .headers()
        .into_iter()
        .fold(problem, |problem, (name, value)| problem.header(name, value))
}

fn full(full: Full) -> Problem {
    match full {
        Full::Owner => {
            let detail = "This user or key holds as many sockets as it may: close one, or subscribe more on one.";
            Problem::new(code::RATE_LIMITED, detail).header(header::RETRY_AFTER, HeaderValue::from_static("30"))
        }
        Full::Node => Problem::new(code::UNAVAILABLE, "This node holds as many sockets as it may.").retry_after(5),
        Full::Stopping => Problem::new(code::UNAVAILABLE, "The server is stopping.").retry_after(1),
    }
}
