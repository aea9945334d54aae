use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
    response::IntoResponse,
};
use guildhall_kernel::{OrgId, PartnershipId, is_country};
use guildhall_spine::{
    App,
    access::Permission,
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, etag},
    identity::Actor,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::leads::rules::rule::check_texts;

/// What a partner can do with leads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadCapabilitiesDraft {
    /// Its territories (ISO 3166-1 alpha-2), at most 500.
    #[serde(default)]
    #[schema(max_items = 500)]
    countries: Vec<String>,
    /// The products that it is competent in, at most 500.
    #[serde(default)]
    #[schema(max_items = 500)]
    products: Vec<String>,
    /// Its certifications, at most 500: rules for leads and for approvals of deals go by them.
    #[serde(default)]
    #[schema(max_items = 500)]
    certifications: Vec<String>,
    /// How many leads it can have open; without a limit when left out.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000000, example = 10)]
    capacity: Option<i32>,
    /// How many leads it gets in proportion to others, 0 to 1000.
    #[schema(minimum = 0, maximum = 1000, example = 3)]
    weight: i32,
}

impl Validate for LeadCapabilitiesDraft {
    fn validate(&self, checks: &mut Checks) {
        for (place, country) in self.countries.iter().enumerate() {
            let at = format!("/countries/{place}");
            checks.check(is_country(country), &at, "country", "must be a country code like DE");
        }
        checks.check(
            self.countries.len() <= 500,
            "/countries",
            "length",
            "must have at most 500",
        );
        check_texts(&self.products, "/products", checks);
        check_texts(&self.certifications, "/certifications", checks);
        let capacity = self.capacity.is_none_or(|capacity| (0..=1_000_000).contains(&capacity));
        checks.check(capacity, "/capacity", "range", "must be from 0 to 1000000");
        checks.check(
            (0..=1000).contains(&self.weight),
            "/weight",
            "range",
            "must be from 0 to 1000",
        );
    }
}

/// What a partner can do with leads, and what it made of its deals.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadCapabilities {
    /// The partner.
    partner_id: OrgId,
    /// Rises with each change; 0 before the first.
    #[schema(example = 1)]
    version: i64,
    /// Its territories (ISO 3166-1 alpha-2).
    countries: Vec<String>,
    /// The products that it is competent in.
    products: Vec<String>,
    /// Its certifications.
    certifications: Vec<String>,
    /// How many leads it can have open.
    #[schema(example = 10)]
    capacity: Option<i32>,
    /// How many leads it gets in proportion to others.
    #[schema(example = 3)]
    weight: i32,
    /// How many leads it has open, or is asked about alone.
    #[schema(example = 4)]
    open: i64,
    /// Deals that it won.
    #[schema(example = 12)]
    won: i64,
    /// Deals that it lost.
    #[schema(example = 7)]
    lost: i64,
}

/// The vendor changed what it holds a partner to be capable of. For the vendor.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::leads) struct LeadCapabilitiesChanged {
    /// The partnership.
    partnership_id: PartnershipId,
    /// The vendor.
    vendor_id: OrgId,
    /// The partner.
    partner_id: OrgId,
    /// The version now.
    version: i64,
}

impl Event for LeadCapabilitiesChanged {
    const KIND: &'static str = "lead_capabilities.changed";
    const TOPIC: Topic = Topic::Leads;
}

/// A partnership of the vendor acted for, whose part in leads the actor may set.
#[derive(Debug)]
pub(in crate::leads) struct KeptPartnership {
    actor: Actor,
    vendor: OrgId,
    partner: OrgId,
    id: PartnershipId,
}

impl FromRequestParts<App> for KeptPartnership {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor.require(Permission::LeadManage)?;
        let PathId(id) = PathId::from_request_parts(parts, app).await?;
        let partner = sqlx::query_scalar!(
            "SELECT partner_id FROM partnership WHERE id = $1 AND vendor_id = $2",
            id.uuid(),
            org.id.uuid()
        )
        .fetch_optional(app.db.pool())
        .await?;
        let partner = partner.ok_or_else(Problem::not_found)?.into();
        Ok(Self {
            actor,
            vendor: org.id,
            partner,
            id,
        })
    }
}

