use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Days, Utc};
use guildhall_kernel::{DealId, OrgId, ReleaseId, UserId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{self, Checks, Command, IfMatch, PathId, Problem, Reply, Validate, etag},
    mail,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::end;
use crate::deals::access::DecidableDeal;
use crate::deals::code;
use crate::deals::events::{DealReleased, announce};
use crate::deals::history::{Entry, note};
use crate::deals::letters::{self, ReleaseRequestedLetter};
use crate::deals::notices::{DealReleaseAnswered, DealReleaseDeclined, DealReleaseRequested};
use crate::deals::policy;
use crate::deals::rows::{self, Locked, Verdict};
use crate::deals::state::DealStatus;
use crate::deals::wire::EndReason;

/// Where a customer's request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealReleaseStatus)]
pub(in crate::deals) enum ReleaseStatus {
    /// The partner is being heard.
    Requested,
    /// The protection has ended.
    Released,
    /// The protection stays.
    Kept,
}

/// A customer's request to be released from the partner who registered it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct DealRelease {
    /// Its id.
    id: ReleaseId,
    /// The deal.
    deal_id: DealId,
    /// Where it stands.
    status: ReleaseStatus,
    /// Who at the customer asked.
    #[schema(example = "Jonas Weber, Head of IT")]
    asked_by: String,
    /// What shows that they did.
    #[schema(example = "Letter of 3 May, scanned in the CRM under case 4711.")]
    evidence: String,
    /// Until when the partner can answer before anything is decided.
    hearing_until: DateTime<Utc>,
    /// The partner's answer.
    answer: Option<String>,
    /// Who at the vendor recorded it; `null` for an integration.
    recorded_by: Option<UserId>,
    /// When.
    recorded_at: DateTime<Utc>,
    /// Who decided.
    decided_by: Option<UserId>,
    /// When.
    decided_at: Option<DateTime<Utc>>,
    /// What was said with the decision.
    note: Option<String>,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    version: i64,
}

/// What a customer asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealReleaseRequest {
    /// Who at the customer asked, 1 to 200 characters.
    #[schema(example = "Jonas Weber, Head of IT")]
    asked_by: String,
    /// What shows that they did, 1 to 2000 characters. The partner sees it.
    #[schema(example = "Letter of 3 May, scanned in the CRM under case 4711.")]
    evidence: String,
}

impl Validate for DealReleaseRequest {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/asked_by", &self.asked_by, 1, 200, false);
        checks.text("/evidence", &self.evidence, 1, 2000, true);
    }
}

/// Record that a customer wants to be released
///
/// For the vendor, on an approved deal. The partner is told and heard before it is decided on.
#[utoipa::path(post, path = "/api/v1/deals/{id}/release", operation_id = "requestDealRelease", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealReleaseRequest, example = json!({"asked_by": "Jonas Weber, Head of IT", "evidence": "Letter of 3 May."})),
    responses((status = 201, description = "the request", body = DealRelease,
        headers(("ETag" = String), ("Location" = String)))))]
pub(in crate::deals) async fn request_release(
    State(app): State<App>,
    DecidableDeal(reached): DecidableDeal,
    command: Command<DealReleaseRequest>,
) -> Result<Reply, Problem> {
    let (request, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    refuse_unprotected(deal.status)?;
    let release = insert(tx, &deal, &request, reached.actor.user).await?;
    let (id, hearing_until) = (release.id, release.hearing_until);
    let step = Entry {
        said: Some(&request.evidence),
        ..Entry::of("release_requested").about(id)
    };
    note(tx, deal.id, &reached.actor.origin(), step).await?;
    let requested = DealReleaseRequested {
        release_id: id,
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        asked_by: request.asked_by,
        hearing_until,
    };
    event::append(tx, &reached.actor.origin(), deal.id, &both(&deal), &requested).await?;
    let letter = ReleaseRequestedLetter {
        customer: &rows::customer_name(tx, deal.id).await?,
        vendor: &letters::company(tx, deal.vendor_id).await?,
        until: &letters::moment(hearing_until),
        link: &letters::deal_page(&app, deal.id),
    };
    for address in letters::reps(tx, deal.id).await? {
        mail::queue(tx, &address, &letter).await?;
    }
    let reply = Reply::created(&format!("/api/v1/releases/{id}"), &release)?.version(release.version);
    command.commit(reply).await
}

fn both(deal: &Locked) -> [uuid::Uuid; 2] {
    [deal.vendor_id.uuid(), deal.partner_id.uuid()]
}

fn refuse_unprotected(status: DealStatus) -> Result<(), Problem> {
    if status == DealStatus::Approved {
        return Ok(());
    }
    let detail = format!("The deal is {status}: there is no protection to be released from.");
    Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()))
}

