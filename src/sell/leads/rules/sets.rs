//! The versions of a vendor's rules.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{LeadRuleId, OrgId, ProgramId, UserId};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate, etag},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json as Stored};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rule::{self, LeadRule};

/// The rules by which leads are handed out, in the order in which they are looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadRules {
    /// 0 before there are any.
    #[schema(example = 3)]
    pub(in crate::leads) version: i64,
    /// The rules.
    pub(in crate::leads) rules: Vec<LeadRule>,
    /// Who wrote this version; `null` for an integration.
    pub(in crate::leads) created_by: Option<UserId>,
    /// When it came into force.
    pub(in crate::leads) created_at: Option<DateTime<Utc>>,
}

/// A new version of the rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadRulesDraft {
    /// All rules, in the order in which they are to be looked at, at most 200.
    #[schema(max_items = 200)]
    pub(in crate::leads) rules: Vec<LeadRule>,
}

impl Validate for LeadRulesDraft {
    fn validate(&self, checks: &mut Checks) {
        rule::check(&self.rules, checks);
    }
}

/// The vendor changed how its leads are handed out.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::leads) struct LeadRulesChanged {
    /// Whose rules.
    pub(in crate::leads) vendor_id: OrgId,
    /// The version in force now.
    pub(in crate::leads) version: i64,
    /// How many rules it has.
    pub(in crate::leads) rules: usize,
}

impl Event for LeadRulesChanged {
    const KIND: &'static str = "lead_rules.changed";
    const TOPIC: Topic = Topic::Leads;
}

struct Row {
    version: i64,
    rules: Stored<Vec<LeadRule>>,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
}

impl From<Row> for LeadRules {
    fn from(row: Row) -> Self {
        Self {
            version: row.version,
            rules: row.rules.0,
            created_by: row.created_by,
            created_at: Some(row.created_at),
        }
    }
}

impl LeadRules {
    const fn none() -> Self {
        Self {
            version: 0,
            rules: Vec::new(),
            created_by: None,
            created_at: None,
        }
    }
}

/// The rules in force.
pub(in crate::leads) async fn current(conn: &mut PgConnection, vendor: OrgId) -> Result<Option<LeadRules>, Problem> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT version, rules AS "rules: Stored<Vec<LeadRule>>", created_by AS "created_by: UserId", created_at
           FROM lead_rule_set WHERE vendor_id = $1 ORDER BY version DESC LIMIT 1"#,
        vendor.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(LeadRules::from))
}

/// Gives new rules their ids, and refuses ids that are of no rule of the vendor, and partners that are not its own.
pub(in crate::leads) async fn settle(
    tx: &mut Tx,
    vendor: OrgId,
    mut rules: Vec<LeadRule>,
    known: &[LeadRule],
) -> Result<Vec<LeadRule>, Problem> {
    let named: Vec<Uuid> = rules
        .iter()
        .flat_map(|rule| &rule.eligible.partner_ids)
        .map(|id| id.uuid())
        .collect();
    let own = sqlx::query_scalar!(
        "SELECT partner_id FROM partnership WHERE vendor_id = $1 AND partner_id = ANY ($2)",
        vendor.uuid(),
        &named,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut checks = Checks::default();
    for (place, rule) in rules.iter_mut().enumerate() {
        for (no, partner) in rule.eligible.partner_ids.iter().enumerate() {
            let at = format!("/rules/{place}/eligible/partner_ids/{no}");
            checks.check(
                own.contains(&partner.uuid()),
                &at,
                "not_found",
                "must be a partner in your program",
            );
        }
        let is_known = rule.id.is_none() || known.iter().any(|one| one.id == rule.id);
        let at = format!("/rules/{place}/id");
        checks.check(
            is_known,
            &at,
            "not_found",
            "must be of a rule in force: leave it out for a new one",
        );
        let id: LeadRuleId = tx.new_id();
        rule.id.get_or_insert(id);
    }
    checks.done()?;
    Ok(rules)
}

/// Read the lead rules
///
/// The rules in force, in the order in which they are looked at: the first that is for a lead and has an eligible
/// partner decides.
#[utoipa::path(get, path = "/api/v1/lead-rules", operation_id = "getLeadRules", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    responses((status = 200, description = "the rules in force", body = LeadRules, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn get_lead_rules(
    State(app): State<App>,
    May { org, .. }: May<right::LeadManage>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let rules = current(&mut conn, org.id).await?.unwrap_or(LeadRules::none());
    Ok(([(header::ETAG, etag(rules.version))], Json(rules)))
}

