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
        checks.kept("/name", &self.name);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 200, false);
        }
        checks.kept("/country", &self.country);
        if let Patch::Value(country) = &self.country {
            checks.country("/country", country);
        }
        if let Patch::Value(domain) = &self.domain {
            check_domain(checks, "/domain", Some(domain));
        }
    }
}

/// Change the organisation acted for
///
/// A request that changes nothing leaves the version as it is.
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
    if !apply(body, &mut record) {
        return command.commit(Reply::ok(&record)?.version(record.version)).await;
    }
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

/// Changes `record`, and says whether it is another one now.
fn apply(change: OrganisationChange, record: &mut Organisation) -> bool {
    let name = match change.name {
        Patch::Value(name) => name.trim().to_owned(),
        other => other.or(record.name.clone()),
    };
    let country = change.country.or(record.country.clone());
    let domain = match change.domain {
        Patch::Value(domain) => canonical_domain(&domain),
        other => other.over(record.domain.clone()),
    };
    let differs = (&name, &country, &domain) != (&record.name, &record.country, &record.domain);
    (record.name, record.country, record.domain) = (name, country, domain);
    differs
}
