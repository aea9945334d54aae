use axum::{extract::State, http::StatusCode};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::change::refuse_others;
use super::events::{DealCommentDeleted, announce};
use super::rows;

/// Delete a comment
///
/// By its author, within 15 minutes (`comment_fixed` after that). That there was one stays, without its words.
#[utoipa::path(delete, path = "/api/v1/deal-comments/{id}", operation_id = "deleteDealComment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the comment", example = "cmt_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 204, description = "its words are gone"),
        (status = 409, description = "`comment_fixed`: it is too old", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn delete_deal_comment(
    State(app): State<App>,
    May { actor, org, .. }: May<right::DealRead>,
    PathId(id): PathId<entity::Comment>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let comment = rows::lock(&mut tx, id, org.id).await?.ok_or_else(Problem::not_found)?;
    refuse_others(&tx, &comment, &actor)?;
    rows::rewrite(&mut tx, id, None, &[]).await?;
    let comment = rows::reload(&mut tx, id, org.id).await?;
    announce::<DealCommentDeleted>(&mut tx, &actor.origin(), &comment).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