async fn insert(
    tx: &mut Tx,
    deal: &Locked,
    request: &DealReleaseRequest,
    by: Option<UserId>,
) -> Result<DealRelease, Problem> {
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    let (id, now): (ReleaseId, _) = (tx.new_id(), tx.now());
    let inserted = sqlx::query!(
        "INSERT INTO deal_release (id, deal_id, vendor_id, partner_id, asked_by, evidence, hearing_until, status,
                                   recorded_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8, $9)
         ON CONFLICT (deal_id) WHERE status = 'requested' DO NOTHING",
        id.uuid(),
        deal.id.uuid(),
        deal.vendor_id.uuid(),
        deal.partner_id.uuid(),
        request.asked_by,
        request.evidence,
        now + Days::new(u64::from(terms.hearing_days)),
        by.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        let detail = "A request of this customer waits for its decision already.";
        return Err(Problem::new(http::code::ALREADY_EXISTS, detail));
    }
    get(tx, deal.vendor_id, id).await?.ok_or_else(Problem::not_found)
}

async fn get(conn: &mut sqlx::PgConnection, org: OrgId, id: ReleaseId) -> Result<Option<DealRelease>, sqlx::Error> {
    sqlx::query_as!(
        DealRelease,
        r#"SELECT id AS "id: ReleaseId", deal_id AS "deal_id: DealId", status AS "status: ReleaseStatus", asked_by,
                  evidence, hearing_until, answer, recorded_by AS "recorded_by: UserId", recorded_at,
                  decided_by AS "decided_by: UserId", decided_at, note, version
           FROM deal_release WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2)"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// Read a customer's request to be released
#[utoipa::path(get, path = "/api/v1/releases/{id}", operation_id = "getDealRelease", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = ReleaseId, Path, description = "the request")),
    responses((status = 200, description = "the request", body = DealRelease, headers(("ETag" = String)))))]
pub(in crate::deals) async fn get_release(
    State(app): State<App>,
    may: May<right::DealRead>,
    PathId(id): PathId<entity::Release>,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let release = get(&mut conn, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    Ok(([(header::ETAG, etag(release.version))], Json(release)).into_response())
}

/// The partner's side of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealReleaseAnswer {
    /// What the vendor should know, 1 to 2000 characters.
    #[schema(example = "We are in the middle of the pilot; Ms Berg, who leads it, knows nothing of this.")]
    answer: String,
}

impl Validate for DealReleaseAnswer {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/answer", &self.answer, 1, 2000, true);
    }
}

/// Answer a customer's request to be released
///
/// For the partner, as long as it isn't decided.
#[utoipa::path(post, path = "/api/v1/releases/{id}/answer", operation_id = "answerDealRelease", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = ReleaseId, Path, description = "the request"),
        ("If-Match" = String, Header, description = "the ETag of the request", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealReleaseAnswer, example = json!({"answer": "We are in the middle of the pilot."})),
    responses((status = 200, description = "the request as it is now", body = DealRelease, headers(("ETag" = String)))))]
