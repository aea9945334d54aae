//! Stopping an import.

use guildhall_kernel::ImportId;
use guildhall_spine::{
    event,
    http::{Checks, Command, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Import, Status,
    access::OwnImport,
    events::{ImportCancelled, ImportFacts},
    rows,
};

/// Nothing more to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportCancellation {}

impl Validate for ImportCancellation {
    fn validate(&self, _: &mut Checks) {}
}

/// Stop an import
///
/// One that waits or reads rows. Rows that were imported one by one stay; of an import of all or nothing, nothing was.
#[utoipa::path(post, path = "/api/v1/imports/{id}/cancel", operation_id = "cancelImport", tag = "imports",
    security(("bearer" = ["imports:manage"])),
    params(("id" = ImportId, Path, description = "the import"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = ImportCancellation, example = json!({})),
    responses((status = 200, description = "stopped", body = Import, headers(("ETag" = String)))))]
pub(super) async fn cancel_import(
    OwnImport { may, import }: OwnImport,
    mut command: Command<ImportCancellation>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let held = rows::try_lock(tx, may.org.id, import.id).await?;
    let Some(held) = held.filter(|held| matches!(held.status, Status::Queued | Status::Running)) else {
        let detail = "It can't be stopped any more: all its rows are being imported, or it has ended.";
        return Err(Problem::new(code::ILLEGAL_MOVE, detail));
    };
    let import = rows::end(tx, may.org.id, held.id, Status::Cancelled, None).await?;
    let cancelled = ImportCancelled(ImportFacts::new(may.org.id, &import));
    event::append(tx, &may.actor.origin(), import.id, &[may.org.id.uuid()], &cancelled).await?;
    command.commit(Reply::ok(&import)?.version(import.version)).await
}
