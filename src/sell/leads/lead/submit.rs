use guildhall_kernel::LeadId;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, FieldError, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::draft::{LeadDraft, Source};
use super::take_in::{Intake, Outcome, TakenIn, take_in};
use super::view::{self, Lead};

const MOST_LEADS: usize = 1000;

/// A lead that came in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadTakenIn {
    /// What became of it.
    outcome: Outcome,
    /// The lead, or the one that it is kept with.
    lead: Lead,
}

/// A lead that comes in by itself.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::leads) struct NewLead(LeadDraft);

impl Validate for NewLead {
    fn validate(&self, checks: &mut Checks) {
        // Where the form itself says where it comes from, nobody else does.
        let own = !matches!(self.0.source, Source::WebForm | Source::Import);
        checks.check(own, "/source", "not_allowed", "is given by the form, or by the import");
    }
}

/// Leads that come in together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadBatch {
    /// The leads, 1 to 1000.
    #[schema(min_items = 1, max_items = 1000)]
    leads: Vec<LeadDraft>,
    /// Whether they wait for `POST /api/v1/leads/distribute`.
    #[serde(default)]
    hold: bool,
}

impl Validate for LeadBatch {
    fn validate(&self, checks: &mut Checks) {
        let few = (1..=MOST_LEADS).contains(&self.leads.len());
        checks.check(few, "/leads", "length", "must have 1 to 1000 leads");
    }
}

/// What became of each lead.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadBatchResult {
    /// How many were taken in, as touches too.
    #[schema(example = 2)]
    taken: usize,
    /// How many were refused.
    #[schema(example = 0)]
    refused: usize,
    /// One for each lead, in the order in which they came.
    results: Vec<LeadRowResult>,
}

/// What became of a lead of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadRowResult {
    /// What became of it; `null` when it was refused.
    outcome: Option<Outcome>,
    /// The lead, or the one that it is kept with.
    lead_id: Option<LeadId>,
    /// What is wrong with its fields.
    errors: Vec<FieldError>,
}

/// Take in a lead
///
/// Scores it, and hands it out by the rules. A lead of a company with an open lead is kept with that one and answered
/// with it; one of a company with a live deal is kept for the vendor's eyes.
#[utoipa::path(post, path = "/api/v1/leads", operation_id = "submitLead", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = LeadDraft, example = json!({
        "company": {"name": "Contoso Robotics GmbH", "domain": "contoso.example", "country": "DE", "employees": 250},
        "contact": {"name": "Jonas Weber", "email": "jonas.weber@contoso.example"},
        "product": "Edge gateway", "amount": "15000", "currency": "EUR",
        "source": "campaign", "campaign": "spring-fair-2027"
    })),
    responses((status = 201, description = "the lead, or the one that it is kept with", body = LeadTakenIn, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(in crate::leads) async fn submit_lead(
    May { actor, org, .. }: May<right::LeadManage>,
    command: Command<NewLead>,
) -> Result<Reply, Problem> {
    let (NewLead(draft), mut command) = command.take();
    let tx = &mut command.tx;
    let answers = take_in(tx, &actor.origin(), org.id, vec![draft], &Intake::default()).await?;
    let answer = answers
        .into_iter()
        .next()
        .ok_or_else(|| Problem::internal("a lead was not answered"))?;
    let TakenIn { lead, outcome } = answer.map_err(Problem::fields)?;
    let view = view::reload(&mut **tx, lead, org.id).await?;
    let version = view.version;
    let body = LeadTakenIn {
        outcome,
        lead: view.into_lead(org.kind, actor.permissions),
    };
    let reply = Reply::created(&format!("/api/v1/leads/{lead}"), &body)?.version(version);
    command.commit(reply).await
}

/// Take in many leads
///
/// Each for itself: those at fault are told of, the others are taken in.
#[utoipa::path(post, path = "/api/v1/leads/batch", operation_id = "submitLeads", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = LeadBatch, example = json!({"leads": [
        {"company": {"name": "Contoso Robotics GmbH", "country": "DE"}, "source": "event", "campaign": "spring-fair-2027"},
        {"company": {"name": "Fabrikam SA", "country": "FR"}, "source": "referral"}
    ]})),
    responses((status = 200, description = "what became of each", body = LeadBatchResult)))]
pub(in crate::leads) async fn submit_leads(
    May { actor, org, .. }: May<right::LeadManage>,
    command: Command<LeadBatch>,
) -> Result<Reply, Problem> {
    let (batch, mut command) = command.take();
    let intake = Intake {
        hold: batch.hold,
        ..Intake::default()
    };
    let answers = take_in(&mut command.tx, &actor.origin(), org.id, batch.leads, &intake).await?;
    let results: Vec<LeadRowResult> = answers.into_iter().map(LeadRowResult::from).collect();
    let taken = results.iter().filter(|result| result.lead_id.is_some()).count();
    let reply = Reply::ok(&LeadBatchResult {
        taken,
        refused: results.len() - taken,
        results,
    })?;
    command.commit(reply).await
}

impl From<Result<TakenIn, Vec<FieldError>>> for LeadRowResult {
    fn from(answer: Result<TakenIn, Vec<FieldError>>) -> Self {
        match answer {
            Ok(taken) => Self {
                outcome: Some(taken.outcome),
                lead_id: Some(taken.lead),
                errors: Vec::new(),
            },
            Err(errors) => Self {
                outcome: None,
                lead_id: None,
                errors,
            },
        }
    }
}
