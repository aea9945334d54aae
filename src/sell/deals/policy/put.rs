use guildhall_kernel::{OrgId, ProgramId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DealPolicy, Rule, Terms, rows};
use crate::deals::notices::DealPolicyChanged;

/// New terms for a program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealPolicyBody {
    /// The terms, whole.
    terms: Terms,
}

impl Validate for DealPolicyBody {
    fn validate(&self, checks: &mut Checks) {
        self.terms.check(checks, "/terms");
    }
}

/// Set a program's terms
///
/// For the vendor. They hold for what is submitted and approved from now on: a running protection keeps its end, and a
/// deal that waits for approval its approvers.
#[utoipa::path(put, path = "/api/v1/deal-policies/{id}", operation_id = "putDealPolicy", tag = "deal policies",
    security(("bearer" = ["programs:manage"])),
    params(("id" = ProgramId, Path, description = "the program"),
        ("If-Match" = String, Header, description = "the ETag that came with the terms, `\"v0\"` for the defaults", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealPolicyBody, example = json!({"terms": {
        "protection_days": {"registered": 90, "silver": 90, "gold": 120, "platinum": 180},
        "idle_days": 60,
        "extension": {"days": 30, "most": 2, "evidence_required": true},
        "open_registrations": {"registered": 25, "silver": 50, "gold": null, "platinum": null},
        "decision_hours": 48, "business_days": true, "appeal_days": 14, "hearing_days": 5,
        "rules": [
            {"name": "Small deals", "when": {"amount_at_most": [{"currency": "EUR", "amount": "25000.00"}],
                "tiers": ["gold", "platinum"], "certifications": ["Gateway expert"], "conflict_below": "possible"}, "outcome": "auto_approve"},
            {"name": "All others", "outcome": "chain", "steps": [
                {"name": "Channel", "approvers": [{"role": "channel_manager"}], "needs": "any",
                 "escalate_hours": 24, "escalate_to": {"role": "owner"}}]}
        ]}})),
    responses((status = 200, description = "the terms as they are now", body = DealPolicy, headers(("ETag" = String)))))]
pub(in crate::deals) async fn put_deal_policy(
    may: May<right::ProgramManage>,
    PathId(id): PathId<entity::Program>,
    if_match: IfMatch,
    command: Command<DealPolicyBody>,
) -> Result<Reply, Problem> {
    let (DealPolicyBody { terms }, mut command) = command.take();
    let tx = &mut command.tx;
    let vendor = may.org.id;
    let policy = rows::lock(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(policy.version)?;
    refuse_strangers(tx, vendor, "/terms/rules", &terms.rules).await?;
    if policy.version > 0 && policy.terms == terms {
        return command.commit(Reply::ok(&policy)?.version(policy.version)).await;
    }
    rows::put(tx, id, &terms, may.actor.user).await?;
    let policy = rows::get(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    let changed = DealPolicyChanged {
        program_id: id,
        vendor_id: vendor,
        version: policy.version,
        rules: policy.terms.rules.iter().map(|rule| rule.name.clone()).collect(),
    };
    event::append(tx, &may.actor.origin(), id, &[vendor.uuid()], &changed).await?;
    command.commit(Reply::ok(&policy)?.version(policy.version)).await
}

/// Everybody that the rules name has to be a member of the vendor who may decide on deals: others could never answer.
pub(super) async fn refuse_strangers(tx: &mut Tx, vendor: OrgId, at: &str, rules: &[Rule]) -> Result<(), Problem> {
    let named: Vec<_> = rules
        .iter()
        .enumerate()
        .flat_map(|(no, rule)| rule.users().into_iter().map(move |(place, user)| (no, place, user)))
        .collect();
    let users: Vec<_> = named.iter().map(|(_, _, user)| user.uuid()).collect();
    let strangers = rows::strangers(tx, vendor, &users).await?;
    let mut checks = Checks::default();
    for (no, place, user) in named {
        let known = !strangers.contains(&user.uuid());
        let pointer = format!("{at}/{no}/{place}");
        checks.check(
            known,
            &pointer,
            "not_found",
            "must be a member of your organisation who may decide on deals",
        );
    }
    checks.done()
}
