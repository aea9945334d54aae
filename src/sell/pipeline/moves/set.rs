use guildhall_kernel::{Patch, StageId, entity};
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    access::{May, OrgKind, right},
    db::Tx,
    event,
    http::{self, Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
    identity::Actor,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::events::DealStageChanged;
use super::facts::{self, DealStages, Locked};
use super::rules::{self, Has};
use crate::deals::history::{Change, Entry, note};
use crate::deals::protection::record_progress;
use crate::deals::{self, state::DealStatus};
use crate::pipeline::{
    Category, code,
    stages::{self, Stage},
};

/// Where a deal goes, and as what it counts there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct StageMove {
    /// The stage; the one that it is in changes only what it counts as.
    stage_id: StageId,
    /// The exit criteria that are met, word for word, at most 100.
    #[serde(default)]
    #[schema(max_items = 100)]
    confirmed: Vec<String>,
    /// A category of its own; `null` for its stage's. A move to another stage clears it unless it is given.
    #[serde(default)]
    #[schema(value_type = Option<Category>)]
    category: Patch<Category>,
    /// A probability of its own in per cent; `null` for its stage's. A move clears it likewise.
    #[serde(default)]
    #[schema(value_type = Option<i16>, minimum = 0, maximum = 100, example = 60)]
    probability: Patch<i16>,
}

impl Validate for StageMove {
    fn validate(&self, checks: &mut Checks) {
        let few = self.confirmed.len() <= 100;
        checks.check(few, "/confirmed", "length", "must have at most 100 entries");
        if let Patch::Value(probability) = self.probability {
            let fits = (0..=100).contains(&probability);
            checks.check(fits, "/probability", "range", "must be from 0 to 100 (per cent)");
        }
    }
}

/// Move a deal to a stage
///
/// Either side moves an approved deal. Forward, the exit criteria of the stage that it leaves, and of those that it
/// passes over, have to be confirmed, and the deal has to have what they ask for (`exit_criteria_open`, which names what
/// is open in `criteria` and `fields`). Backward needs nothing.
#[utoipa::path(post, path = "/api/v1/deals/{id}/stage", operation_id = "moveDeal", tag = "pipeline",
    security(("bearer" = ["pipeline:move"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe"),
    ),
    request_body(content = StageMove, example = json!({"stage_id": "stg_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "confirmed": ["The need and who decides are known"], "probability": 60})),
    responses((status = 200, description = "where the deal is now", body = DealStages, headers(("ETag" = String, description = "the deal's version")))))]
pub(in crate::pipeline) async fn move_deal(
    May { actor, org, .. }: May<right::PipelineMove>,
    PathId(id): PathId<entity::Deal>,
    if_match: IfMatch,
    command: Command<StageMove>,
) -> Result<Reply, Problem> {
    let (wanted, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = facts::lock(tx, id, org.id).await?;
    if_match.check(deal.version)?;
    if org.kind == OrgKind::Partner && active_partnership(tx, deal.vendor_id, deal.partner_id).await?.is_none() {
        let detail = "Ask the vendor to reactivate the partnership.";
        return Err(Problem::new(deals::code::PARTNERSHIP_NOT_ACTIVE, detail));
    }
    let goal = aim(tx, &deal, &wanted).await?;
    if goal.changes(&deal) {
        carry_out(tx, &actor, &deal, goal, wanted.confirmed).await?;
    }
    let stages = facts::read(tx, id, org.id).await?;
    let reply = Reply::ok(&stages)?.version(stages.version);
    command.commit(reply).await
}

/// What a move comes to.
struct Goal {
    from: StageId,
    from_name: String,
    to: Stage,
    category: Option<Category>,
    probability: Option<i16>,
}

impl Goal {
    fn changes(&self, deal: &Locked) -> bool {
        self.from != self.to.id || (self.category, self.probability) != (deal.category, deal.probability)
    }
}

/// Checks that the deal may move there.
async fn aim(tx: &mut Tx, deal: &Locked, wanted: &StageMove) -> Result<Goal, Problem> {
    let Some(from) = deal.stage_id.filter(|_| deal.status == DealStatus::Approved) else {
        let detail = format!(
            "The deal is {}: only approved deals move through the pipeline.",
            deal.status
        );
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    };
    let mut all = stages::of_program(&mut **tx, deal.vendor_id, deal.program_id).await?;
    let place = |id| all.iter().position(|stage| stage.id == id);
    let unknown = || Problem::field("/stage_id", "unknown", "must be a stage of the deal's program");
    let (Some(here), Some(there)) = (place(from), place(wanted.stage_id)) else {
        return Err(unknown());
    };
    let has = Has {
        customer_domain: deal.has_domain,
        contacts: deal.has_contacts,
        note: deal.has_note,
        amount: deal.has_amount,
    };
    if let (Some(left), Some(entered)) = (all.get(here), all.get(there)) {
        if here != there && entered.retired_at.is_some() {
            let detail = "GET /api/v1/pipeline/stages lists those that deals can enter.";
            return Err(Problem::new(code::STAGE_RETIRED, detail));
        }
        let open = rules::open(&all, left, entered, &wanted.confirmed, has);
        if !open.is_empty() {
            let detail = "Send the criteria that are met in confirmed, and give the deal what it lacks.";
            let problem = Problem::new(code::EXIT_CRITERIA_OPEN, detail);
            return Err(problem.with("criteria", open.criteria).with("fields", open.fields));
        }
    }
    let stays = here == there;
    let from_name = all.get(here).map(|stage| stage.name.clone()).unwrap_or_default();
    Ok(Goal {
        from,
        from_name,
        to: all.swap_remove(there),
        category: wanted.category.clone().over(deal.category.filter(|_| stays)),
        probability: wanted.probability.clone().over(deal.probability.filter(|_| stays)),
    })
}

async fn carry_out(
    tx: &mut Tx,
    actor: &Actor,
    deal: &Locked,
    goal: Goal,
    confirmed: Vec<String>,
) -> Result<(), Problem> {
    let Goal {
        from,
        from_name,
        to,
        category,
        probability,
    } = goal;
    let step = Entry {
        changes: vec![Change {
            field: "stage".to_owned(),
            from: Value::from(from_name),
            to: Value::from(to.name.clone()),
        }],
        ..Entry::of("stage_changed")
    };
    if from != to.id {
        note(tx, deal.id, &actor.origin(), step).await?;
    }
    let version = facts::put(tx, deal, to.id, category, probability).await?;
    let changed = DealStageChanged {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        from_stage_id: from,
        stage_id: to.id,
        stage: to.name,
        category: category.unwrap_or(to.category),
        probability: probability.unwrap_or(to.probability),
        confirmed,
        version,
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    record_progress(tx, deal.id).await?;
    event::append(tx, &actor.origin(), deal.id, &audiences, &changed).await?;
    Ok(())
}
