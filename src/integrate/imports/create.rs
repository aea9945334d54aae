//! Asking for an import.

use std::collections::BTreeMap;

use guildhall_kernel::{FileId, OrgId};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Import, Mode,
    events::{ImportCreated, ImportFacts},
    kind,
    mapping::resolve,
    rows::{self, Asked},
};

/// An import to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewImport {
    /// The file, from `POST /api/v1/import-files`.
    file_id: FileId,
    /// What its rows are: `partners`, `deals`, `products` or `leads`.
    #[schema(example = "partners")]
    kind: String,
    /// What happens to good rows when others are bad.
    mode: Mode,
    /// Whether rows are only looked at, and nothing is stored; `false` when left out.
    #[serde(default)]
    dry_run: bool,
    /// Whether people named in the rows (a partner's admin) get letters; `false` when left out.
    #[serde(default)]
    invite: bool,
    /// Whether deals of a file that was imported before are registered once more; `false` when left out.
    #[serde(default)]
    again: bool,
    /// The column that each field is read from. When left out, each field is read from the column of its name. What the
    /// form of a program asks for is `fields.<key>`.
    #[schema(example = json!({"name": "Company", "country": "Country"}))]
    mapping: Option<BTreeMap<String, String>>,
}

impl Validate for NewImport {
    fn validate(&self, checks: &mut Checks) {
        if self.mapping.as_ref().is_some_and(|mapping| mapping.len() > 100) {
            checks.refuse("/mapping", "length", "must have at most 100 fields");
        }
    }
}

/// Import a file
///
/// Begins as soon as a node has time; follow it with `GET /api/v1/imports/{id}`, or by `import.progressed` and
/// `import.finished` on the live socket. Importing takes the permission that the rows take one by one, besides. A file of
/// deals whose very content was imported in the last 30 days is 409 `already_exists`, unless `again` says so.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "createImport", tag = "imports",
    security(("bearer" = ["imports:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewImport, example = json!({
        "file_id": "file_01kaqv6r3gf5ht2x0m8c9ezw4n", "kind": "deals", "mode": "per_row", "dry_run": true})),
    responses((status = 201, description = "queued", body = Import, headers(("Location" = String), ("ETag" = String)))))]
pub(super) async fn create_import(
    may: May<right::ImportManage>,
    command: Command<NewImport>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let Some(kind) = kind::find(&body.kind, may.org.kind) else {
        let message = format!("must be {}", kind::names(may.org.kind).join(" or "));
        return Err(Problem::field("/kind", "unknown", message));
    };
    if let Some(needed) = kind.permission(may.org.kind) {
        may.actor.require(needed)?;
    }
    let file = rows::file(tx, may.org.id, body.file_id).await?;
    let file = file.ok_or_else(|| Problem::field("/file_id", "not_found", "there is no such file"))?;
    let mut checks = Checks::default();
    let free = kind.free(tx, may.org.id, may.org.kind).await?;
    let mapping = resolve(
        &mut checks,
        (kind.fields(may.org.kind), &free),
        &file.columns,
        body.mapping,
    );
    checks.done()?;
    if kind.doubles() && !body.dry_run && !body.again {
        refuse_again(tx, may.org.id, kind.name(), file.id).await?;
    }
    let origin = may.actor.origin();
    let asked = Asked {
        kind: kind.name(),
        mode: body.mode,
        dry_run: body.dry_run,
        invite: body.invite,
        file: file.id,
        mapping: &mapping,
        origin: serde_json::to_value(&origin).map_err(Problem::internal)?,
        by: may.actor.user,
    };
    let import = rows::insert(tx, may.org.id, &asked).await?;
    let created = ImportCreated(ImportFacts::new(may.org.id, &import));
    event::append(tx, &origin, import.id, &[may.org.id.uuid()], &created).await?;
    let reply = Reply::created(&format!("/api/v1/imports/{}", import.id), &import)?;
    command.commit(reply.version(import.version)).await
}

/// Rows that came once aren't to come a second time by an accident.
async fn refuse_again(tx: &mut Tx, org: OrgId, kind: &str, file: FileId) -> Result<(), Problem> {
    let Some(before) = rows::imported_before(tx, org, kind, file).await? else {
        return Ok(());
    };
    let detail = format!(
        "{before} imports a file with the same content: its {kind} would be there twice. Send the rows that are missing, or \
         say \"again\": true."
    );
    Err(Problem::new(code::ALREADY_EXISTS, detail).with("import_id", before.to_string()))
}
