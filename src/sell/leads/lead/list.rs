use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{DealId, LeadFormId, LeadId, OrgId};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery},
    identity::ActingFor,
};
use serde::Deserialize;
use sqlx::{PgPool, types::Json};
use utoipa::IntoParams;
use uuid::Uuid;

use super::draft::Source;
use super::stage::Stage;
use super::view::{Lead, View, views};
use crate::leads::rules::{explain::Why, scoring::ScorePart};

/// Which leads.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadQuery {
    /// Only leads of this stage.
    stage: Option<Stage>,
    /// Only leads that this partner has or is asked about alone; for a vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List leads
///
/// A vendor's own, or those that the partner is asked about or has; the newest come first.
#[utoipa::path(get, path = "/api/v1/leads", operation_id = "listLeads", tag = "leads",
    security(("bearer" = ["leads:read"])), params(LeadQuery),
    responses((status = 200, description = "one page of leads", body = Page<Lead>)))]
pub(in crate::leads) async fn list_leads(
    State(app): State<App>,
    May { actor, org, .. }: May<right::LeadRead>,
    ValidQuery(query): ValidQuery<LeadQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("leads {} {:?} {:?}", org.id, query.stage, query.partner_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let filter = (query.stage, query.partner_id);
    let rows = page(app.db.pool(), org, filter, paging.after, paging.fetch()).await?;
    let lead = |row: View| row.into_lead(org.kind, actor.permissions);
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), lead))
}

/// The leads that `org` may see after `after`, the newest first; of one stage and one partner if these are told.
pub(super) async fn page(
    db: &PgPool,
    org: ActingFor,
    (stage, partner): (Option<Stage>, Option<OrgId>),
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<View>, sqlx::Error> {
    let (stage, after) = (stage.map(Stage::as_str), after.unwrap_or(Uuid::max()));
    let own = org.id.uuid();
    match (org.kind, partner, stage) {
        (OrgKind::Vendor, Some(partner), _) => {
            of_vendor_by_partner(db, own, partner.uuid(), (stage, after, limit)).await
        }
        (OrgKind::Vendor, None, Some(stage)) => of_vendor_by_stage(db, own, stage, after, limit).await,
        (OrgKind::Vendor, None, None) => of_vendor(db, own, after, limit).await,
        // What another partner has is not for these eyes.
        (OrgKind::Partner, Some(other), _) if other != org.id => Ok(Vec::new()),
        (OrgKind::Partner, ..) => of_partner(db, own, stage, after, limit).await,
    }
}

async fn of_vendor(db: &PgPool, vendor: Uuid, after: Uuid, limit: i64) -> Result<Vec<View>, sqlx::Error> {
    views!(
        "lead l LEFT JOIN lead_offer o ON false WHERE l.vendor_id = $1 AND l.id < $2 ORDER BY l.id DESC LIMIT $3",
        vendor,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

async fn of_vendor_by_stage(
    db: &PgPool,
    vendor: Uuid,
    stage: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<View>, sqlx::Error> {
    views!(
        "lead l LEFT JOIN lead_offer o ON false
         WHERE l.vendor_id = $1 AND l.stage = $2 AND l.id < $3 ORDER BY l.id DESC LIMIT $4",
        vendor,
        stage,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

async fn of_vendor_by_partner(
    db: &PgPool,
    vendor: Uuid,
    partner: Uuid,
    (stage, after, limit): (Option<&str>, Uuid, i64),
) -> Result<Vec<View>, sqlx::Error> {
    views!(
        "lead l LEFT JOIN lead_offer o ON false
         WHERE l.vendor_id = $1 AND l.partner_id = $2 AND ($3::text IS NULL OR l.stage = $3) AND l.id < $4
         ORDER BY l.id DESC LIMIT $5",
        vendor,
        partner,
        stage,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

async fn of_partner(
    db: &PgPool,
    partner: Uuid,
    stage: Option<&str>,
    after: Uuid,
    limit: i64,
) -> Result<Vec<View>, sqlx::Error> {
    views!(
        "lead_offer o JOIN lead l ON l.id = o.lead_id
         JOIN partnership s ON s.vendor_id = o.vendor_id AND s.partner_id = o.partner_id AND s.status = 'active'
         WHERE o.partner_id = $1 AND o.state IN ('open', 'accepted', 'done') AND ($2::text IS NULL OR l.stage = $2)
           AND o.lead_id < $3 ORDER BY o.lead_id DESC LIMIT $4",
        partner,
        stage,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
