use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use guildhall_kernel::{DealId, ExtensionId, OrgId, UserId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{
        self, Checks, Command, IfMatch, Page, PageQuery, Paging, PathId, Problem, Reply, ValidQuery, Validate, etag,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{record_progress, watch};
use crate::deals::access::{EditableDeal, VisibleDeal};
use crate::deals::code;
use crate::deals::history::{Entry, note};
use crate::deals::notices::{DealExtensionDecided, DealExtensionRequested};
use crate::deals::policy;
use crate::deals::rows::{self, Locked};
use crate::deals::state::DealStatus;

/// Where a request for a longer protection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealExtensionStatus)]
pub(in crate::deals) enum ExtensionStatus {
    /// The vendor owes an answer.
    Requested,
    /// Granted.
    Approved,
    /// Refused.
    Rejected,
    /// The protection ended before the answer.
    Dropped,
}

/// A request for a longer protection.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct DealExtension {
    /// Its id.
    id: ExtensionId,
    /// The deal.
    deal_id: DealId,
    /// Where it stands.
    status: ExtensionStatus,
    /// What progress there is.
    evidence: Option<String>,
    /// What comes next.
    next_step: Option<String>,
    /// When.
    next_step_on: Option<NaiveDate>,
    /// Days that the protection gets longer by.
    #[schema(example = 30)]
    days: i32,
    /// Who asked; `null` for an integration.
    requested_by: Option<UserId>,
    /// When.
    requested_at: DateTime<Utc>,
    /// Who answered.
    decided_by: Option<UserId>,
    /// When.
    decided_at: Option<DateTime<Utc>>,
    /// What was said with the answer.
    note: Option<String>,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    version: i64,
}

/// A request for a longer protection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealExtensionRequest {
    /// What progress there is, 1 to 2000 characters. Needed unless the program's terms do without.
    #[serde(default)]
    #[schema(example = "Pilot runs since May; the contract is with their lawyers.")]
    evidence: Option<String>,
    /// What comes next, 1 to 500 characters.
    #[serde(default)]
    next_step: Option<String>,
    /// When.
    #[serde(default)]
    next_step_on: Option<NaiveDate>,
}

impl Validate for DealExtensionRequest {
    fn validate(&self, checks: &mut Checks) {
        if let Some(evidence) = &self.evidence {
            checks.text("/evidence", evidence, 1, 2000, true);
        }
        if let Some(step) = &self.next_step {
            checks.text("/next_step", step, 1, 500, true);
        }
    }
}

/// Ask for a longer protection
///
/// For the partner, on an approved deal. The program's terms say by how many days, how often, and whether evidence is
/// needed.
#[utoipa::path(post, path = "/api/v1/deals/{id}/extensions", operation_id = "requestDealExtension", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealExtensionRequest, example = json!({"evidence": "Pilot runs since May."})),
    responses((status = 201, description = "the request", body = DealExtension,
        headers(("ETag" = String), ("Location" = String)))))]
