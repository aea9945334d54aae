//! The API put together: routes, OpenAPI document, error codes, event kinds.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use guildhall_spine::{
    App,
    config::HttpConfig,
    event::EventDoc,
    http::{
        Code, Problem, describe_errors, describe_optional_parameters, edge, method_not_allowed, not_found,
        security_schemes, show_errors,
    },
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder, Tag};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    VERSION, pages,
    sheet::{self, Lists},
    system,
};

const DOCUMENT: &str = "/api/v1/openapi.json";

fn routes() -> OpenApiRouter<App> {
    let kinds = events().iter().map(|event| event.kind).collect();
    let described = OpenApiRouter::with_openapi(OpenApiBuilder::new().info(info()).tags(Some(tags())).build())
        .merge(guildhall_spine::identity::routes())
        .merge(guildhall_spine::audit::routes(kinds))
        .merge(guildhall_spine::live::routes())
        .merge(guildhall_spine::files::routes())
        .merge(guildhall_onboard::routes())
        .merge(guildhall_sell::routes())
        .merge(guildhall_incentivize::routes())
        .merge(guildhall_payouts::routes())
        .merge(guildhall_integrate::routes());
    described.merge(system::routes())
}

fn info() -> Info {
    let mut info = Info::new("Guildhall", VERSION);
    info.description = Some(
        "Partner relationship management for vendors and their channel partners. Live events over WebSocket are \
         described in [asyncapi.json](/api/v1/asyncapi.json), error codes [on a page of their own](/docs/errors)."
            .to_owned(),
    );
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    info
}

fn tag(name: &str, about: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(about.to_owned());
    tag
}

fn tags() -> Vec<Tag> {
    let mut tags = vec![
        tag("auth", "Log-in, sessions, second factor, registration."),
        tag(
            "organisation",
            "The organisation acted for: record, members, invitations, API keys, audit log.",
        ),
        tag("partnerships", "Partners in a vendor's program."),
        tag("programs", "A vendor's programs."),
        tag("deals", "Deal registration."),
        tag("files", "Files: sent, attached to something, read."),
        tag("catalogue", "Products, price lists and the prices that apply."),
        tag("credit", "Who gets the credit for a deal."),
        tag("co-sell", "Opportunities that a vendor and partners work on together."),
        tag(
            "leads",
            "Leads: taking in, handing out by rules, working, converting; public web forms.",
        ),
        tag(
            "pipeline",
            "Stages, board, forecast and analysis of approved deals; exchange rates.",
        ),
        tag(
            "deal policies",
            "A program's terms for registrations: protection, quotas, time to decide, who approves.",
        ),
        tag("conflict desk", "Registrations that collide, settled by one person."),
        tag(
            "webhooks",
            "Events sent to addresses of your own, by the Standard Webhooks specification.",
        ),
        tag("imports", "Records in bulk, from CSV."),
        tag(
            "crm",
            "Connections to CRM systems: mapping, links, sync log, differences.",
        ),
        tag("live", "Events as they happen."),
        tag("system", "Health, version, documentation."),
    ];
    tags.extend(money_tags());
    tags
}

fn money_tags() -> Vec<Tag> {
    vec![
        tag(
            "incentive plans",
            "What is paid for what: versions, simulation, progress.",
        ),
        tag(
            "sales",
            "What earnings are made of: invoices, activities, refunds and chargebacks.",
        ),
        tag("earnings", "What partners and people have earned, and why."),
        tag("ledger", "The double-entry ledger that earnings stand in."),
        tag("adjustments", "What is put right by hand, by two people."),
        tag("disputes", "Objections to what was earned."),
        tag("claims", "Claims of SPIFFs, with proof."),
        tag("funds", "Market development funds."),
        tag(
            "payouts",
            "Where partners are paid, batches of payouts, reconciliation.",
        ),
        tag("statements", "What was earned and paid in a month."),
    ]
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = routes().into_openapi();
    finish(&mut document);
    document
}

/// Adds what all operations have in common; returns what the lists are.
fn finish(document: &mut OpenApi) -> Lists {
    security_schemes(document);
    describe_errors(document);
    show_errors(document, &codes());
    describe_optional_parameters(document);
    sheet::describe(document)
}

/// Every error code.
#[must_use]
pub fn codes() -> Vec<Code> {
    let mut codes = guildhall_spine::http::CODES.to_vec();
    codes.extend(guildhall_onboard::codes());
    codes.extend(guildhall_sell::codes());
    codes.extend(guildhall_incentivize::codes());
    codes.extend(guildhall_payouts::codes());
    codes.extend(guildhall_integrate::codes());
    codes
}

/// Every kind of event.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    let mut events = guildhall_spine::identity::EVENTS.to_vec();
    events.extend(guildhall_onboard::events());
    events.extend(guildhall_sell::events());
    events.extend(guildhall_incentivize::events());
    events.extend(guildhall_payouts::events());
    events.extend(guildhall_integrate::events());
    events
}

/// The router with everything that a request passes.
pub fn router(app: &App) -> Router {
    let (router, mut document) = routes().split_for_parts();
    let lists = Arc::new(finish(&mut document));
    // Written once: as a tree it would take ten times the memory, and be written at each request.
    let document = document.to_json().unwrap_or_else(|error| {
        tracing::error!(%error, "the API's document can't be written");
        String::new()
    });
    let document = Bytes::from(document);
    let shown = get(async move || ([(header::CONTENT_TYPE, "application/json")], document));
    let described = Router::new()
        .merge(SwaggerUi::new("/docs").config(ui()))
        .layer(from_fn(system::titled))
        .route(DOCUMENT, shown)
        .route("/api/v1/asyncapi.json", get(system::asyncapi))
        .route("/docs/errors", get(system::error_codes))
        .layer(from_fn(system::page_headers));
    router
        .merge(described)
        .merge(pages::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(lists, sheet::negotiate))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), edge))
        .layer(cors(&app.config.http))
        .with_state(app.clone())
}

/// The API's page: without a bar to look at other servers' documents, and with credentials kept over a reload.
fn ui() -> Config<'static> {
    Config::new([DOCUMENT])
        .use_base_layout()
        .persist_authorization(true)
        .display_operation_id(true)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    // The panic's text went to the log by the panic hook.
    Problem::internal("a handler panicked").into_response()
}

/// Pages of any origin may ask for a web form; the form itself says which of them may send it.
fn is_web_form(path: &str) -> bool {
    let form = path.strip_prefix("/api/v1/lead-forms/");
    form.is_some_and(|form| form.strip_suffix("/submissions").unwrap_or(form).starts_with("lform_"))
}

fn cors(config: &HttpConfig) -> CorsLayer {
    let origins: Vec<HeaderValue> = config
        .cors_origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    let named = |names: &[&'static str]| {
        names
            .iter()
            .map(|name| HeaderName::from_static(name))
            .collect::<Vec<_>>()
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, request| {
            origins.contains(origin) || is_web_form(request.uri.path())
        }))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(
            [
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
            ]
            .into_iter()
            .chain(named(&["idempotency-key", "x-request-id"]))
            .collect::<Vec<_>>(),
        )
        .expose_headers(
            [header::ETAG, header::LOCATION, header::RETRY_AFTER]
                .into_iter()
                .chain(named(&[
                    "idempotency-replayed",
                    "ratelimit",
                    "ratelimit-policy",
                    "x-request-id",
                ]))
                .collect::<Vec<_>>(),
        )
        .max_age(std::time::Duration::from_secs(3600))
}
