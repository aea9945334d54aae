//! What a mapping would do with one deal.

use axum::{Json, extract::State};
use guildhall_kernel::{CrmConnectionId, DealId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Checks, PathId, Problem, ValidJson, Validate},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::types::Json as Stored;
use utoipa::ToSchema;

use super::change::{check_against, check_shape};
use super::connection::Connection;
use super::connections::own;
use super::connector::{Connector, Fault, Fields, Found, written};
use super::deal::{self, DealNow};
use super::link::{self, Link};
use super::mapping::Mapping;
use super::merge::{Sides, Verdict, decide};
use super::probe::unavailable;
use super::questions::BOTH_CHANGED;

/// What to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmDryRun {
    /// A deal of the vendor.
    deal_id: DealId,
    /// A mapping to try in the place of the stored one.
    #[serde(default)]
    mapping: Option<Mapping>,
}

impl Validate for CrmDryRun {
    fn validate(&self, checks: &mut Checks) {
        if let Some(mapping) = &self.mapping {
            check_shape(mapping, checks);
        }
    }
}

/// What would be done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmDryRunReport {
    /// `create`, `update`, or `nothing`.
    #[schema(example = "update")]
    action: &'static str,
    /// The method of the request.
    #[schema(example = "PATCH")]
    method: Option<&'static str>,
    /// Its path.
    #[schema(example = "/services/data/v62.0/sobjects/Opportunity/0065g00000AbCdE")]
    path: Option<String>,
    /// Its body, as it would be sent; `{}` when nothing is.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>, example = json!({"Amount": 3601.5}))]
    body: Box<RawValue>,
    /// Field by field.
    fields: Vec<CrmDryRunField>,
}

/// What would become of one field.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmDryRunField {
    /// The deal's field.
    #[schema(example = "amount")]
    prm: &'static str,
    /// The CRM's field.
    #[schema(example = "Amount")]
    crm: String,
    /// What the deal has.
    prm_value: Option<String>,
    /// What the record has now.
    crm_value: Option<String>,
    /// `send`, `take`, `ask` or `keep`.
    #[schema(example = "send")]
    verdict: &'static str,
    /// What would be written, on the side that it is written to.
    value: Option<String>,
    /// Why.
    why: String,
}

/// Try a mapping on a deal
///
/// Says exactly what would be sent and what would change on either side, and sends nothing: a linked record is read from the
/// CRM, no more. With `mapping`, that one is tried instead of the stored one.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/dry-run", operation_id = "dryRunCrmMapping", tag = "crm",
    security(("bearer" = ["crm:manage"])), params(("id" = CrmConnectionId, Path, description = "the connection")),
    request_body(content = CrmDryRun, example = json!({"deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 200, description = "what would be done", body = CrmDryRunReport)))]
pub(super) async fn dry_run_crm_mapping(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    ValidJson(body): ValidJson<CrmDryRun>,
) -> Result<Json<CrmDryRunReport>, Problem> {
    let mut connection = own(&app, may.org.id, id).await?;
    if let Some(mapping) = body.mapping {
        if let Some(schema) = &connection.schema {
            check_against(&mapping, schema, &connection.external_id_field)?;
        }
        connection.mapping = Stored(mapping);
    }
    let linked = link::of_deal(app.db.pool(), id, body.deal_id).await?;
    let stage = linked.as_ref().and_then(|link| link.stage.clone());
    let mut conn = app.db.pool().acquire().await?;
    let deal = deal::load(&mut conn, may.org.id, body.deal_id, stage.as_deref()).await?;
    drop(conn);
    let deal = deal.ok_or_else(|| Problem::field("/deal_id", "unknown", "must be a deal of yours"))?;
    let crm = connection.connector(&app).map_err(|fault| unavailable(&fault))?;
    let linked = linked.filter(|link| link.status == "linked" && link.record.is_some());
    let report = match linked {
        Some(link) => update(&connection, &*crm, &deal, &link).await?,
        None => create(&connection, &*crm, &deal)?,
    };
    Ok(Json(report))
}

fn create(connection: &Connection, crm: &dyn Connector, deal: &DealNow) -> Result<CrmDryRunReport, Problem> {
    let record = connection.mapping.record(&deal.values);
    let key = deal.id.to_string();
    let (method, path) = crm.request(None, &key);
    let field = |field: &super::mapping::FieldMapping| {
        let value = record.get(&field.crm).cloned().flatten();
        CrmDryRunField {
            prm: field.prm.as_str(),
            crm: field.crm.clone(),
            prm_value: deal.value(field.prm).map(str::to_owned),
            crm_value: None,
            verdict: if value.is_some() { "send" } else { "keep" },
            why: if value.is_some() {
                "the record is new"
            } else {
                "there is nothing to send"
            }
            .to_owned(),
            value,
        }
    };
    Ok(CrmDryRunReport {
        action: "create",
        method: Some(method),
        path: Some(path),
        body: crm.body(None, &key, &record).map_err(|fault| unsendable(&fault))?,
        fields: connection.mapping.fields.iter().map(field).collect(),
    })
}

async fn update(
    connection: &Connection,
    crm: &dyn Connector,
    deal: &DealNow,
    link: &Link,
) -> Result<CrmDryRunReport, Problem> {
    let record = link.record.as_deref().unwrap_or_default();
    let found = crm.fetch(record).await.map_err(|fault| unavailable(&fault))?;
    let remote = match found {
        Found::Record(remote) => Some(remote),
        _ => None,
    };
    let mut sent = Fields::new();
    let mut fields = Vec::new();
    for field in &connection.mapping.fields {
        let theirs = remote
            .as_ref()
            .and_then(|remote| remote.fields.get(&field.crm))
            .map(Option::as_deref);
        let sides = Sides {
            prm: deal.value(field.prm),
            prm_at: deal.updated_at,
            crm: theirs,
            crm_at: remote.as_ref().map_or(deal.updated_at, |remote| remote.modified_at),
        };
        let (verdict, value, why) = match decide(field, &sides, &link.prm_seen, &link.crm_seen) {
            Verdict::Rest => ("keep", None, "nothing has changed"),
            Verdict::Agree => ("keep", None, "both sides say the same, or nothing that the other knows"),
            Verdict::Take { ours, why } => ("take", Some(ours), why),
            Verdict::Send { theirs, why } => {
                sent.insert(field.crm.clone(), theirs.clone());
                ("send", theirs, why)
            }
            Verdict::Ask { ours } => ("ask", ours, BOTH_CHANGED),
        };
        fields.push(CrmDryRunField {
            prm: field.prm.as_str(),
            crm: field.crm.clone(),
            prm_value: sides.prm.map(str::to_owned),
            crm_value: theirs.flatten().map(str::to_owned),
            verdict,
            value,
            why: why.to_owned(),
        });
    }
    let key = deal.id.to_string();
    let sends = !sent.is_empty();
    let request = sends.then(|| crm.request(Some(record), &key));
    let body = if sends {
        crm.body(Some(record), &key, &sent)
    } else {
        written(&sent)
    };
    Ok(CrmDryRunReport {
        action: if sends { "update" } else { "nothing" },
        method: request.as_ref().map(|(method, _)| *method),
        path: request.map(|(_, path)| path),
        body: body.map_err(|fault| unsendable(&fault))?,
        fields,
    })
}

/// The fault of a value that the CRM's field can't take.
fn unsendable(fault: &Fault) -> Problem {
    Problem::field("/mapping", "invalid", fault.message.clone())
}
