//! What every request passes: its id, the client's address, credentials, limits, the time-out, headers, metrics.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Problem, code};
use crate::{
    App,
    identity::{Standing, bearer},
};

tokio::task_local! {
    static REQUEST_ID: Arc<str>;
}

/// The id of the request that this task answers.
pub(super) fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(|id| id.to_string()).ok()
}

/// What is known of a request before its handler runs.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Its id, from the client's `X-Request-Id` or made here.
    pub request_id: Arc<str>,
    /// The client's address; proxies that are trusted looked through.
    pub ip: IpAddr,
    /// Who asks: `None` without credentials.
    pub standing: Option<Arc<Standing>>,
    /// Why the credentials given were refused.
    pub refused: Option<&'static str>,
}

/// The peer's address, set by [`super::serve`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The one middleware around all routes.
pub async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(request.headers(), &app);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let id = Arc::clone(&request_id);
    let mut response = REQUEST_ID
        .scope(id, async {
            match admit(&app, &mut request, request_id.clone()).await {
                Err(problem) => problem.into_response(),
                Ok(limit) => {
                    let timeout = Duration::from_secs(app.config.http.request_timeout_seconds);
                    let answer = tokio::time::timeout(timeout, next.run(request))
                        .await
                        .unwrap_or_else(|_| {
                            let detail =
                                "The request was given up; what it had not committed was rolled back. Try again.";
                            Problem::new(code::TIMED_OUT, detail).retry_after(1).into_response()
                        });
                    with_limit(answer, limit)
                }
            }
        })
        .await;
    finish(response.headers_mut(), &request_id);
    let elapsed = started.elapsed();
    let status = response.status();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    record(&method, route, status.as_u16(), elapsed);
    if status.is_server_error() {
        tracing::warn!(%method, route, status = status.as_u16(), ms = elapsed.as_millis(), %request_id, "request failed");
    } else {
        tracing::debug!(%method, route, status = status.as_u16(), us = elapsed.as_micros(), %request_id, "request");
    }
    response
}

async fn admit(app: &App, request: &mut Request, request_id: Arc<str>) -> Result<Option<super::Verdict>, Problem> {
    refuse_doubles(request.headers())?;
    let ip = client_ip(app, request);
    let mut context = RequestContext {
        request_id,
        ip,
        standing: None,
        refused: None,
    };
    if let Some(token) = bearer(request.headers()) {
        match app.identity.authenticate(&app.db, token).await? {
            Ok(standing) => context.standing = Some(standing),
            Err(reason) => context.refused = Some(reason),
        }
    }
    let verdict = match &context.standing {
        Some(standing) => app.limits.principal(standing.principal),
        None => app.limits.address(ip),
    };
    if let Some((verdict, problem)) = verdict.as_ref().and_then(|verdict| Some((verdict, verdict.problem()?))) {
        return Err(verdict
            .headers()
            .into_iter()
            .fold(problem, |problem, (name, value)| problem.header(name, value)));
    }
    request.extensions_mut().insert(context);
    Ok(verdict)
}

/// Headers that say one thing here. Of two, somebody on the way may have believed the other (RFC 9110 section 5.3);
/// `If-Match` could be a list, but lines of it that disagree are no condition to rely on.
static SINGLE: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::HOST,
    header::IF_MATCH,
    HeaderName::from_static("idempotency-key"),
];

fn refuse_doubles(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    let Some(name) = SINGLE
        .iter()
        .find(|name| headers.get_all(*name).iter().nth(1).is_some())
    else {
        return Ok(());
    };
    let times = headers.get_all(name).iter().count();
    let detail = format!("The header {name} came {times} times: send it once.");
    Err(Problem::new(code::DUPLICATE_HEADER, detail).with("header", name.as_str()))
}

fn with_limit(mut response: Response, verdict: Option<super::Verdict>) -> Response {
    if let Some(verdict) = verdict {
        response.headers_mut().extend(verdict.headers());
    }
    response
}

fn request_id(headers: &HeaderMap, app: &App) -> Arc<str> {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let usable = given.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    usable.map_or_else(|| hex::encode(app.entropy.bytes::<12>()).into(), Into::into)
}

/// The peer, or behind trusted proxies the last address of `X-Forwarded-For` that isn't one of them.
fn client_ip(app: &App, request: &Request) -> IpAddr {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical());
    if !app.proxies.trusts(peer) {
        return peer;
    }
    let mut client = peer;
    let forwarded = request.headers().get_all("x-forwarded-for");
    let hops: Vec<&str> = forwarded
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    for hop in hops.iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !app.proxies.trusts(client) {
            break;
        }
    }
    client
}

fn finish(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = "default-src 'none'; frame-ancestors 'none'";
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(nothing));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
}

fn record(method: &axum::http::Method, route: &str, status: u16, elapsed: Duration) {
    let class = match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    let labels = [
        ("method", method.as_str().to_owned()),
        ("route", route.to_owned()),
        ("status", class.to_owned()),
    ];
    metrics::histogram!("http_request_seconds", &labels).record(elapsed.as_secs_f64());
}

/// The answer to an address that no route has.
pub async fn not_found() -> Problem {
    Problem::new(
        code::NOT_FOUND,
        "There is no such address. The API is described at /docs.",
    )
}

/// The answer to a method that a route doesn't have.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        code::METHOD_NOT_ALLOWED,
        "See the Allow header, or the API's description at /docs.",
    )
}
