use guildhall_kernel::{ConflictCaseId, UserId, entity};
use guildhall_spine::{
    access::{May, right},
    event,
    http::{self, Checks, Command, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::{CaseStatus, ConflictCase, load};
use crate::deals::notices::ConflictEvidenceGiven;

/// What a side puts forward.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct NewConflictEvidence {
    /// 1 to 4000 characters.
    #[schema(example = "Minutes of the workshop of 12 May, with their head of production.")]
    text: String,
}

impl Validate for NewConflictEvidence {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/text", &self.text, 1, 4000, true);
    }
}

/// Put evidence before the conflict desk
///
/// For each side of an open case. A partner's is for the vendor and itself; the vendor's own stays with the vendor.
#[utoipa::path(post, path = "/api/v1/conflict-cases/{id}/evidence", operation_id = "giveConflictEvidence", tag = "conflict desk",
    security(("bearer" = ["pipeline:move"])),
    params(("id" = ConflictCaseId, Path, description = "the case"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewConflictEvidence, example = json!({"text": "Minutes of the workshop of 12 May."})),
    responses((status = 201, description = "the case as it is now", body = ConflictCase,
        headers(("ETag" = String), ("Location" = String)))))]
pub(in crate::deals) async fn give_conflict_evidence(
    may: May<right::PipelineMove>,
    PathId(id): PathId<entity::ConflictCase>,
    command: Command<NewConflictEvidence>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let (tx, org) = (&mut command.tx, may.org);
    load(tx, org.id, id).await?.ok_or_else(Problem::not_found)?;
    let now = tx.now();
    // The lock comes first: whoever decides meanwhile goes by what was there.
    sqlx::query!(
        "SELECT id FROM conflict_case WHERE id = $1 FOR NO KEY UPDATE",
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    let case = load(tx, org.id, id).await?.ok_or_else(Problem::not_found)?;
    if case.status != CaseStatus::Open {
        let detail = "The case is decided: evidence comes too late.";
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    // The side hears its own number: the case's would tell how much the others have given.
    let given = sqlx::query!(
        r#"WITH case_changed AS (UPDATE conflict_case SET version = version + 1, updated_at = $5 WHERE id = $1)
           INSERT INTO conflict_evidence (case_id, no, org_id, text, given_by, given_at)
           SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5 FROM conflict_evidence WHERE case_id = $1
           RETURNING (SELECT count(*)::int + 1 FROM conflict_evidence WHERE case_id = $1 AND org_id = $2) AS "no!",
                     (SELECT vendor_id FROM conflict_case WHERE id = $1) AS "vendor!: guildhall_kernel::OrgId""#,
        id.uuid(),
        org.id.uuid(),
        body.text,
        may.actor.user.map(UserId::uuid),
        now,
    )
    .fetch_one(&mut **tx)
    .await?;
    let event = ConflictEvidenceGiven {
        case_id: id,
        vendor_id: given.vendor,
        by_organisation_id: org.id,
        no: given.no,
    };
    event::append(
        tx,
        &may.actor.origin(),
        id,
        &[given.vendor.uuid(), org.id.uuid()],
        &event,
    )
    .await?;
    let case = load(tx, org.id, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::created(&format!("/api/v1/conflict-cases/{id}"), &case)?.version(case.version);
    command.commit(reply).await
}