pub(in crate::deals) async fn request_extension(
    EditableDeal(reached): EditableDeal,
    command: Command<DealExtensionRequest>,
) -> Result<Reply, Problem> {
    let (request, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    let days = check_terms(tx, &deal, &request).await?;
    let (id, now): (ExtensionId, _) = (tx.new_id(), tx.now());
    let inserted = sqlx::query!(
        "INSERT INTO deal_extension (id, deal_id, vendor_id, partner_id, evidence, next_step, next_step_on, days, status,
                                     requested_by, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'requested', $9, $10) ON CONFLICT (deal_id) WHERE status = 'requested' DO NOTHING",
        id.uuid(),
        deal.id.uuid(),
        deal.vendor_id.uuid(),
        deal.partner_id.uuid(),
        request.evidence,
        request.next_step,
        request.next_step_on,
        i32::from(days),
        reached.actor.user.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        let detail = "A request for this deal waits for the vendor already.";
        return Err(Problem::new(http::code::ALREADY_EXISTS, detail));
    }
    record_progress(tx, deal.id).await?;
    let step = Entry {
        said: request.evidence.as_deref(),
        ..Entry::of("extension_requested").about(id)
    };
    note(tx, deal.id, &reached.actor.origin(), step).await?;
    let requested = DealExtensionRequested {
        extension_id: id,
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        evidence: request.evidence,
        days: i32::from(days),
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    event::append(tx, &reached.actor.origin(), deal.id, &audiences, &requested).await?;
    let extension = get(tx, reached.org, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::created(&format!("/api/v1/extensions/{id}"), &extension)?.version(extension.version);
    command.commit(reply).await
}

/// By how many days the terms let this deal's protection grow.
async fn check_terms(tx: &mut Tx, deal: &Locked, request: &DealExtensionRequest) -> Result<u16, Problem> {
    if deal.status != DealStatus::Approved {
        let detail = format!("The deal is {}: only a protected deal can be extended.", deal.status);
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    let row = sqlx::query!(
        r#"SELECT program_id, protected_until IS NOT NULL AS "ends!",
                  (SELECT count(*) FROM deal_extension WHERE deal_id = d.id AND status = 'approved') AS "granted!"
           FROM deal d WHERE id = $1"#,
        deal.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    let terms = policy::rows::terms(tx, row.program_id.into()).await?.extension;
    if !row.ends || row.granted >= i64::from(terms.most) {
        let detail = format!(
            "The program's terms allow {} extensions for a deal, and it has had {}.",
            terms.most, row.granted
        );
        let problem = Problem::new(code::EXTENSION_LIMIT_REACHED, detail);
        return Err(problem.with("limit", terms.most).with("granted", row.granted));
    }
    if terms.evidence_required && request.evidence.is_none() {
        let message = "is needed: the program's terms ask what progress there is";
        return Err(Problem::field("/evidence", "missing", message));
    }
    Ok(terms.days)
}

/// List the requests for a longer protection
///
/// Of one deal, the oldest first. For both sides.
#[utoipa::path(get, path = "/api/v1/deals/{id}/extensions", operation_id = "listDealExtensions", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of requests", body = Page<DealExtension>)))]
pub(in crate::deals) async fn list_deal_extensions(
    State(app): State<App>,
    deal: VisibleDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let id = deal.view.id;
    let scope = format!("deal extensions {id}");
    let paging = Paging::<ExtensionId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let extensions = sqlx::query_as!(
        DealExtension,
        r#"SELECT id AS "id: ExtensionId", deal_id AS "deal_id: DealId", status AS "status: ExtensionStatus", evidence,
                  next_step, next_step_on, days, requested_by AS "requested_by: UserId", requested_at,
                  decided_by AS "decided_by: UserId", decided_at, note, version
           FROM deal_extension WHERE deal_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        id.uuid(),
        paging.after.map(ExtensionId::uuid),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, extensions, |one| one.id, |one| one))
}

/// Read a request for a longer protection
#[utoipa::path(get, path = "/api/v1/extensions/{id}", operation_id = "getDealExtension", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = ExtensionId, Path, description = "the request")),
    responses((status = 200, description = "the request", body = DealExtension, headers(("ETag" = String)))))]
pub(in crate::deals) async fn get_extension(
    State(app): State<App>,
    may: May<right::DealRead>,
    PathId(id): PathId<entity::Extension>,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let extension = get(&mut conn, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(([(header::ETAG, etag(extension.version))], Json(extension)).into_response())
}

async fn get(conn: &mut sqlx::PgConnection, org: OrgId, id: ExtensionId) -> Result<Option<DealExtension>, sqlx::Error> {
    sqlx::query_as!(
        DealExtension,
        r#"SELECT id AS "id: ExtensionId", deal_id AS "deal_id: DealId", status AS "status: ExtensionStatus", evidence,
                  next_step, next_step_on, days, requested_by AS "requested_by: UserId", requested_at,
                  decided_by AS "decided_by: UserId", decided_at, note, version
           FROM deal_extension WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2)"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// The answer to a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealExtensionDecision {
    /// Whether it is granted.
    #[schema(example = true)]
    approved: bool,
    /// For the partner, 1 to 2000 characters; needed for a refusal.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for DealExtensionDecision {
    fn validate(&self, checks: &mut Checks) {
        match &self.note {
            Some(note) => checks.text("/note", note, 1, 2000, true),
            None => checks.check(self.approved, "/note", "missing", "is needed for a refusal"),
        }
    }
}

/// Answer a request for a longer protection
///
/// For the vendor. A grant moves the end of the protection.
#[utoipa::path(post, path = "/api/v1/extensions/{id}/decide", operation_id = "decideDealExtension", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(("id" = ExtensionId, Path, description = "the request"),
        ("If-Match" = String, Header, description = "the ETag of the request", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealExtensionDecision, example = json!({"approved": true, "note": "Good progress."})),
    responses((status = 200, description = "the request as it is now", body = DealExtension, headers(("ETag" = String)))))]
