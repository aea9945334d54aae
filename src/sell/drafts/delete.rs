use axum::{extract::State, http::StatusCode};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::events::{DealDraftDeleted, DraftFacts, announce};
use super::{code, rows};

/// Delete a draft
///
/// What was submitted stays as the deal that it became (`draft_submitted`).
#[utoipa::path(delete, path = "/api/v1/deal-drafts/{id}", operation_id = "deleteDealDraft", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = String, Path, description = "the draft", example = "draft_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 204, description = "it is gone"),
        (status = 409, description = "`draft_submitted`: it is a deal now", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn delete_deal_draft(
    State(app): State<App>,
    May { actor, org, .. }: May<right::DealSubmit>,
    PathId(id): PathId<entity::DealDraft>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let draft = rows::lock(&mut tx, id, org.id).await?;
    if let Some(deal) = draft.deal_id {
        let detail = format!("It is the deal {deal} now, which can be withdrawn.");
        return Err(Problem::new(code::DRAFT_SUBMITTED, detail));
    }
    sqlx::query!("DELETE FROM deal_draft WHERE id = $1", id.uuid())
        .execute(&mut *tx)
        .await?;
    let facts = DraftFacts {
        draft_id: id,
        partner_id: org.id,
        version: draft.version,
        deal_id: None,
    };
    announce::<DealDraftDeleted>(&mut tx, &actor.origin(), facts).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
