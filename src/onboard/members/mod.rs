//! Members: who belongs to an organisation, and in which role.

mod change_role;
mod events;
mod export;
mod get;
mod list;
mod remove;
mod rows;
pub(crate) mod rules;

use chrono::{DateTime, Utc};
use guildhall_kernel::{MembershipId, OrgId, UserId};
use guildhall_spine::{
    App,
    access::Role,
    db::Tx,
    event::{self, EventDoc, Origin},
    http::{Code, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use rows::{has_any, has_email, is_member, is_peopled, leaders_addresses};

use self::events::MembershipAdded;

/// The events of members.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;
/// The codes of members.
pub(crate) const CODES: &[Code] = &[rules::LAST_LEADER];

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_members))
        .routes(routes!(export::export_members))
        .routes(routes!(
            get::get_member,
            change_role::change_member,
            remove::remove_member
        ))
}

/// A person in an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// The membership's id.
    pub(crate) id: MembershipId,
    /// Who.
    pub(crate) user: MemberUser,
    /// The role. A vendor's: `owner`, `admin`, `channel_manager`, `finance`, `marketing`, `content`, `moderator`,
    /// `viewer`; a partner's: `admin`, `sales`, `marketing`, `technical`, `finance`, `learner`.
    #[schema(example = "sales")]
    pub(crate) role: String,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Member since.
    pub(crate) created_at: DateTime<Utc>,
    /// When the role was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

/// The person behind a membership.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberUser {
    /// The user's id.
    pub(crate) id: UserId,
    /// Their name.
    #[schema(example = "Jane Doe")]
    pub(crate) name: String,
    /// Their e-mail address.
    #[schema(example = "jane@partner.example")]
    pub(crate) email: String,
}

/// Makes `user` a member and publishes it to the organisation and the user; false when they are one already, in
/// whichever role.
pub(crate) async fn add(tx: &mut Tx, origin: &Origin, org: OrgId, user: UserId, role: Role) -> Result<bool, Problem> {
    let Some(id) = rows::insert(tx, org, user, role).await? else {
        return Ok(false);
    };
    let added = MembershipAdded {
        membership_id: id,
        organisation_id: org,
        user_id: user,
        role: role.as_str(),
    };
    event::append(tx, origin, id, &[org.uuid(), user.uuid()], &added).await?;
    Ok(true)
}
