//! Invitations: a letter whose link makes its reader a member.

mod accept;
mod create;
mod events;
mod letters;
mod list;
mod revoke;
mod rows;

use chrono::{DateTime, Utc};
use guildhall_kernel::{InvitationId, OrgId, UserId};
use guildhall_spine::{
    App,
    access::Role,
    db::Tx,
    event::{self, EventDoc, Origin},
    http::{Problem, code},
    mail,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    events::{InvitationCreated, InvitationRevoked},
    letters::InvitationLetter,
};
use crate::links::page;

/// The events of invitations.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_invitations, create::create_invitation))
        .routes(routes!(revoke::revoke_invitation))
        .routes(routes!(accept::accept_invitation))
}

/// Where an invitation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvitationStatus {
    /// Sent, and good.
    Pending,
    /// Taken up.
    Accepted,
    /// Taken back.
    Revoked,
    /// Not taken up within 7 days.
    Expired,
}

/// An invitation to join the organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// Its id.
    pub(crate) id: InvitationId,
    /// Whom it was sent to.
    #[schema(example = "jane@partner.example")]
    pub(crate) email: String,
    /// The role offered.
    #[schema(example = "sales")]
    pub(crate) role: String,
    /// Where it is in its life.
    pub(crate) status: InvitationStatus,
    /// Who sent it; `null` when an API key did.
    pub(crate) invited_by: Option<UserId>,
    /// When it was sent.
    pub(crate) created_at: DateTime<Utc>,
    /// Until when its link is good.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Who is to be invited where.
pub(crate) struct Invited<'a> {
    pub(crate) organisation: OrgId,
    pub(crate) organisation_name: &'a str,
    /// In its canonical form.
    pub(crate) email: &'a str,
    pub(crate) role: Role,
    pub(crate) by: Option<UserId>,
}

/// Invites someone, as part of `tx`: the row, the letter, the event.
///
/// # Errors
/// 409 when a pending invitation has gone to that address.
pub(crate) async fn invite(
    app: &App,
    tx: &mut Tx,
    origin: &Origin,
    invited: &Invited<'_>,
) -> Result<Invitation, Problem> {
    let token = tx.entropy().token();
    rows::clear_expired(tx, invited.organisation, invited.email).await?;
    let invitation = rows::insert(tx, invited, &token).await.map_err(|error| match &error {
        sqlx::Error::Database(fault) if fault.constraint() == Some("invitation_pending") => {
            let detail = "An invitation to this address is pending: revoke it first to send another.";
            Problem::new(code::ALREADY_EXISTS, detail)
        }
        _ => error.into(),
    })?;
    let letter = InvitationLetter {
        organisation: invited.organisation_name,
        role: &invited.role.as_str().replace('_', " "),
        link: &page(app, "accept-invitation", Some(&token)),
    };
    mail::queue(tx, invited.email, &letter).await?;
    let created = InvitationCreated {
        invitation_id: invitation.id,
        organisation_id: invited.organisation,
        role: invited.role.as_str(),
    };
    event::append(tx, origin, invitation.id, &[invited.organisation.uuid()], &created).await?;
    Ok(invitation)
}

/// Takes back the invitations to set up a company, when the vendor that sent them thinks better of it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn take_back_founding(tx: &mut Tx, origin: &Origin, org: OrgId) -> Result<(), Problem> {
    for id in rows::revoke_founding(tx, org).await? {
        let revoked = InvitationRevoked {
            invitation_id: id,
            organisation_id: org,
        };
        event::append(tx, origin, id, &[org.uuid()], &revoked).await?;
    }
    Ok(())
}
