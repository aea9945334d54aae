use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::IntoResponse,
};
use guildhall_kernel::{OrgId, Patch, ProgramId};
use guildhall_spine::{
    App,
    access::Permission,
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    identity::Actor,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::CreditRole;
use super::events::CreditRulesChanged;
use guildhall_spine::http::record::{address, versioned};

/// What a program says of credit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreditRules {
    /// The program.
    program_id: ProgramId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    version: i64,
    /// The roles that credit is given for.
    roles: Vec<CreditRole>,
    /// Whether a partner in a deal sees the shares of the others, or only its own and the rest as one.
    shares_open: bool,
}

/// What to change of a program's rules; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreditRulesPatch {
    /// The roles that credit is given for: `sourced` at least, each once.
    #[serde(default)]
    #[schema(value_type = Vec<CreditRole>)]
    roles: Patch<Vec<CreditRole>>,
    /// Whether a partner in a deal sees the shares of the others.
    #[serde(default)]
    #[schema(value_type = bool)]
    shares_open: Patch<bool>,
}

impl Validate for CreditRulesPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/roles", &self.roles);
        checks.kept("/shares_open", &self.shares_open);
        if let Patch::Value(roles) = &self.roles {
            let mut once = roles.clone();
            once.sort();
            once.dedup();
            let sound = once.len() == roles.len() && roles.contains(&CreditRole::Sourced);
            checks.check(sound, "/roles", "roles", "must have sourced, and each role once");
        }
    }
}

/// A program of the vendor acted for.
#[derive(Debug)]
pub(super) struct OwnProgram {
    actor: Actor,
    vendor: OrgId,
    id: ProgramId,
}

impl FromRequestParts<App> for OwnProgram {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, ProgramId) = address(parts, app).await?;
        actor.require(match parts.method {
            axum::http::Method::GET => Permission::ProgramRead,
            _ => Permission::ProgramManage,
        })?;
        let mut conn = app.db.pool().acquire().await?;
        rules(&mut conn, org.id, id).await?;
        Ok(Self {
            actor,
            vendor: org.id,
            id,
        })
    }
}

fn on_the_wire(program_id: ProgramId, rules: &Rules) -> CreditRules {
    CreditRules {
        program_id,
        version: rules.version,
        roles: rules.roles.iter().filter_map(|role| CreditRole::parse(role)).collect(),
        shares_open: rules.shares_open,
    }
}

/// Read a program's rules of credit
///
/// For the vendor.
#[utoipa::path(get, path = "/api/v1/programs/{id}/credit-rules", operation_id = "getCreditRules", tag = "credit",
    security(("bearer" = ["programs:read"])),
    params(
        ("id" = String, Path, description = "the program", example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the rules", body = CreditRules, headers(("ETag" = String, description = "their version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_credit_rules(
    State(app): State<App>,
    OwnProgram { vendor, id, .. }: OwnProgram,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let found = rules(&mut conn, vendor, id).await?;
    Ok(versioned(&headers, found.version, &on_the_wire(id, &found)))
}

/// Change a program's rules of credit
///
/// What is agreed already stays as it is.
#[utoipa::path(patch, path = "/api/v1/programs/{id}/credit-rules", operation_id = "changeCreditRules", tag = "credit",
    security(("bearer" = ["programs:manage"])),
    params(
        ("id" = String, Path, description = "the program", example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the rules that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = CreditRulesPatch, example = json!({"roles": ["sourced", "fulfilled"], "shares_open": true})),
    responses((status = 200, description = "the rules as changed", body = CreditRules, headers(("ETag" = String, description = "their version")))))]
pub(super) async fn change_credit_rules(
    OwnProgram { actor, vendor, id }: OwnProgram,
    if_match: IfMatch,
    command: Command<CreditRulesPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    sqlx::query_scalar!("SELECT id FROM program WHERE id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    let stored = rules(tx, vendor, id).await?;
    if_match.check(stored.version)?;
    let now = on_the_wire(id, &stored);
    let (roles, shares_open) = (patch.roles.or(now.roles), patch.shares_open.or(now.shares_open));
    set_rules(tx, vendor, id, &roles, shares_open).await?;
    let changed = on_the_wire(id, &rules(tx, vendor, id).await?);
    let said = CreditRulesChanged {
        program_id: id,
        vendor_id: vendor,
        roles,
        shares_open,
        version: changed.version,
    };
    event::append(tx, &actor.origin(), id, &[vendor.uuid()], &said).await?;
    command.commit(Reply::ok(&changed)?.version(changed.version)).await
}

/// What a program says of credit.
#[derive(Debug)]
struct Rules {
    roles: Vec<String>,
    shares_open: bool,
    version: i64,
}

/// The rules of a program of `vendor`; 404 if it has no such program. Version 1 stands for the defaults.
async fn rules(conn: &mut PgConnection, vendor: OrgId, program: ProgramId) -> Result<Rules, Problem> {
    sqlx::query_as!(
        Rules,
        r#"SELECT coalesce(r.roles, '{sourced}') AS "roles!", coalesce(r.shares_open, false) AS "shares_open!",
                  coalesce(r.version, 1) AS "version!"
           FROM program p LEFT JOIN credit_rules r ON r.program_id = p.id
           WHERE p.vendor_id = $1 AND p.id = $2"#,
        vendor.uuid(),
        program.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(Problem::not_found)
}

/// Stores the rules of a program.
async fn set_rules(
    tx: &mut Tx,
    vendor: OrgId,
    program: ProgramId,
    roles: &[CreditRole],
    shares_open: bool,
) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO credit_rules AS r (program_id, vendor_id, roles, shares_open, version, updated_at)
         VALUES ($1, $2, $3, $4, 2, $5)
         ON CONFLICT (program_id) DO UPDATE
         SET roles = excluded.roles, shares_open = excluded.shares_open, version = r.version + 1,
             updated_at = excluded.updated_at",
        program.uuid(),
        vendor.uuid(),
        &roles.iter().map(|role| role.as_str().to_owned()).collect::<Vec<_>>(),
        shares_open,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
