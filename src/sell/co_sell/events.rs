//! What the feature announces, each to those alone who may know it.

use chrono::NaiveDate;
use guildhall_kernel::{CoSellId, CoSellNoteId, FileId, OrgId, PlanTaskId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::plan::TaskStatus;
use super::stage::Stage;
use super::view::CoSellStatus;

/// A shared opportunity right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CoSellNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// The vendor.
    pub vendor_id: OrgId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: CoSellStatus,
    /// Its version after the change.
    pub version: i64,
}

/// A partner's part in a shared opportunity right after a step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartyNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// The vendor.
    pub vendor_id: OrgId,
    /// The partner.
    pub partner_id: OrgId,
    /// How far it is.
    pub stage: Stage,
    /// The opportunity's version after the step.
    pub version: i64,
}

/// A side's team right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TeamNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// Whose team.
    pub org_id: OrgId,
    /// The opportunity's version after the change.
    pub version: i64,
}

/// A task of a joint plan right after a change, or when it is due.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TaskNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// The task.
    pub task_id: PlanTaskId,
    /// What is to do.
    pub title: String,
    /// Who does it.
    pub owner_id: OrgId,
    /// By when.
    pub due_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Its version after the change.
    pub version: i64,
}

/// A note.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NoteNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// The note.
    pub note_id: CoSellNoteId,
    /// Whose note.
    pub author_id: OrgId,
    /// Whether it is for the author's own side alone.
    pub private: bool,
    /// What it says.
    pub body: String,
}

/// A document right after it came or went.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DocumentNow {
    /// The shared opportunity.
    pub co_sell_id: CoSellId,
    /// Its number there.
    pub no: i32,
    /// Its name.
    pub name: String,
    /// The file that it is, when it is no link.
    pub file_id: Option<FileId>,
    /// Who put it there.
    pub org_id: OrgId,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($facts:ident) = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub $facts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::CoSell;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// An opportunity is shared.
    CoSellOpened(CoSellNow) = "cosell.opened";
    /// The opportunity was changed.
    CoSellChanged(CoSellNow) = "cosell.changed";
    /// The opportunity is over.
    CoSellClosed(CoSellNow) = "cosell.closed";
    /// The vendor asked a partner. For these two.
    CoSellInvited(PartyNow) = "cosell.invited";
    /// An invited partner wants to know more. For it and the vendor.
    CoSellInterested(PartyNow) = "cosell.interested";
    /// A partner joined. For all who have.
    CoSellJoined(PartyNow) = "cosell.joined";
    /// An invited partner said no. For it and the vendor.
    CoSellDeclined(PartyNow) = "cosell.declined";
    /// A partner that had joined stopped. For it and all who have joined.
    CoSellLeft(PartyNow) = "cosell.left";
    /// The vendor took a partner off. For it and, if it had joined, all who have; else the vendor.
    CoSellRemoved(PartyNow) = "cosell.removed";
    /// A side named other people.
    CoSellTeamChanged(TeamNow) = "cosell.team_changed";
    /// A task came into the joint plan.
    PlanTaskAdded(TaskNow) = "plan_task.added";
    /// A task of the joint plan was changed.
    PlanTaskChanged(TaskNow) = "plan_task.changed";
    /// A task that isn't done is due today. For its owner.
    PlanTaskDue(TaskNow) = "plan_task.due";
    /// A note was written: for all who have joined, or for the author's own side alone.
    CoSellNoteAdded(NoteNow) = "cosell.note_added";
    /// A document was added.
    CoSellDocumentAdded(DocumentNow) = "cosell.document_added";
    /// A document was taken away.
    CoSellDocumentRemoved(DocumentNow) = "cosell.document_removed";
}

/// Those who have joined, the vendor included. A partner that isn't active in the program hears nothing.
pub(super) async fn joined(tx: &mut Tx, id: CoSellId) -> Result<Vec<Uuid>, Problem> {
    let orgs = sqlx::query_scalar!(
        "SELECT p.org_id FROM co_sell_party p JOIN co_sell c ON c.id = p.co_sell_id
         WHERE p.co_sell_id = $1 AND p.stage = 'joined'
           AND (p.org_id = c.vendor_id OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = c.vendor_id
                                                  AND s.partner_id = p.org_id AND s.status = 'active'))",
        id.uuid()
    );
    Ok(orgs.fetch_all(&mut **tx).await?)
}

/// Those who have a part, invited partners included; a partner while it is active in the program.
pub(super) async fn live(tx: &mut Tx, id: CoSellId) -> Result<Vec<Uuid>, Problem> {
    let orgs = sqlx::query_scalar!(
        "SELECT p.org_id FROM co_sell_party p JOIN co_sell c ON c.id = p.co_sell_id
         WHERE p.co_sell_id = $1 AND p.stage IN ('invited', 'interested', 'joined')
           AND (p.org_id = c.vendor_id OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = c.vendor_id
                                                  AND s.partner_id = p.org_id AND s.status = 'active'))",
        id.uuid()
    );
    Ok(orgs.fetch_all(&mut **tx).await?)
}

/// Announces to all who have joined.
pub(super) async fn to_joined<E: Event>(tx: &mut Tx, origin: &Origin, id: CoSellId, event: &E) -> Result<(), Problem> {
    let audience = joined(tx, id).await?;
    event::append(tx, origin, id, &audience, event).await?;
    Ok(())
}
