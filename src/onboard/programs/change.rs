//! Renaming and archiving a program.

use guildhall_kernel::{Patch, ProgramId, entity};
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ProgramRecord, check_name, code, events::ProgramChanged, named, rows};

/// What to change; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramChange {
    /// The name, 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Resellers EMEA")]
    name: Patch<String>,
    /// Whether nobody may join it any more. Not for the default program, nor while a partnership stands in it.
    #[serde(default)]
    #[schema(value_type = bool)]
    archived: Patch<bool>,
}

impl Validate for ProgramChange {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/archived", &self.archived);
        if let Patch::Value(name) = &self.name {
            check_name(checks, name);
        }
    }
}

/// Change a program
///
/// For the vendor. Deals that were registered in an archived program keep its terms.
#[utoipa::path(patch, path = "/api/v1/programs/{id}", operation_id = "changeProgram", tag = "programs",
    security(("bearer" = ["programs:manage"])),
    params(("id" = ProgramId, Path, description = "the program"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = ProgramChange, example = json!({"name": "Resellers Europe"})),
    responses((status = 200, description = "the program as it is now", body = ProgramRecord, headers(("ETag" = String)))))]
pub(super) async fn change_program(
    may: May<right::ProgramManage>,
    PathId(id): PathId<entity::Program>,
    if_match: IfMatch,
    mut command: Command<ProgramChange>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let vendor = may.org.id;
    let record = rows::lock(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(record.version)?;
    let name = command.body.name.clone().or(record.name.clone()).trim().to_owned();
    let archived = command.body.archived.clone().or(record.archived_at.is_some());
    if (&name, archived) == (&record.name, record.archived_at.is_some()) {
        return command.commit(Reply::ok(&record)?.version(record.version)).await;
    }
    if archived && record.archived_at.is_none() && (record.is_default || rows::is_in_use(tx, vendor, id).await?) {
        let detail = "Put its partnerships into another program first with PATCH /api/v1/partnerships/{id}. The default \
                      program always stays.";
        return Err(Problem::new(code::PROGRAM_IN_USE, detail));
    }
    let archived_at = archived.then(|| record.archived_at.unwrap_or(tx.now()));
    let record = rows::update(tx, vendor, id, &name, archived_at).await.map_err(named)?;
    event::append(
        tx,
        &may.actor.origin(),
        id,
        &[vendor.uuid()],
        &ProgramChanged::from(&record),
    )
    .await?;
    command.commit(Reply::ok(&record)?.version(record.version)).await
}
