use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PayoutProfileId, UserId};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::events::PayeeConsentChanged;

/// Whether `vendor` may pay people of `partner` in person: the employer has said so, of this vendor or of all.
///
/// # Errors
/// When the database fails.
pub(crate) async fn pays_persons(conn: &mut PgConnection, vendor: OrgId, partner: OrgId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payee_consent WHERE partner_id = $2 AND (vendor_id IS NULL OR vendor_id = $1)
                             AND revoked_at IS NULL) AS "pays!""#,
        vendor.uuid(),
        partner.uuid()
    )
    .fetch_one(conn)
    .await
}

/// An employer's word that its people may be paid in person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayeeConsent {
    #[serde(skip)]
    id: Uuid,
    /// By this vendor; by all without.
    vendor_id: Option<OrgId>,
    /// Who gave it.
    given_by: UserId,
    /// When it was given.
    at: DateTime<Utc>,
}

/// List who may pay the company's people
///
/// What the company has said and not taken back.
#[utoipa::path(get, path = "/api/v1/payee-consents", operation_id = "listPayeeConsents", tag = "payouts",
    security(("bearer" = ["earnings:dispute"])), params(PageQuery),
    responses((status = 200, description = "one page of consents", body = Page<PayeeConsent>)))]
pub(super) async fn list_payee_consents(
    State(app): State<App>,
    May { org, .. }: May<right::EarningDispute>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("payee-consents {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        PayeeConsent,
        r#"SELECT id, vendor_id AS "vendor_id: OrgId", given_by AS "given_by: UserId", at FROM payee_consent
           WHERE partner_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        org.id.uuid(),
        paging.after,
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, |row| row))
}

/// Whether the company's people may be paid in person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayeeConsentDraft {
    /// By this vendor; by all when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Whether they may.
    given: bool,
}

impl Validate for PayeeConsentDraft {
    fn validate(&self, _: &mut Checks) {}
}

/// Let vendors pay the company's people
///
/// Or not any more: what was earned before is then owed to nobody's account until the consent is given again. A word on all
/// vendors and one on a single vendor stand beside each other.
#[utoipa::path(put, path = "/api/v1/payee-consents", operation_id = "putPayeeConsent", tag = "payouts",
    security(("bearer" = ["earnings:dispute"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = PayeeConsentDraft, example = json!({"given": true})),
    responses((status = 204, description = "it is so now")))]
pub(super) async fn put_payee_consent(
    May { actor, org, .. }: May<right::EarningDispute>,
    command: Command<PayeeConsentDraft>,
) -> Result<Reply, Problem> {
    let by = actor.require_user()?;
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    if let Some(vendor) = draft.vendor_id
        && !is_active_partner(tx, vendor, org.id).await?
    {
        return Err(Problem::field(
            "/vendor_id",
            "unknown",
            "is no vendor that the company is active with",
        ));
    }
    let changed = if draft.given {
        give(tx, org.id, draft.vendor_id, by).await?
    } else {
        revoke(tx, org.id, draft.vendor_id, by).await?
    };
    if changed {
        let event = PayeeConsentChanged {
            partner_id: org.id,
            vendor_id: draft.vendor_id,
            given: draft.given,
        };
        let audience: Vec<Uuid> = [org.id].into_iter().chain(draft.vendor_id).map(Uuid::from).collect();
        event::append(tx, &actor.origin(), org.id, &audience, &event).await?;
    }
    command.commit(Reply::no_content()).await
}

pub(crate) async fn give(tx: &mut Tx, partner: OrgId, vendor: Option<OrgId>, by: UserId) -> Result<bool, Problem> {
    let (id, at) = (PayoutProfileId::from(tx.new_id()).uuid(), tx.now());
    let given = sqlx::query!(
        "INSERT INTO payee_consent (id, partner_id, vendor_id, given_by, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (partner_id, vendor_id) WHERE revoked_at IS NULL DO NOTHING",
        id,
        partner.uuid(),
        vendor.map(Uuid::from),
        by.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(given.rows_affected() == 1)
}

async fn revoke(tx: &mut Tx, partner: OrgId, vendor: Option<OrgId>, by: UserId) -> Result<bool, Problem> {
    let at = tx.now();
    let revoked = sqlx::query!(
        "UPDATE payee_consent SET revoked_by = $3, revoked_at = $4
         WHERE partner_id = $1 AND vendor_id IS NOT DISTINCT FROM $2 AND revoked_at IS NULL",
        partner.uuid(),
        vendor.map(Uuid::from),
        by.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(revoked.rows_affected() == 1)
}
