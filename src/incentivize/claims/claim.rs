use chrono::{Days, NaiveDate};
use guildhall_kernel::{FileId, OrgId, PlanId, SpiffClaimId};
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Claimant;
use super::code::ALREADY_CLAIMED;
use super::view::{Claim, ClaimFile};
use super::{events, proof, rows, terms};
use crate::disputes::sight::Sight;

/// What is claimed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimDraft)]
pub(super) struct Draft {
    /// The plan: a SPIFF for activities that asks for proof.
    plan_id: PlanId,
    /// What was done, as the plan calls it; may be left out where the plan names one activity or none.
    #[serde(default)]
    #[schema(example = "gateway_installed")]
    activity: Option<String>,
    /// When: not in the future.
    done_on: NaiveDate,
    /// The serial number of what was sold, 1 to 100 characters. Give this or the reference.
    #[serde(default)]
    #[schema(example = "EG200-7F3A-0091")]
    serial: Option<String>,
    /// The sale's number, 1 to 100 characters.
    #[serde(default)]
    reference: Option<String>,
    /// The customer's country (ISO 3166-1 alpha-2), for plans that pay in some countries.
    #[serde(default)]
    #[schema(example = "DE")]
    country: Option<String>,
    /// For the vendor, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// The proof: 1 to 10 files that the company has sent.
    #[schema(value_type = Vec<FileId>)]
    files: Vec<FileId>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        let texts = [
            ("/activity", &self.activity, 100),
            ("/serial", &self.serial, 100),
            ("/reference", &self.reference, 100),
            ("/note", &self.note, 2000),
        ];
        for (pointer, text, most) in texts {
            if let Some(text) = text {
                checks.text(pointer, text, 1, most, pointer == "/note");
            }
        }
        for (pointer, text) in [("/serial", &self.serial), ("/reference", &self.reference)] {
            // A space before or after it would make it another one.
            let tight = text.as_ref().is_none_or(|text| text.trim() == text);
            checks.check(tight, pointer, "white_space", "must not begin or end with white space");
        }
        let named = self.serial.is_some() || self.reference.is_some();
        checks.check(
            named,
            "/serial",
            "missing",
            "give the serial number, or the reference of the sale",
        );
        if let Some(country) = &self.country {
            checks.country("/country", country);
        }
        let some = (1..=proof::MOST_FILES).contains(&self.files.len());
        checks.check(some, "/files", "length", "must be 1 to 10 files");
    }
}

/// Claim under a SPIFF
///
/// With the proof. A serial number, or without one the sale, is claimed once under a plan: 409 `already_claimed`, unless
/// the other claim was rejected or withdrawn.
#[utoipa::path(post, path = "/api/v1/incentives/claims", operation_id = "submitClaim", tag = "claims",
    security(("bearer" = ["rewards:read"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"plan_id": "plan_01kaqv6r3gf5ht2x0m8c9ezw4n", "done_on": "2026-11-20",
        "serial": "EG200-7F3A-0091", "files": ["file_01kaqv6r3gf5ht2x0m8c9ezw4n"]})),
    responses((status = 201, description = "the claim", body = Claim, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn submit_claim(claimant: Claimant, command: Command<Draft>) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let (tx, partner) = (&mut command.tx, claimant.partner);
    let mut checks = Checks::default();
    // One day of grace: east of Greenwich it is tomorrow already.
    let latest = tx.now().date_naive() + Days::new(1);
    checks.check(draft.done_on <= latest, "/done_on", "date", "must not be in the future");
    let terms = terms::find(tx, partner, draft.plan_id, draft.done_on, &mut checks).await?;
    let Some(terms) = terms else {
        checks.done()?;
        return Err(Problem::internal("a plan without terms has no fault"));
    };
    let activity = terms.activity(draft.activity.as_deref(), &mut checks);
    let id: SpiffClaimId = tx.new_id();
    let files = proof::put(tx, id, (terms.vendor, partner), &draft.files, &mut checks).await?;
    checks.done()?;
    let new = New {
        id,
        vendor: terms.vendor,
        activity,
        files,
    };
    new.insert(tx, &draft, &claimant).await?;
    let sight = Sight {
        org: partner,
        only: None,
    };
    let claim = rows::find(tx, id, sight).await?;
    let claim = claim.ok_or_else(|| Problem::internal("a claim vanished inside its own transaction"))?;
    events::tell(tx, &claimant.actor.origin(), &claim).await?;
    let reply = Reply::created(&format!("/api/v1/incentives/claims/{id}"), &claim)?;
    command.commit(reply.version(claim.version)).await
}

/// What a claim has beyond its draft.
struct New {
    id: SpiffClaimId,
    vendor: OrgId,
    activity: String,
    files: Vec<ClaimFile>,
}

impl New {
    async fn insert(&self, tx: &mut Tx, draft: &Draft, claimant: &Claimant) -> Result<(), Problem> {
        let at = tx.now();
        let added = sqlx::query!(
            "INSERT INTO spiff_claim (id, vendor_id, partner_id, user_id, plan_id, activity, done_on, serial, reference,
                    country, note, files, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
             ON CONFLICT (plan_id, claimed) WHERE status IN ('submitted', 'verified') DO NOTHING",
            self.id.uuid(),
            self.vendor.uuid(),
            claimant.partner.uuid(),
            claimant.user.uuid(),
            draft.plan_id.uuid(),
            self.activity,
            draft.done_on,
            draft.serial,
            draft.reference,
            draft.country,
            draft.note,
            serde_json::to_value(&self.files).map_err(Problem::internal)?,
            at,
        )
        .execute(&mut **tx)
        .await?;
        if added.rows_affected() == 0 {
            let detail = "Check the serial number, or ask the vendor who claimed it.";
            return Err(Problem::new(ALREADY_CLAIMED, detail));
        }
        Ok(())
    }
}
