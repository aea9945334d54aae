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
pub use country::is_country;
pub use cursor::{Cursor, CursorFault, CursorKey};
pub use decimal::{DecimalFault, parse_decimal};
pub use entropy::Entropy;
pub use id::{
    ApiKeyId, AuditEntryId, DealId, Entity, EventId, Id, IdFault, InvitationId, MailId, MembershipId, OrgId,
    PartnershipId, SessionId, UserId, id_text, parse_id_text,
};
pub use iso_currency::Currency;
pub use money::{Money, MoneyFault};
pub use patch::Patch;

/// The kinds of things that have ids, to name one where an id's type is generic.
pub mod entity {
    pub use crate::id::{
        ApiKey, AuditEntry, Deal, Event, Invitation, Mail, Membership, Org, Partnership, Session, User,
    };
}
