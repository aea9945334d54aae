use axum::{extract::State, http::StatusCode};
use guildhall_kernel::{DealId, FileId, OrgId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event, files,
    http::{PathId, Problem, code as common},
};

use super::{AttachmentFacts, DealAttachmentRemoved, code, sides};
use crate::deals::access::require_work;
use crate::deals::history::{Entry, note};

struct Found {
    name: String,
    org: OrgId,
    deal: DealId,
}

/// Remove a file from a deal
///
/// By the side that sent it, with the right to attach files. The file is gone then; that it was there stays in the
/// deal's history. A file that answers the deal's form, or would by an open amendment, can't be removed (`file_in_use`).
#[utoipa::path(delete, path = "/api/v1/deal-attachments/{id}", operation_id = "removeDealAttachment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the file", example = "file_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 204, description = "it is gone"),
        (status = 409, description = "`file_in_use`: it answers the form", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn remove_deal_attachment(
    State(app): State<App>,
    May { actor, org, .. }: May<right::DealRead>,
    PathId(file): PathId<entity::File>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let found = find(&mut tx, file, org.id).await?.ok_or_else(Problem::not_found)?;
    require_work(&actor)?;
    if found.org != org.id {
        let detail = "The other side sent it, and it alone may remove it.";
        return Err(Problem::new(common::FORBIDDEN, detail));
    }
    let sides = sides(&mut tx, found.deal).await?;
    refuse_answer(&mut tx, found.deal, file).await?;
    files::remove(&mut tx, file).await?;
    let origin = actor.origin();
    let entry = Entry {
        said: Some(&found.name),
        ..Entry::of("attachment_removed").about(file)
    };
    note(&mut tx, found.deal, &origin, entry).await?;
    let facts = AttachmentFacts {
        deal_id: found.deal,
        vendor_id: sides.vendor,
        partner_id: sides.partner,
        file_id: file,
        name: found.name,
    };
    let audiences = [sides.vendor.uuid(), sides.partner.uuid()];
    event::append(&mut tx, &origin, found.deal, &audiences, &DealAttachmentRemoved(facts)).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A file on a deal that `org` is a side of. The deal is locked before the file, as it is when one is added.
async fn find(tx: &mut Tx, file: FileId, org: OrgId) -> Result<Option<Found>, Problem> {
    let deal = sqlx::query_scalar!(
        "SELECT d.id FROM file f JOIN deal d ON d.id = f.subject_id
         WHERE f.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2) FOR NO KEY UPDATE OF d",
        file.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(deal) = deal else { return Ok(None) };
    let found = sqlx::query_as!(
        Found,
        r#"SELECT name, org_id AS "org: OrgId", subject_id AS "deal!: DealId"
           FROM file WHERE id = $1 AND subject_id = $2 FOR UPDATE"#,
        file.uuid(),
        deal,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found)
}

async fn refuse_answer(tx: &mut Tx, deal: DealId, file: FileId) -> Result<(), Problem> {
    let used = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM deal d, jsonb_each_text(d.custom) answer WHERE d.id = $1 AND answer.value = $2
           ) OR EXISTS (
               SELECT FROM deal_amendment a, jsonb_each_text(a.proposed -> 'custom') answer
               WHERE a.deal_id = $1 AND a.status = 'proposed' AND a.proposed ? 'custom' AND answer.value = $2
           ) AS "used!""#,
        deal.uuid(),
        file.to_string(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if !used {
        return Ok(());
    }
    let detail = "Change the answer first: PATCH /api/v1/deals/{id}, or an amendment once the deal is approved.";
    Err(Problem::new(code::FILE_IN_USE, detail))
}
