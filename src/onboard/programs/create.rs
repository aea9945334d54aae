//! Making a program.

use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ProgramRecord, check_name, events::ProgramCreated, named, rows};

/// A program to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProgram {
    /// Its name, 1 to 100 characters, unique among the vendor's programs.
    #[schema(example = "Resellers EMEA")]
    name: String,
}

impl Validate for NewProgram {
    fn validate(&self, checks: &mut Checks) {
        check_name(checks, &self.name);
    }
}

/// Make a program
///
/// For the vendor. Partnerships are put into it with `PATCH /api/v1/partnerships/{id}`.
#[utoipa::path(post, path = "/api/v1/programs", operation_id = "createProgram", tag = "programs",
    security(("bearer" = ["programs:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewProgram, example = json!({"name": "Resellers EMEA"})),
    responses((status = 201, description = "the program", body = ProgramRecord,
        headers(("ETag" = String), ("Location" = String)))))]
pub(super) async fn create_program(
    may: May<right::ProgramManage>,
    mut command: Command<NewProgram>,
) -> Result<Reply, Problem> {
    let vendor = may.org.id;
    let name = command.body.name.trim().to_owned();
    let tx = &mut command.tx;
    let id = rows::insert(tx, vendor, &name).await.map_err(named)?;
    let record = rows::get(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    event::append(
        tx,
        &may.actor.origin(),
        id,
        &[vendor.uuid()],
        &ProgramCreated::from(&record),
    )
    .await?;
    let reply = Reply::created(&format!("/api/v1/programs/{id}"), &record)?.version(record.version);
    command.commit(reply).await
}
