use guildhall_kernel::{DealFormId, OrgId, ProgramId};
use guildhall_spine::{
    access::{May, right},
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::definition::{Field, Form};
use super::{rows, wire::ShownForm};

/// What a program asks of a registration from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealFormPublication)]
pub(super) struct Publication {
    /// All fields in order, at most 60; `[]` asks for nothing.
    #[schema(max_items = 60)]
    fields: Vec<Field>,
}

impl Validate for Publication {
    fn validate(&self, checks: &mut Checks) {
        let form = Form {
            fields: self.fields.clone(),
        };
        form.examine(checks);
    }
}

/// The vendor changed what a program asks of a registration. For the vendor only.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealFormPublished {
    /// The version.
    pub form_id: DealFormId,
    /// The program.
    pub program_id: ProgramId,
    /// Whose program.
    pub vendor_id: OrgId,
    /// The version's number in the program.
    pub version: i64,
}

impl Event for DealFormPublished {
    const KIND: &'static str = "deal_form.published";
    const TOPIC: Topic = Topic::Programs;
}

/// Publish a registration form
///
/// Registrations from now on are checked by it. Deals that are there keep the version that they were registered with.
#[utoipa::path(put, path = "/api/v1/deal-forms/{id}", operation_id = "publishDealForm", tag = "deals",
    security(("bearer" = ["programs:manage"])),
    params(
        ("id" = String, Path, description = "the program", example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the form that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Publication, example = json!({"fields": [
        {"key": "deployment", "label": "Where will it run?", "kind": "choice", "required": true, "options": [
            {"value": "cloud", "label": "In the cloud"}, {"value": "on_premises", "label": "On premises"}]},
        {"key": "security_review", "label": "Security review", "kind": "file", "required_if": [
            {"field": "deployment", "one_of": ["on_premises"]}, {"field": "amount", "at_least": "50000"}]},
    ]})),
    responses((status = 200, description = "the form as published", body = ShownForm, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn publish_deal_form(
    May { actor, org, .. }: May<right::ProgramManage>,
    PathId(program): PathId<guildhall_kernel::entity::Program>,
    if_match: IfMatch,
    command: Command<Publication>,
) -> Result<Reply, Problem> {
    let (publication, mut command) = command.take();
    let tx = &mut command.tx;
    rows::take_turns(tx, program, org.id).await?;
    let now = rows::of_program(&mut **tx, program, org).await?;
    let now = now.ok_or_else(Problem::not_found)?;
    if_match.check(now.no.unwrap_or(0).into())?;
    let form = Form {
        fields: publication.fields,
    };
    let id = rows::publish(tx, &now, actor.user, &form).await?;
    let event = DealFormPublished {
        form_id: id,
        program_id: program,
        vendor_id: org.id,
        version: i64::from(now.no.unwrap_or(0)) + 1,
    };
    event::append(tx, &actor.origin(), id, &[org.id.uuid()], &event).await?;
    let published = rows::of_program(&mut **tx, program, org).await?;
    let shown = ShownForm::from(published.ok_or_else(Problem::not_found)?);
    let version = shown.version;
    command.commit(Reply::ok(&shown)?.version(version)).await
}