pub(in crate::deals) async fn decide_extension(
    may: May<right::DealDecide>,
    PathId(id): PathId<entity::Extension>,
    if_match: IfMatch,
    command: Command<DealExtensionDecision>,
) -> Result<Reply, Problem> {
    let (answer, mut command) = command.take();
    let (tx, org) = (&mut command.tx, may.org.id);
    let before = get(tx, org, id).await?.ok_or_else(Problem::not_found)?;
    let deal = rows::lock(tx, before.deal_id, org)
        .await?
        .ok_or_else(Problem::not_found)?;
    let before = get(tx, org, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(before.version)?;
    if before.status != ExtensionStatus::Requested || deal.status != DealStatus::Approved {
        let detail = "The request has been answered, or the deal is not protected any more.";
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    let status = if answer.approved { "approved" } else { "rejected" };
    let now = tx.now();
    sqlx::query!(
        "UPDATE deal_extension SET status = $2, decided_by = $3, decided_at = $4, note = $5, version = version + 1
         WHERE id = $1",
        id.uuid(),
        status,
        may.actor.user.map(UserId::uuid),
        now,
        answer.note,
    )
    .execute(&mut **tx)
    .await?;
    let protected_until = prolong(tx, deal.id, answer.approved.then_some(before.days)).await?;
    let kind = if answer.approved {
        "extension_granted"
    } else {
        "extension_refused"
    };
    let step = Entry {
        said: answer.note.as_deref(),
        ..Entry::of(kind).about(id)
    };
    note(tx, deal.id, &may.actor.origin(), step).await?;
    let decided = DealExtensionDecided {
        extension_id: id,
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        approved: answer.approved,
        protected_until,
        note: answer.note,
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    event::append(tx, &may.actor.origin(), deal.id, &audiences, &decided).await?;
    let extension = get(tx, org, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::ok(&extension)?.version(extension.version);
    command.commit(reply).await
}

/// Moves the end of a protection, if by any days, and returns it.
async fn prolong(tx: &mut Tx, deal: DealId, days: Option<i32>) -> Result<Option<DateTime<Utc>>, Problem> {
    let until = sqlx::query_scalar!("SELECT protected_until FROM deal WHERE id = $1", deal.uuid())
        .fetch_one(&mut **tx)
        .await?;
    let (Some(until), Some(days)) = (until, days) else {
        return Ok(until);
    };
    let until = until + Days::new(u64::try_from(days).unwrap_or(0));
    let now = tx.now();
    sqlx::query!(
        "UPDATE deal SET protected_until = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        deal.uuid(),
        until,
        now
    )
    .execute(&mut **tx)
    .await?;
    watch(tx, deal, until).await?;
    Ok(Some(until))
}
