//! Changing the organisation acted for.

use guildhall_kernel::Patch;
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Organisation, canonical_domain, check_domain, events::OrganisationChanged, rows};

/// The fields to change; absent ones stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationChange {
    /// Its name.
    #[serde(default)]
    #[schema(value_type = String, example = "Northwind Integrators")]
    name: Patch<String>,
    /// Where it is, ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(value_type = String, example = "DE")]
    country: Patch<String>,
    /// Its domain; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "northwind.example")]
    domain: Patch<String>,
}

impl Validate for OrganisationChange {
    fn validate(&self, checks: &mut Checks) {
        match &self.name {
            Patch::Value(name) => checks.text("/name", name, 1, 200, false),
            Patch::Null => checks.refuse("/name", "null", "can't be removed: leave it out to keep it"),
            Patch::Absent => {}
        }
        match &self.country {
            Patch::Value(country) => checks.country("/country", country),
            Patch::Null => checks.refuse("/country", "null", "can't be removed: leave it out to keep it"),
            Patch::Absent => {}
        }
        if let Patch::Value(domain) = &self.domain {
            check_domain(checks, "/domain", Some(domain));
        }
    }
}

/// Change the organisation acted for
#[utoipa::path(patch, path = "/api/v1/organisation", operation_id = "changeOrganisation", tag = "organisation",
    security(("bearer" = ["organisation:manage"])),
    params(("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = OrganisationChange, example = json!({"name": "Northwind Integrators GmbH"})),
    responses((status = 200, description = "the record as it is now", body = Organisation, headers(("ETag" = String)))))]
pub(super) async fn change_organisation(
    may: May<right::OrgManage>,
    if_match: IfMatch,
    command: Command<OrganisationChange>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let mut record = rows::lock(&mut command.tx, may.org.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(record.version)?;
    if let Patch::Value(name) = body.name {
        name.trim().clone_into(&mut record.name);
    }
    if let Patch::Value(country) = body.country {
        record.country = country;
    }
    record.domain = match body.domain {
        Patch::Value(domain) => canonical_domain(&domain),
        other => other.over(record.domain),
    };
    let record = rows::update(&mut command.tx, &record).await?;
    let changed = OrganisationChanged {
        organisation_id: record.id,
        version: record.version,
    };
    event::append(
        &mut command.tx,
        &may.actor.origin(),
        record.id,
        &[record.id.uuid()],
        &changed,
    )
    .await?;
    let reply = Reply::ok(&record)?.version(record.version);
    command.commit(reply).await
}
