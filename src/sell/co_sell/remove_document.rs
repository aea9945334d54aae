use guildhall_kernel::FileId;
use guildhall_spine::{
    files,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Joined;
use super::events::{self, CoSellDocumentRemoved, DocumentNow};
use super::rows;
use super::stage::Stage;

/// Which document to take away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellDocumentRemoval)]
pub(super) struct Removal {
    /// Its number in the opportunity.
    #[schema(example = 1)]
    no: i32,
}

impl Validate for Removal {
    fn validate(&self, _: &mut Checks) {}
}

/// Take a document away
///
/// By the side that added it. If it is a file, that is gone then.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/remove-document", operation_id = "removeCoSellDocument", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Removal, example = json!({"no": 1})),
    responses((status = 204, description = "taken away")))]
pub(super) async fn remove_co_sell_document(Joined(seen): Joined, command: Command<Removal>) -> Result<Reply, Problem> {
    let (removal, mut command) = command.take();
    let tx = &mut command.tx;
    let (_, stage) = rows::lock(tx, seen.id, seen.org).await?;
    if stage != Stage::Joined {
        return Err(Problem::not_found());
    }
    let gone = sqlx::query!(
        r#"DELETE FROM co_sell_document WHERE co_sell_id = $1 AND no = $2 AND org_id = $3
           RETURNING name, file_id AS "file_id: FileId""#,
        seen.id.uuid(),
        removal.no,
        seen.org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let message = "must be the number of a document that your side added";
    let gone = gone.ok_or_else(|| Problem::field("/no", "unknown_document", message))?;
    if let Some(file) = gone.file_id {
        files::remove(tx, file).await?;
    }
    let removed = CoSellDocumentRemoved(DocumentNow {
        co_sell_id: seen.id,
        no: removal.no,
        name: gone.name,
        file_id: gone.file_id,
        org_id: seen.org,
    });
    events::to_joined(tx, &seen.actor.origin(), seen.id, &removed).await?;
    command.commit(Reply::no_content()).await
}