pub(in crate::deals) async fn answer_release(
    may: May<right::DealSubmit>,
    PathId(id): PathId<entity::Release>,
    if_match: IfMatch,
    command: Command<DealReleaseAnswer>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let (deal, _) = lock(tx, may.org.id, id, &if_match).await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE deal_release SET answer = $2, answered_by = $3, answered_at = $4, version = version + 1 WHERE id = $1",
        id.uuid(),
        body.answer,
        may.actor.user.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    let step = Entry {
        said: Some(&body.answer),
        ..Entry::of("release_answered").about(id)
    };
    note(tx, deal.id, &may.actor.origin(), step).await?;
    let answered = DealReleaseAnswered {
        release_id: id,
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        answer: body.answer,
    };
    event::append(tx, &may.actor.origin(), deal.id, &both(&deal), &answered).await?;
    let release = get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::ok(&release)?.version(release.version);
    command.commit(reply).await
}

/// The request with its deal locked, as long as it waits for its decision.
async fn lock(tx: &mut Tx, org: OrgId, id: ReleaseId, if_match: &IfMatch) -> Result<(Locked, DealRelease), Problem> {
    let release = get(tx, org, id).await?.ok_or_else(Problem::not_found)?;
    let deal = rows::lock(tx, release.deal_id, org)
        .await?
        .ok_or_else(Problem::not_found)?;
    let release = get(tx, org, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(release.version)?;
    if release.status != ReleaseStatus::Requested {
        let detail = "The request has been decided on.";
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    refuse_unprotected(deal.status)?;
    Ok((deal, release))
}

/// The vendor's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealReleaseDecision {
    /// Whether the protection ends.
    #[schema(example = true)]
    released: bool,
    /// For the partner, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for DealReleaseDecision {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

/// Decide on a customer's request to be released
///
/// For the vendor, once the partner has answered or its time to do so is over (`partner_not_heard`). A release ends the
/// protection for good.
#[utoipa::path(post, path = "/api/v1/releases/{id}/decide", operation_id = "decideDealRelease", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(("id" = ReleaseId, Path, description = "the request"),
        ("If-Match" = String, Header, description = "the ETag of the request", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealReleaseDecision, example = json!({"released": true})),
    responses((status = 200, description = "the request as it is now", body = DealRelease, headers(("ETag" = String)))))]
pub(in crate::deals) async fn decide_release(
    may: May<right::DealDecide>,
    PathId(id): PathId<entity::Release>,
    if_match: IfMatch,
    command: Command<DealReleaseDecision>,
) -> Result<Reply, Problem> {
    let (decision, mut command) = command.take();
    let (tx, by) = (&mut command.tx, may.actor.user);
    let (deal, release) = lock(tx, may.org.id, id, &if_match).await?;
    if release.answer.is_none() && tx.now() < release.hearing_until {
        let until = letters::moment(release.hearing_until);
        let detail = format!("The partner has until {until} to answer: decide then, or once it has answered.");
        return Err(Problem::new(code::PARTNER_NOT_HEARD, detail));
    }
    let (now, status) = (tx.now(), if decision.released { "released" } else { "kept" });
    sqlx::query!(
        "UPDATE deal_release SET status = $2, decided_by = $3, decided_at = $4, note = $5, version = version + 1
         WHERE id = $1",
        id.uuid(),
        status,
        by.map(UserId::uuid),
        now,
        decision.note,
    )
    .execute(&mut **tx)
    .await?;
    let origin = may.actor.origin();
    if decision.released {
        let verdict = Verdict {
            status: DealStatus::Released,
            by,
            note: decision.note.as_deref(),
            reason: None,
            conflict_level: None,
        };
        let mut facts = rows::decide(tx, &deal, &verdict).await?.facts();
        end(tx, deal.id, EndReason::Release).await?;
        facts.ended_because = Some(EndReason::Release);
        announce::<DealReleased>(tx, &origin, facts).await?;
    } else {
        let step = Entry {
            said: decision.note.as_deref(),
            ..Entry::of("release_declined").about(id)
        };
        note(tx, deal.id, &origin, step).await?;
        let declined = DealReleaseDeclined {
            release_id: id,
            deal_id: deal.id,
            vendor_id: deal.vendor_id,
            partner_id: deal.partner_id,
            note: decision.note,
        };
        event::append(tx, &origin, deal.id, &both(&deal), &declined).await?;
    }
    let release = get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::ok(&release)?.version(release.version);
    command.commit(reply).await
}
