//! What a deal shows beside its own fields: clocks, protection, appeal, approvers.

use chrono::{DateTime, Utc};
use guildhall_kernel::{ApprovalStepId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::policy::Needs;
use super::wire::{DealPerson, EndReason};

/// The vendor's time to decide, as both sides see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealDecisionClock)]
pub(super) struct DecisionClock {
    /// When the decision is due. While the clock stands still it moves on with the hour.
    pub(super) due_at: DateTime<Utc>,
    /// Since when the clock stands still, because the partner owes an answer.
    pub(super) paused_at: Option<DateTime<Utc>>,
    /// When the time ran out.
    pub(super) overdue_at: Option<DateTime<Utc>>,
}

/// What an approval protects.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealProtection)]
pub(super) struct Protection {
    /// Until when.
    pub(super) until: DateTime<Utc>,
    /// The last sign of work.
    pub(super) progress_at: Option<DateTime<Utc>>,
    /// How often it was extended.
    #[schema(example = 0)]
    pub(super) extensions: i64,
    /// Why it ended before the deal was closed.
    pub(super) ended_because: Option<EndReason>,
}

/// A partner's objection to a refusal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DealAppealSummary)]
pub(super) struct AppealSummary {
    /// What it says.
    pub(super) statement: String,
    /// When it was filed.
    pub(super) appealed_at: DateTime<Utc>,
    /// How it ended: `upheld` (the refusal stands), `approved` or `withdrawn`.
    #[schema(example = "upheld")]
    pub(super) outcome: Option<String>,
    /// When it ended.
    pub(super) decided_at: Option<DateTime<Utc>>,
}

/// How far a deal's approval is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealApprovalState)]
pub(super) struct ApprovalState {
    /// The rule that applies.
    #[schema(example = "All others")]
    pub(super) rule: String,
    /// The steps of its chain; none when the rule approved the deal by itself.
    pub(super) steps: Vec<ApprovalStep>,
    /// Who is asked now, in words.
    #[schema(example = json!(["anybody who is channel_manager"]))]
    pub(super) up_next: Vec<String>,
}

/// A step of a chain.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealApprovalStep)]
pub(super) struct ApprovalStep {
    /// Its id.
    pub(super) id: ApprovalStepId,
    /// What it is called.
    #[schema(example = "Regional lead")]
    pub(super) name: String,
    /// How many of its approvers it needs.
    pub(super) needs: Needs,
    /// `waiting`, `open`, `approved` or `rejected`.
    #[schema(example = "open")]
    pub(super) status: String,
    /// When it took too long and somebody else was asked besides.
    pub(super) escalated_at: Option<DateTime<Utc>>,
    /// Who is asked.
    pub(super) approvers: Vec<StepApprover>,
}

/// An approver of a step, with the vote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealApprovalApprover)]
pub(super) struct StepApprover {
    /// The member, when one is named.
    pub(super) user: Option<DealPerson>,
    /// The role, when whoever has it is asked.
    #[schema(example = "channel_manager")]
    pub(super) role: Option<String>,
    /// Whether it counts only once the step has been escalated.
    pub(super) escalation: bool,
    /// Whether they approved; `null` as long as they haven't voted.
    pub(super) approved: Option<bool>,
    /// Who voted.
    pub(super) voted_by: Option<DealPerson>,
    /// Whose approvals they had on loan.
    pub(super) on_behalf_of: Option<DealPerson>,
    /// When.
    pub(super) voted_at: Option<DateTime<Utc>>,
    /// What was said with the vote.
    pub(super) note: Option<String>,
}

/// All of it, as the database puts it together.
#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    due_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    overdue_at: Option<DateTime<Utc>>,
    protected_until: Option<DateTime<Utc>>,
    progress_at: Option<DateTime<Utc>>,
    extensions: i64,
    ended_because: Option<EndReason>,
    appeal: Option<AppealSummary>,
    rule: Option<String>,
    steps: Option<Vec<StoredStep>>,
}

#[derive(Debug, Deserialize)]
struct StoredStep {
    id: Uuid,
    name: String,
    needs: Needs,
    status: String,
    escalated_at: Option<DateTime<Utc>>,
    approvers: Vec<StoredApprover>,
}

#[derive(Debug, Deserialize)]
struct StoredApprover {
    user: Option<StoredPerson>,
    role: Option<String>,
    escalation: bool,
    approved: Option<bool>,
    voted_by: Option<StoredPerson>,
    voted_for: Option<StoredPerson>,
    voted_at: Option<DateTime<Utc>>,
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
struct StoredPerson {
    id: Uuid,
    name: String,
}

impl From<StoredPerson> for DealPerson {
    fn from(person: StoredPerson) -> Self {
        Self {
            id: UserId::from(person.id),
            name: person.name,
        }
    }
}

impl From<StoredStep> for ApprovalStep {
    fn from(step: StoredStep) -> Self {
        let approver = |one: StoredApprover| StepApprover {
            user: one.user.map(DealPerson::from),
            role: one.role,
            escalation: one.escalation,
            approved: one.approved,
            voted_by: one.voted_by.map(DealPerson::from),
            on_behalf_of: one.voted_for.map(DealPerson::from),
            voted_at: one.voted_at,
            note: one.note,
        };
        Self {
            id: step.id.into(),
            name: step.name,
            needs: step.needs,
            status: step.status,
            escalated_at: step.escalated_at,
            approvers: step.approvers.into_iter().map(approver).collect(),
        }
    }
}

impl ApprovalStep {
    /// Who is asked in this step now, in words.
    fn asks(&self) -> Vec<String> {
        let open = |one: &&StepApprover| one.approved.is_none() && (!one.escalation || self.escalated_at.is_some());
        let who = |one: &StepApprover| match (&one.user, &one.role) {
            (Some(user), _) => Some(user.name.clone()),
            (None, role) => role.as_ref().map(|role| format!("anybody who is {role}")),
        };
        if self.status != "open" {
            return Vec::new();
        }
        self.approvers.iter().filter(open).filter_map(who).collect()
    }
}

impl Standing {
    /// The parts of it, each as the wire has it.
    pub(super) fn into_parts(
        self,
    ) -> (
        Option<DecisionClock>,
        Option<Protection>,
        Option<AppealSummary>,
        Option<ApprovalState>,
    ) {
        let clock = self.due_at.map(|due_at| DecisionClock {
            due_at,
            paused_at: self.paused_at,
            overdue_at: self.overdue_at,
        });
        let protection = self.protected_until.map(|until| Protection {
            until,
            progress_at: self.progress_at,
            extensions: self.extensions,
            ended_because: self.ended_because,
        });
        let steps: Vec<ApprovalStep> = self
            .steps
            .unwrap_or_default()
            .into_iter()
            .map(ApprovalStep::from)
            .collect();
        let approval = self.rule.map(|rule| ApprovalState {
            rule,
            up_next: steps.iter().flat_map(ApprovalStep::asks).collect(),
            steps,
        });
        (clock, protection, self.appeal, approval)
    }
}
