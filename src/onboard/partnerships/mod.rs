//! Partnerships: a partner's standing in a vendor's program.

mod accept;
pub(crate) mod bulk;
mod change;
mod create;
mod decline;
mod events;
mod export;
mod get;
mod letters;
mod list;
mod rows;
mod standing;

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PartnershipId, ProgramId, UserId};
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, EventDoc, Origin},
    http::{Problem, code},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use standing::{PartnershipStatus, Tier};

use crate::organisations::NamedOrganisation;

/// The events of partnerships.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

/// The event that says that a partnership's status, tier, program or account manager is another one, for those who
/// follow it.
pub const CHANGED: &str = <events::PartnershipChanged as event::Event>::KIND;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_partnerships, create::create_partnership))
        .routes(routes!(export::export_partnerships))
        .routes(routes!(get::get_partnership, change::change_partnership))
        .routes(routes!(accept::accept_partnership))
        .routes(routes!(decline::decline_partnership))
}

/// A partner's standing in a vendor's program, the same for both sides.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartnershipRecord {
    /// Its id.
    pub(crate) id: PartnershipId,
    /// Whose program.
    pub(crate) vendor: NamedOrganisation,
    /// Which partner.
    pub(crate) partner: NamedOrganisation,
    /// Where it is in its life.
    pub(crate) status: PartnershipStatus,
    /// The program level.
    pub(crate) tier: Tier,
    /// The program of the vendor that it stands in.
    pub(crate) program_id: ProgramId,
    /// The vendor's member who looks after the partner.
    pub(crate) account_manager: Option<AccountManager>,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

/// The vendor's member who looks after a partner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountManager {
    /// The user.
    pub(crate) id: UserId,
    /// Their name.
    #[schema(example = "Mara Lindqvist")]
    pub(crate) name: String,
}

/// Makes the partnership that a new partner company was set up for active, as part of `tx`: its first member has just
/// followed the link that the vendor sent.
pub(crate) async fn take_up(tx: &mut Tx, origin: &Origin, partner: OrgId) -> Result<(), Problem> {
    for id in rows::founding_invitations(tx, partner).await? {
        if let Some(record) = rows::lock(tx, partner, id).await?
            && record.status == PartnershipStatus::Invited
        {
            let record = rows::set_status(tx, partner, id, PartnershipStatus::Active).await?;
            publish_change(tx, origin, &record).await?;
        }
    }
    Ok(())
}

/// Publishes what a partnership is now to both sides.
async fn publish_change(tx: &mut Tx, origin: &Origin, record: &PartnershipRecord) -> Result<(), Problem> {
    let changed = events::PartnershipChanged::from(record);
    event::append(
        tx,
        origin,
        record.id,
        &[record.vendor.id.uuid(), record.partner.id.uuid()],
        &changed,
    )
    .await?;
    Ok(())
}

/// 409 with the moves that there are.
fn illegal_move(from: PartnershipStatus, legal: &[PartnershipStatus]) -> Problem {
    let names: Vec<&str> = legal.iter().map(|status| status.as_str()).collect();
    let detail = match (from, names.is_empty()) {
        (PartnershipStatus::Ended, _) => {
            "It has ended: invite the partner again with POST /api/v1/partnerships.".to_owned()
        }
        (_, true) => format!("It is {} and can't be moved from this side.", from.as_str()),
        (_, false) => format!("It is {}: it can become {}.", from.as_str(), names.join(" or ")),
    };
    Problem::new(code::ILLEGAL_MOVE, detail).with("legal", names)
}
