//! Guildhall's vocabulary: typed ids, money, time, cursors and partial updates. No I/O.

mod clock;
mod country;
mod cursor;
mod decimal;
mod entropy;
mod id;
mod money;
mod patch;

pub use clock::Clock;
pub use country::{countries, is_country};
pub use cursor::{Cursor, CursorFault, CursorKey};
pub use decimal::{DecimalFault, parse_decimal};
pub use entropy::Entropy;
pub use id::{
    AdjustmentId, AmendmentId, ApiKeyId, AppealId, ApprovalRuleId, ApprovalStepId, AuditEntryId, CoSellId,
    CoSellNoteId, CommentId, ConflictCaseId, CreditAgreementId, CrmConnectionId, CrmDifferenceId, CrmLinkId, CrmSyncId,
    DealDraftId, DealFormId, DealId, DelegationId, DirectAccountId, DisputeId, EarningId, Entity, EventId, ExtensionId,
    FileId, FundId, FundReservationId, Id, IdFault, IdSequence, ImportId, InvitationId, LeadFormId, LeadId,
    LeadOfferId, LeadRuleId, LedgerEntryId, MailId, MembershipId, OrgId, PartnershipId, PayoutBatchId, PayoutId,
    PayoutProfileId, PlanId, PlanTaskId, PlanVersionId, PriceListId, ProductId, ProgramId, RecalculationId, ReleaseId,
    SaleId, SaleReversalId, SessionId, SpiffClaimId, StageId, UserId, WebhookEndpointId, WebhookMessageId, id_text,
    parse_id_text,
};
pub use iso_currency::Currency;
pub use money::{Money, MoneyFault};
pub use patch::Patch;

/// The kinds of things that have ids, to name one where an id's type is generic.
pub mod entity {
    pub use crate::id::{
        Adjustment, Amendment, ApiKey, Appeal, ApprovalRule, ApprovalStep, AuditEntry, CoSell, CoSellNote, Comment,
        ConflictCase, CreditAgreement, CrmConnection, CrmDifference, CrmLink, CrmSync, Deal, DealDraft, DealForm,
        Delegation, DirectAccount, Dispute, Earning, Event, Extension, File, Fund, FundReservation, Import, Invitation,
        Lead, LeadForm, LeadOffer, LeadRule, LedgerEntry, Mail, Membership, Org, Partnership, Payout, PayoutBatch,
        PayoutProfile, Plan, PlanTask, PlanVersion, PriceList, Product, Program, Recalculation, Release, Sale,
        SaleReversal, Session, SpiffClaim, Stage, User, WebhookEndpoint, WebhookMessage,
    };
}