/// Replace the lead rules
///
/// Makes a new version of all rules, in force at once. A rule that keeps its id keeps whose turn it is. Leads that are
/// with a partner stay there; those that wait are handed out by `POST /api/v1/leads/distribute`. The first version is
/// written with `If-Match: "v0"`.
#[utoipa::path(put, path = "/api/v1/lead-rules", operation_id = "replaceLeadRules", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("If-Match" = String, Header, description = "the ETag of the rules that were looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadRulesDraft, example = json!({"rules": [{
        "name": "Germany, by competence",
        "when": {"countries": ["DE"], "score_from": 40},
        "eligible": {"territory": true, "competence": true, "tiers": ["gold", "platinum"]},
        "choice": "weight_and_win_rate"
    }]})),
    responses((status = 200, description = "the rules in force now", body = LeadRules, headers(("ETag" = String, description = "their version")))))]
pub(in crate::leads) async fn replace_lead_rules(
    May { actor, org, .. }: May<right::LeadManage>,
    if_match: IfMatch,
    command: Command<LeadRulesDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    crate::leads::lead::rows::take_turns(tx, org.id).await?;
    let before = current(tx, org.id).await?.unwrap_or(LeadRules::none());
    if_match.check(before.version)?;
    let rules = settle(tx, org.id, draft.rules, &before.rules).await?;
    let (version, at) = (before.version + 1, tx.now());
    sqlx::query!(
        "INSERT INTO lead_rule_set (vendor_id, version, rules, created_by, created_at) VALUES ($1, $2, $3, $4, $5)",
        org.id.uuid(),
        version,
        serde_json::to_value(&rules).map_err(Problem::internal)?,
        actor.user.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    let changed = LeadRulesChanged {
        vendor_id: org.id,
        version,
        rules: rules.len(),
    };
    event::append(tx, &actor.origin(), program(org.id), &[org.id.uuid()], &changed).await?;
    let now = LeadRules {
        version,
        rules,
        created_by: actor.user,
        created_at: Some(at),
    };
    let reply = Reply::ok(&now)?.version(version);
    command.commit(reply).await
}

/// What the settings of leads are told of as: the vendor's program, which has the vendor's own UUID.
pub(in crate::leads) fn program(vendor: OrgId) -> ProgramId {
    vendor.uuid().into()
}

/// List the versions of the lead rules
///
/// Every version that was ever in force, the newest first.
#[utoipa::path(get, path = "/api/v1/lead-rules/versions", operation_id = "listLeadRuleVersions", tag = "leads",
    security(("bearer" = ["leads:manage"])), params(PageQuery),
    responses((status = 200, description = "one page of versions", body = Page<LeadRules>)))]
pub(in crate::leads) async fn list_lead_rule_versions(
    State(app): State<App>,
    May { org, .. }: May<right::LeadManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("lead rule versions {}", org.id);
    let paging = Paging::<i64>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT version, rules AS "rules: Stored<Vec<LeadRule>>", created_by AS "created_by: UserId", created_at
           FROM lead_rule_set WHERE vendor_id = $1 AND version < $2 ORDER BY version DESC LIMIT $3"#,
        org.id.uuid(),
        paging.after.unwrap_or(i64::MAX),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.version, LeadRules::from))
}