async fn read(conn: &mut PgConnection, id: PartnershipId) -> Result<LeadCapabilities, Problem> {
    let found = sqlx::query_as!(
        LeadCapabilities,
        r#"SELECT p.partner_id AS "partner_id: OrgId", coalesce(c.version, 0) AS "version!",
                  coalesce(c.countries, '{}') AS "countries!", coalesce(c.products, '{}') AS "products!",
                  coalesce(c.certifications, '{}') AS "certifications!", c.capacity AS "capacity?",
                  coalesce(c.weight, 1) AS "weight!", coalesce(w.won, 0) AS "won!", coalesce(w.lost, 0) AS "lost!",
                  (SELECT count(*) FROM lead_offer o WHERE o.vendor_id = p.vendor_id AND o.partner_id = p.partner_id
                   AND o.state IN ('open', 'accepted') AND NOT (o.pool AND o.state = 'open')) AS "open!"
           FROM partnership p
           LEFT JOIN lead_capability c ON c.partnership_id = p.id
           LEFT JOIN lead_win_rate w ON w.vendor_id = p.vendor_id AND w.partner_id = p.partner_id
           WHERE p.id = $1"#,
        id.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Read a partner's lead capabilities
///
/// What the vendor holds the partner to be capable of, and what became of its deals.
#[utoipa::path(get, path = "/api/v1/partnerships/{id}/lead-capabilities", operation_id = "getLeadCapabilities", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("id" = String, Path, description = "the partnership", example = "psp_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the capabilities", body = LeadCapabilities, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn get_lead_capabilities(
    State(app): State<App>,
    kept: KeptPartnership,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let found = read(&mut conn, kept.id).await?;
    Ok(([(header::ETAG, etag(found.version))], Json(found)))
}

/// Replace a partner's lead capabilities
///
/// They count for leads that are handed out from now on.
#[utoipa::path(put, path = "/api/v1/partnerships/{id}/lead-capabilities", operation_id = "replaceLeadCapabilities", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the partnership", example = "psp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the capabilities that were looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadCapabilitiesDraft, example = json!({
        "countries": ["DE", "AT"], "products": ["Edge gateway"], "certifications": ["Gateway expert"], "capacity": 10, "weight": 3
    })),
    responses((status = 200, description = "the capabilities now", body = LeadCapabilities, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn replace_lead_capabilities(
    kept: KeptPartnership,
    if_match: IfMatch,
    command: Command<LeadCapabilitiesDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    crate::leads::lead::rows::take_turns(tx, kept.vendor).await?;
    if_match.check(read(tx, kept.id).await?.version)?;
    let at = tx.now();
    let version = sqlx::query_scalar!(
        "INSERT INTO lead_capability AS c (partnership_id, vendor_id, partner_id, countries, products, certifications,
                                           capacity, weight, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (partnership_id) DO UPDATE SET countries = excluded.countries, products = excluded.products,
             certifications = excluded.certifications, capacity = excluded.capacity, weight = excluded.weight,
             version = c.version + 1, updated_at = excluded.updated_at
         RETURNING version",
        kept.id.uuid(),
        kept.vendor.uuid(),
        kept.partner.uuid(),
        &draft.countries,
        &draft.products,
        &draft.certifications,
        draft.capacity,
        draft.weight,
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    let changed = LeadCapabilitiesChanged {
        partnership_id: kept.id,
        vendor_id: kept.vendor,
        partner_id: kept.partner,
        version,
    };
    event::append(tx, &kept.actor.origin(), kept.id, &[kept.vendor.uuid()], &changed).await?;
    let reply = Reply::ok(&read(tx, kept.id).await?)?.version(version);
    command.commit(reply).await
}
