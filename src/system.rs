//! Health, version, metrics and the pages about the API itself.

use std::{
    fmt::Write,
    sync::{OnceLock, atomic::Ordering},
};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use guildhall_spine::{
    App,
    http::{Problem, code},
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{VERSION, api};

/// Raised by one with every addition to the API.
const API_LEVEL: u32 = 1;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(meta))
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "system",
    responses((status = 200, description = "alive", body = String, content_type = "text/plain", example = "ok")))]
async fn healthz() -> &'static str {
    "ok"
}

/// The server can take requests: its database answers, it isn't stopping, and demo data that it was started with is loaded.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "system",
    responses((status = 200, description = "ready", body = String, content_type = "text/plain", example = "ready")))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.stopping.is_cancelled() {
        return Err(Problem::new(code::UNAVAILABLE, "The server is stopping.").retry_after(5));
    }
    if app.loading.load(Ordering::Relaxed) {
        let detail = "The demo data is being loaded; that takes seconds, or minutes for the large set.";
        return Err(Problem::new(code::UNAVAILABLE, detail).retry_after(2));
    }
    sqlx::query_scalar!(r#"SELECT 1 AS "one!""#)
        .fetch_one(app.db.pool())
        .await?;
    Ok("ready")
}

/// What the server measures, for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "system",
    responses((status = 200, description = "text exposition format 0.0.4", body = String, content_type = "text/plain")))]
async fn metrics() -> Response {
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What this server is, so that a client knows whether they suit each other.
#[derive(Serialize, ToSchema)]
struct Meta {
    /// The server's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Rises with every addition to the API.
    #[schema(example = 1)]
    api_level: u32,
    /// The lowest `api_level` that a client must know to work with this server.
    #[schema(example = 1)]
    min_client: u32,
    /// What this server can do.
    #[schema(example = json!(["deals", "live"]))]
    capabilities: &'static [&'static str],
}

/// Version, API level and capabilities.
#[utoipa::path(get, path = "/api/v1/meta", operation_id = "getMeta", tag = "system",
    responses((status = 200, description = "about this server", body = Meta)))]
async fn meta() -> Json<Meta> {
    Json(Meta {
        version: VERSION,
        api_level: API_LEVEL,
        min_client: 1,
        capabilities: &["deals", "live", "partnerships", "totp"],
    })
}

/// The page that the `type` of each problem points to.
pub(crate) async fn error_codes() -> Html<String> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Error codes</title><h1>Error codes</h1><dl>",
    );
    for code in api::codes() {
        let _ = write!(
            page,
            "<dt id=\"{0}\"><code>{0}</code> ({1})</dt><dd>{2}</dd>",
            code.name, code.status, code.title
        );
    }
    page.push_str("</dl></html>");
    Html(page)
}

/// The description of the WebSocket.
pub(crate) async fn asyncapi() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        include_str!("../api-docs/asyncapi.json"),
    )
}

/// Names the API's page after what it describes and not after the program that draws it.
pub(crate) async fn titled(request: Request, next: Next) -> Response {
    const DRAWN: &str = "<title>Swagger UI</title>";
    let entrance = matches!(request.uri().path(), "/docs/" | "/docs/index.html");
    let response = next.run(request).await;
    if !entrance || !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    match axum::body::to_bytes(body, 1 << 20).await {
        Ok(page) => {
            let page = String::from_utf8_lossy(&page).replace(DRAWN, "<title>Guildhall API</title>");
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, page.into())
        }
        Err(error) => Problem::internal(error).into_response(),
    }
}

/// The documentation's pages bring their own scripts and styles, and nobody else's.
pub(crate) async fn page_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// The process's one metrics recorder, installed on first use.
pub(crate) fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let seconds = [
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    ];
    // Its promise is 15 ms.
    let searches = [
        0.000_5, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.012_5, 0.015, 0.02, 0.05, 0.25, 1.0,
    ];
    let of_searches = Matcher::Full("guildhall_conflict_search_seconds".to_owned());
    RECORDER
        .get_or_init(|| {
            let built = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)
                .and_then(|builder| builder.set_buckets_for_metric(of_searches, &searches))
                .and_then(PrometheusBuilder::install_recorder);
            built
                .inspect_err(|error| tracing::error!(%error, "metrics can't be recorded"))
                .ok()
        })
        .as_ref()
}
