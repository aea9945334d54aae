//! Changing a connection, its mapping included.

use std::collections::BTreeSet;

use axum::extract::State;
use guildhall_kernel::{CrmConnectionId, Patch, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Checks, Command, FieldError, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::connection::{self, Connection};
use super::connector::Schema;
use super::create::{address, is_name};
use super::credentials::Secrets;
use super::events::CrmConnectionChanged;
use super::mapping::{Direction, Mapping};
use super::mirror::Mirror;
use super::wire::{self, ConnectionView};
use super::{Kind, clock, code, drift, mirror};

/// What to change of a connection; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmConnectionPatch {
    /// Its name here.
    #[serde(default)]
    #[schema(value_type = String, example = "Sales cloud")]
    name: Patch<String>,
    /// Where it is.
    #[serde(default)]
    #[schema(value_type = String, example = "https://acme.my.salesforce.com")]
    base_url: Patch<String>,
    /// All credentials anew.
    #[serde(default)]
    #[schema(value_type = Secrets)]
    credentials: Patch<Secrets>,
    /// Whether anything goes over it.
    #[serde(default)]
    #[schema(value_type = bool)]
    enabled: Patch<bool>,
    /// How often it is polled, in seconds, 5 to 86400.
    #[serde(default)]
    #[schema(value_type = i32, example = 60)]
    poll_seconds: Patch<i32>,
    /// The whole mapping. It has to suit the CRM's fields as the last probe found them.
    #[serde(default)]
    #[schema(value_type = Mapping)]
    mapping: Patch<Mapping>,
    /// Which of the vendor's own accounts and open sales are mirrored, so that registrations of the same customers
    /// conflict; `null` mirrors nothing and closes what was mirrored.
    #[serde(default)]
    #[schema(value_type = Option<Mirror>)]
    mirror: Patch<Mirror>,
}

impl Validate for CrmConnectionPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/base_url", &self.base_url);
        checks.kept("/credentials", &self.credentials);
        checks.kept("/enabled", &self.enabled);
        checks.kept("/poll_seconds", &self.poll_seconds);
        checks.kept("/mapping", &self.mapping);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 100, false);
        }
        if let Patch::Value(seconds) = &self.poll_seconds {
            checks.check(
                (5..=86400).contains(seconds),
                "/poll_seconds",
                "range",
                "must be from 5 to 86400",
            );
        }
        if let Patch::Value(mapping) = &self.mapping {
            check_shape(mapping, checks);
        }
        if let Patch::Value(mirror) = &self.mirror {
            mirror.validate(checks);
        }
    }
}

/// What can be said of a mapping without knowing the CRM.
pub(super) fn check_shape(mapping: &Mapping, checks: &mut Checks) {
    let few = mapping.fields.len() <= 100 && mapping.constants.len() <= 100;
    checks.check(
        few,
        "/mapping",
        "length",
        "must have at most 100 fields and 100 constants",
    );
    let (mut there, mut here) = (BTreeSet::new(), BTreeSet::new());
    for (place, field) in mapping.fields.iter().enumerate() {
        let pointer = format!("/mapping/fields/{place}");
        let at = format!("{pointer}/crm");
        checks.check(
            is_name(&field.crm),
            &at,
            "invalid",
            "must have 1 to 100 letters, digits, - and _",
        );
        checks.check(there.insert(&field.crm), &at, "repeated", "is mapped twice");
        let fits = match field.direction {
            Direction::ToCrm => field.prm.goes_out(),
            Direction::ToPrm => field.prm.comes_in(),
            Direction::Both => field.prm.goes_out() && field.prm.comes_in(),
        };
        let at = format!("{pointer}/direction");
        checks.check(fits, &at, "direction", "this field of a deal doesn't go that way");
        let once = field.direction == Direction::ToCrm || here.insert(field.prm);
        let at = format!("{pointer}/prm");
        checks.check(once, &at, "repeated", "comes from two fields of the CRM");
        let short = field.values.len() + field.crm_values.len() <= 400
            && field
                .values
                .iter()
                .chain(&field.crm_values)
                .all(|(a, b)| a.len() <= 500 && b.len() <= 500)
            && field.default.as_ref().is_none_or(|text| text.len() <= 500);
        checks.check(short, &pointer, "length", "must have at most 400 values of 500 bytes");
    }
    for (place, constant) in mapping.constants.iter().enumerate() {
        let pointer = format!("/mapping/constants/{place}/crm");
        let plain = is_name(&constant.crm) && constant.value.len() <= 500;
        checks.check(
            plain,
            &pointer,
            "invalid",
            "must have a name of letters, digits, - and _, and a short value",
        );
        checks.check(there.insert(&constant.crm), &pointer, "repeated", "is mapped twice");
    }
}

