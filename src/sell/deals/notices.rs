//! What the feature announces beside the moves of a deal: clocks, requests, votes, and what the conflict desk does.

use chrono::{DateTime, Utc};
use guildhall_kernel::{
    ApprovalStepId, ConflictCaseId, DealId, DelegationId, DirectAccountId, ExtensionId, OrgId, ProgramId, ReleaseId,
    UserId,
};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::desk::{CaseDecision, PartyOutcome};

macro_rules! notices {
    ($($(#[$doc:meta])* $name:ident = $kind:literal in $topic:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub(super) struct $name {
                $($(#[$field_doc])* pub(super) $field: $type,)*
            }

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::$topic;
            }
        )*

        /// What is announced here, for the documentation.
        pub(super) const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

notices! {
    /// The vendor has set a program's terms for registrations. For the vendor only.
    DealPolicyChanged = "deal_policy.changed" in Programs {
        /// The program.
        program_id: ProgramId,
        /// Whose.
        vendor_id: OrgId,
        /// The terms' version now.
        version: i64,
        /// The names of the approval rules, in order.
        rules: Vec<String>,
    }
    /// A protection ends soon unless it is extended.
    DealProtectionEnding = "deal.protection_ending" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who holds the protection.
        partner_id: OrgId,
        /// The customer's legal name.
        customer_name: String,
        /// When it ends.
        protected_until: DateTime<Utc>,
        /// Days until then: 14, 7 or 1.
        days_left: i64,
    }
    /// The partner has said what it did for the customer.
    DealProgressRecorded = "deal.progress_recorded" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who did it.
        partner_id: OrgId,
        /// The entry's number.
        no: i32,
        /// What was done.
        text: String,
    }
    /// The partner asks for a longer protection.
    DealExtensionRequested = "deal.extension_requested" in Deals {
        /// The request.
        extension_id: ExtensionId,
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who asks.
        partner_id: OrgId,
        /// What progress there is.
        evidence: Option<String>,
        /// Days asked for.
        days: i32,
    }
    /// The vendor has answered a request for a longer protection.
    DealExtensionDecided = "deal.extension_decided" in Deals {
        /// The request.
        extension_id: ExtensionId,
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who asked.
        partner_id: OrgId,
        /// Whether it was granted.
        approved: bool,
        /// When the protection ends now.
        protected_until: Option<DateTime<Utc>>,
        /// What was said with it.
        note: Option<String>,
    }
    /// A customer wants to be released from the partner; the partner is heard first.
    DealReleaseRequested = "deal.release_requested" in Deals {
        /// The request.
        release_id: ReleaseId,
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who holds the protection.
        partner_id: OrgId,
        /// Who at the customer asked.
        asked_by: String,
        /// Until when the partner can answer.
        hearing_until: DateTime<Utc>,
    }
    /// The partner has answered a customer's request to be released.
    DealReleaseAnswered = "deal.release_answered" in Deals {
        /// The request.
        release_id: ReleaseId,
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who answered.
        partner_id: OrgId,
        /// The answer.
        answer: String,
    }
    /// The vendor leaves the protection in place although the customer asked to be released.
    DealReleaseDeclined = "deal.release_declined" in Deals {
        /// The request.
        release_id: ReleaseId,
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// Who holds the protection.
        partner_id: OrgId,
        /// Why.
        note: Option<String>,
    }
    /// The vendor's time to decide has run out.
    DealDecisionOverdue = "deal.decision_overdue" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose decision.
        vendor_id: OrgId,
        /// Who waits.
        partner_id: OrgId,
        /// When it was due.
        due_at: DateTime<Utc>,
    }
    /// A deal waits for approvers. For the vendor only.
    DealApprovalStarted = "deal.approval_started" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// The rule that asks for them.
        rule: String,
        /// The steps that are open now.
        open_steps: Vec<ApprovalStepId>,
    }
    /// One approver has voted, and others are to follow. For the vendor only.
    DealApprovalVoted = "deal.approval_voted" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// The step.
        step_id: ApprovalStepId,
        /// What the step is called.
        step: String,
        /// Who voted.
        by: UserId,
        /// Whose approvals they had on loan.
        on_behalf_of: Option<UserId>,
        /// What was said with it.
        note: Option<String>,
    }
    /// A step took too long; somebody else may approve now. For the vendor only.
    DealApprovalEscalated = "deal.approval_escalated" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// The step.
        step_id: ApprovalStepId,
        /// What the step is called.
        step: String,
    }
    /// Somebody's approvals are lent to another. For the vendor only.
    ApprovalsDelegated = "approvals.delegated" in Deals {
        /// The loan.
        delegation_id: DelegationId,
        /// The vendor.
        vendor_id: OrgId,
        /// Whose approvals.
        from_user_id: UserId,
        /// To whom.
        to_user_id: UserId,
        /// From when.
        starts_at: DateTime<Utc>,
        /// Until when.
        ends_at: DateTime<Utc>,
    }
    /// A loan of approvals was taken back. For the vendor only.
    ApprovalDelegationRevoked = "approvals.delegation_revoked" in Deals {
        /// The loan.
        delegation_id: DelegationId,
        /// The vendor.
        vendor_id: OrgId,
    }
    /// The vendor's own accounts and opportunities were brought up to date. For the vendor only.
    DirectAccountsChanged = "direct_accounts.changed" in Deals {
        /// The vendor.
        vendor_id: OrgId,
        /// Those that are new or others now, at most 1000.
        account_ids: Vec<DirectAccountId>,
    }
    /// A deal was found to be one of the vendor's own accounts or opportunities, or no longer. For the vendor only.
    DealAccountLinked = "deal.account_linked" in Deals {
        /// The deal.
        deal_id: DealId,
        /// Whose products.
        vendor_id: OrgId,
        /// The account or opportunity; none when the link was taken away.
        account_id: Option<DirectAccountId>,
    }
    /// Registrations collide; the conflict desk has a case. For the vendor only.
    ConflictOpened = "conflict.opened" in Deals {
        /// The case.
        case_id: ConflictCaseId,
        /// The vendor.
        vendor_id: OrgId,
        /// The registrations.
        deal_ids: Vec<DealId>,
        /// The vendor's own accounts and opportunities.
        account_ids: Vec<DirectAccountId>,
    }
    /// A registration is before the conflict desk: its partner may put its side forward.
    ConflictJoined = "conflict.joined" in Deals {
        /// The case.
        case_id: ConflictCaseId,
        /// The vendor.
        vendor_id: OrgId,
        /// The registration.
        deal_id: DealId,
        /// Whose it is.
        partner_id: OrgId,
    }
    /// One side has put something forward. For the vendor and that side.
    ConflictEvidenceGiven = "conflict.evidence_given" in Deals {
        /// The case.
        case_id: ConflictCaseId,
        /// The vendor.
        vendor_id: OrgId,
        /// Which side: a partner, or the vendor itself.
        by_organisation_id: OrgId,
        /// The entry's number among what this side has put forward.
        no: i32,
    }
    /// The conflict desk has decided: what shared credit is made of. For the vendor only.
    ConflictDecided = "conflict.decided" in Deals {
        /// The case.
        case_id: ConflictCaseId,
        /// The vendor.
        vendor_id: OrgId,
        /// The decision.
        decision: CaseDecision,
        /// The registration that protects the customer.
        winner_deal_id: Option<DealId>,
        /// Each partner's part of the credit, when it is shared.
        shares: Vec<AgreedShare>,
        /// Why.
        note: Option<String>,
    }
    /// What the conflict desk's decision means for one registration. For the vendor and its partner.
    ConflictOutcome = "conflict.outcome" in Deals {
        /// The case.
        case_id: ConflictCaseId,
        /// The vendor.
        vendor_id: OrgId,
        /// The registration.
        deal_id: DealId,
        /// Whose it is.
        partner_id: OrgId,
        /// What it means for it.
        outcome: PartyOutcome,
        /// Its part of the credit in percent, when it is shared; a decimal number.
        share: Option<String>,
    }
}

/// A partner's part of a deal's credit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct AgreedShare {
    /// The registration that it comes from.
    pub(super) deal_id: DealId,
    /// The partner.
    pub(super) partner_id: OrgId,
    /// In percent, a decimal number.
    pub(super) percent: String,
}
