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
    AmendmentId, ApiKeyId, AppealId, ApprovalRuleId, ApprovalStepId, AuditEntryId, CoSellId, CoSellNoteId, CommentId,
    ConflictCaseId, CreditAgreementId, CrmConnectionId, CrmDifferenceId, CrmLinkId, CrmSyncId, DealDraftId, DealFormId,
    DealId, DelegationId, DirectAccountId, Entity, EventId, ExtensionId, FileId, Id, IdFault, IdSequence, ImportId,
    InvitationId, LeadFormId, LeadId, LeadOfferId, LeadRuleId, MailId, MembershipId, OrgId, PartnershipId, PlanTaskId,
    PriceListId, ProductId, ProgramId, ReleaseId, SessionId, StageId, UserId, WebhookEndpointId, WebhookMessageId,
    id_text, parse_id_text,
};
pub use iso_currency::Currency;
pub use money::{Money, MoneyFault};
pub use patch::Patch;

/// The kinds of things that have ids, to name one where an id's type is generic.
pub mod entity {
    pub use crate::id::{
        Amendment, ApiKey, Appeal, ApprovalRule, ApprovalStep, AuditEntry, CoSell, CoSellNote, Comment, ConflictCase,
        CreditAgreement, CrmConnection, CrmDifference, CrmLink, CrmSync, Deal, DealDraft, DealForm, Delegation,
        DirectAccount, Event, Extension, File, Import, Invitation, Lead, LeadForm, LeadOffer, LeadRule, Mail,
        Membership, Org, Partnership, PlanTask, PriceList, Product, Program, Release, Session, Stage, User,
        WebhookEndpoint, WebhookMessage,
    };
}