/// Holds a mapping against the fields.
pub(super) fn check_against(mapping: &Mapping, schema: &Schema, key_field: &str) -> Result<(), Problem> {
    let fault = |finding: super::mapping::Finding| FieldError {
        pointer: finding.pointer,
        code: "crm_field",
        message: finding.message,
    };
    let faults: Vec<FieldError> = mapping.findings(schema, key_field).into_iter().map(fault).collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::fields(faults))
    }
}

/// Change a connection
///
/// A mapping is held against the CRM's fields as the last probe found them: each fault is named. With new credentials,
/// what waited for them is tried at once.
#[utoipa::path(patch, path = "/api/v1/crm-connections/{id}", operation_id = "changeCrmConnection", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmConnectionId, Path, description = "the connection"),
        ("If-Match" = String, Header, description = "the ETag of the connection that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = CrmConnectionPatch, example = json!({"name": "Sales cloud", "poll_seconds": 30})),
    responses((status = 200, description = "the connection as changed", body = ConnectionView, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_crm_connection(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    if_match: IfMatch,
    command: Command<CrmConnectionPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let version = sqlx::query_scalar!(
        "SELECT version FROM crm_connection WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        may.org.id.uuid()
    )
    .fetch_optional(&mut *command.tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    if_match.check(version)?;
    let before = connection::load(&mut *command.tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let changed = store(&app, &mut command, &before, patch).await?;
    if !changed.is_empty() {
        let event = CrmConnectionChanged {
            connection_id: id,
            vendor_id: may.org.id,
            changed,
        };
        event::append(&mut command.tx, &may.actor.origin(), id, &[may.org.id.uuid()], &event).await?;
        drift::judge(&app, &mut command.tx, &before).await?;
    }
    let view = wire::view(&mut *command.tx, may.org.id, id).await?;
    let reply = Reply::ok(&view)?.version(view.version);
    command.commit(reply).await
}

fn check_mapping(before: &Connection, mapping: &Mapping) -> Result<(), Problem> {
    match (&before.schema, before.kind) {
        (Some(schema), _) => check_against(mapping, schema, &before.external_id_field),
        (None, Kind::Webhook) => Ok(()),
        (None, _) => Err(Problem::new(code::NOT_DESCRIBED, "Probe the connection first.")),
    }
}

impl CrmConnectionPatch {
    fn given(&self) -> Vec<&'static str> {
        let given = [
            ("name", matches!(self.name, Patch::Value(_))),
            ("base_url", matches!(self.base_url, Patch::Value(_))),
            ("credentials", matches!(self.credentials, Patch::Value(_))),
            ("enabled", matches!(self.enabled, Patch::Value(_))),
            ("poll_seconds", matches!(self.poll_seconds, Patch::Value(_))),
            ("mapping", matches!(self.mapping, Patch::Value(_))),
            ("mirror", matches!(self.mirror, Patch::Value(_) | Patch::Null)),
        ];
        let named = given.into_iter().filter(|(_, given)| *given);
        named.map(|(name, _)| name).collect()
    }
}

/// Secrets sealed, and what may be shown of them.
type Sealed = (Vec<u8>, Json<Vec<super::credentials::Hint>>);

/// The address and the secrets that are new. Secrets are not given to another address than they were meant for.
fn check_access(
    app: &App,
    before: &Connection,
    patch: &CrmConnectionPatch,
) -> Result<(Option<url::Url>, Option<Sealed>), Problem> {
    let url = match &patch.base_url {
        Patch::Value(text) => Some(address(app, text)?),
        _ => None,
    };
    let mut credentials = None;
    if let Patch::Value(secrets) = &patch.credentials {
        let mut checks = Checks::default();
        secrets.validate(before.kind, &mut checks);
        checks.done()?;
        credentials = Some((secrets.seal(app, before.id)?, Json(secrets.hints())));
    }
    let moved = url.as_ref().is_some_and(|url| url.as_str() != before.base_url);
    if moved && credentials.is_none() {
        return Err(Problem::field(
            "/credentials",
            "missing",
            "are needed anew for another address",
        ));
    }
    Ok((url, credentials))
}

async fn store(
    app: &App,
    command: &mut Command<()>,
    before: &Connection,
    patch: CrmConnectionPatch,
) -> Result<Vec<&'static str>, Problem> {
    let (id, now) = (before.id, command.tx.now());
    let (url, credentials) = check_access(app, before, &patch)?;
    if let Patch::Value(mapping) = &patch.mapping {
        check_mapping(before, mapping)?;
    }
    let changed = patch.given();
    if changed.is_empty() {
        return Ok(changed);
    }
    set_mirror(command, before, &patch.mirror).await?;
    let poll = value(patch.poll_seconds);
    let fresh = credentials.is_some();
    let (sealed, hints) = credentials.unzip();
    sqlx::query!(
        "UPDATE crm_connection
         SET name = coalesce($2, name), base_url = coalesce($3, base_url), credentials = coalesce($4, credentials),
             hints = coalesce($5, hints), enabled = coalesce($6, enabled), poll_seconds = coalesce($7, poll_seconds),
             mapping = coalesce($8, mapping), version = version + 1, updated_at = $9,
             auth_state = CASE WHEN $10 THEN 'unknown' ELSE auth_state END,
             auth_error = CASE WHEN $10 THEN NULL ELSE auth_error END,
             token = CASE WHEN $10 THEN NULL ELSE token END,
             token_generation = token_generation + CASE WHEN $10 THEN 1 ELSE 0 END
         WHERE id = $1",
        id.uuid(),
        value(patch.name).map(|name| name.trim().to_owned()),
        url.map(String::from),
        sealed,
        hints as _,
        value(patch.enabled),
        poll,
        value(patch.mapping).map(Json) as _,
        now,
        fresh
    )
    .execute(&mut *command.tx)
    .await?;
    if fresh {
        hurry(command, id).await?;
    }
    if let Some(seconds) = poll {
        clock::start(&mut command.tx, id, seconds).await?;
    }
    Ok(changed)
}

async fn set_mirror(command: &mut Command<()>, before: &Connection, wish: &Patch<Mirror>) -> Result<(), Problem> {
    match wish {
        Patch::Value(_) if before.kind == Kind::Webhook => Err(Problem::field(
            "/mirror",
            "invalid",
            "this CRM can't be asked: send its accounts by PUT /api/v1/direct-accounts",
        )),
        Patch::Value(wanted) => mirror::set(&mut command.tx, before, Some(wanted)).await,
        Patch::Null => mirror::set(&mut command.tx, before, None).await,
        _ => Ok(()),
    }
}

async fn hurry(command: &mut Command<()>, id: CrmConnectionId) -> Result<(), Problem> {
    let now = command.tx.now();
    sqlx::query!(
        "UPDATE crm_work SET due_at = $2 WHERE connection_id = $1 AND dead_at IS NULL AND due_at > $2",
        id.uuid(),
        now
    )
    .execute(&mut *command.tx)
    .await?;
    command.tx.wake_on_commit();
    Ok(())
}

fn value<T>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Value(value) => Some(value),
        _ => None,
    }
}
