use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::hand_out::{Cause, hand_out, set_deadlines};
use crate::leads::lead::rows;

/// Leads that one request hands out at most.
const MOST: i64 = 10_000;

/// Which leads that wait are handed out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadDistribution {
    /// How many at most, 1 to 10000, the oldest first.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10000, example = 1000)]
    most: Option<i64>,
}

impl Validate for LeadDistribution {
    fn validate(&self, checks: &mut Checks) {
        let bounded = self.most.is_none_or(|most| (1..=MOST).contains(&most));
        checks.check(bounded, "/most", "range", "must be from 1 to 10000");
    }
}

/// What became of the leads that waited.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadDistributionResult {
    /// How many were offered.
    #[schema(example = 930)]
    offered: usize,
    /// How many go on waiting: no rule has a partner for them.
    #[schema(example = 70)]
    unassigned: usize,
}

/// Hand out the leads that wait
///
/// Goes through the leads that no partner has and none is asked about, by the rules in force: after a batch that was
/// held, or a change of the rules.
#[utoipa::path(post, path = "/api/v1/leads/distribute", operation_id = "distributeLeads", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = LeadDistribution, example = json!({"most": 1000})),
    responses((status = 200, description = "what became of them", body = LeadDistributionResult)))]
pub(in crate::leads) async fn distribute_leads(
    May { actor, org, .. }: May<right::LeadManage>,
    command: Command<LeadDistribution>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    rows::take_turns(tx, org.id).await?;
    let leads = rows::lock_waiting(tx, org.id, Uuid::nil(), body.most.unwrap_or(MOST)).await?;
    let deadlines = hand_out(tx, &actor.origin(), org.id, leads, Cause::Distributed).await?;
    let offered = deadlines.iter().filter(|(_, at)| at.is_some()).count();
    let unassigned = deadlines.len() - offered;
    let set = deadlines.into_iter().filter(|(_, at)| at.is_some()).collect();
    set_deadlines(tx, &set).await?;
    let reply = Reply::ok(&LeadDistributionResult { offered, unassigned })?;
    command.commit(reply).await
}
