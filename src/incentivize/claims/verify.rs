use guildhall_kernel::{Currency, SaleId};
use guildhall_plans as plans;
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code::ILLEGAL_MOVE},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::access::{Acted, DecidedClaim};
use super::code::CLAIM_VOID;
use super::rows::Decided;
use super::view::Claim;
use super::{Status, events, rows, terms};
use crate::accruals::{CLAIMED_PLAN, book::Version};
use crate::sales::{self, Kind, PartyDraft, Role, SaleDraft, TakenIn};

/// A word to the claimant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimVerification)]
pub(super) struct Verification {
    /// For the claimant, 1 to 1000 characters.
    #[serde(default)]
    #[schema(example = "Seen on the delivery note")]
    answer: Option<String>,
}

impl Validate for Verification {
    fn validate(&self, checks: &mut Checks) {
        if let Some(answer) = &self.answer {
            checks.text("/answer", answer, 1, 1000, true);
        }
    }
}

/// Verify a claim
///
/// Records the activity, which earns under the plan as any other does: within its budget, its first sales and its goals.
/// Whether the employer lets the person be paid is asked when it is paid.
#[utoipa::path(post, path = "/api/v1/incentives/claims/{id}/verify", operation_id = "verifyClaim", tag = "claims",
    security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the claim", example = "clm_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the claim", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Verification, example = json!({"answer": "Seen on the delivery note"})),
    responses((status = 200, description = "the claim after it", body = Claim,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn verify_claim(
    DecidedClaim(Acted { actor, sight, id }): DecidedClaim,
    if_match: IfMatch,
    command: Command<Verification>,
) -> Result<Reply, Problem> {
    let (verification, mut command) = command.take();
    let tx = &mut command.tx;
    let claim = rows::lock(tx, id, sight).await?;
    if_match.check(claim.version)?;
    claim.still_undecided()?;
    let version = terms::in_force(tx, claim.vendor_id, claim.plan_id, claim.done_on).await?;
    let version = version.ok_or_else(|| void("The plan has no version for its day any more."))?;
    let sale = record(tx, &actor.origin(), &claim, &version).await?;
    let decided = Decided {
        status: Status::Verified,
        by: actor.user,
        because: None,
        answer: verification.answer.as_deref(),
        sale: Some(sale),
    };
    let claim = rows::decide(tx, id, sight, &decided).await?;
    events::tell(tx, &actor.origin(), &claim).await?;
    command.commit(Reply::ok(&claim)?.version(claim.version)).await
}

impl Claim {
    /// # Errors
    /// 409 `illegal_move` once it is decided.
    pub(super) fn still_undecided(&self) -> Result<(), Problem> {
        if self.status == Status::Submitted {
            return Ok(());
        }
        let detail = format!("The claim is {}, and stays so.", self.status.as_str());
        Err(Problem::new(ILLEGAL_MOVE, detail))
    }
}

fn void(detail: &str) -> Problem {
    Problem::new(CLAIM_VOID, format!("{detail} Reject the claim."))
}

/// Records the activity of a claim, as if the vendor had told of it.
async fn record(tx: &mut Tx, origin: &Origin, claim: &Claim, version: &Version) -> Result<SaleId, Problem> {
    let mut checks = Checks::default();
    let read = activity(claim, version).check(tx.now().date_naive(), &mut checks);
    let Some(sale) = read else {
        return Err(Problem::internal(format!(
            "a claim makes no activity: {:?}",
            checks.faults()
        )));
    };
    let around = sales::surroundings(tx, claim.vendor_id, std::slice::from_ref(&sale)).await?;
    sale.fits(&around, &mut checks);
    if !checks.faults().is_empty() {
        return Err(void("The company or the person is no longer in the program."));
    }
    let taken = sales::take_in(tx, origin, claim.vendor_id, &[sale], &around).await?;
    match taken.first() {
        Some(TakenIn::Recorded(id)) => Ok(*id),
        _ => Err(void(
            "An activity with the claim's id as its reference was recorded before.",
        )),
    }
}

/// The activity: all of every role that the plan pays is the claimant's.
fn activity(claim: &Claim, version: &Version) -> SaleDraft {
    let currency = version.plan.currency().unwrap_or(Currency::EUR);
    let roles = version.plan.spec().common.roles.iter();
    SaleDraft {
        kind: Kind::Activity,
        reference: claim.id.to_string(),
        partner_id: claim.partner_id,
        deal_id: None,
        currency: currency.code().to_owned(),
        sold_on: claim.done_on,
        paid_on: None,
        deal_type: None,
        country: claim.country.clone(),
        activity: Some(claim.activity.clone()),
        subscription: None,
        lines: Vec::new(),
        parties: roles
            .map(|one| PartyDraft {
                partner_id: claim.partner_id,
                role: role(*one),
                percent: "100".to_owned(),
                user_id: Some(claim.user_id),
            })
            .collect(),
        facts: facts(claim),
    }
}

/// What the plan's expressions may ask for.
fn facts(claim: &Claim) -> Map<String, Value> {
    let facts = [
        ("claim_id", Some(json!(claim.id))),
        (CLAIMED_PLAN, Some(json!(claim.plan_id))),
        ("serial", claim.serial.clone().map(Value::String)),
        ("reference", claim.reference.clone().map(Value::String)),
    ];
    facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

const fn role(role: plans::Role) -> Role {
    match role {
        plans::Role::Sourced => Role::Sourced,
        plans::Role::Influenced => Role::Influenced,
        plans::Role::Fulfilled => Role::Fulfilled,
        plans::Role::Serviced => Role::Serviced,
        plans::Role::Distributed => Role::Distributed,
    }
}
