//! Inviting someone.

use axum::extract::State;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Invitation, Invited, invite};
use crate::{
    accounts::canonical_email,
    members::{self, rules},
    organisations,
};

/// Who is invited, as what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    /// The address that the letter goes to.
    #[schema(example = "jane@partner.example")]
    email: String,
    /// One of the organisation's kind.
    #[schema(example = "sales")]
    role: String,
}

impl Validate for NewInvitation {
    fn validate(&self, checks: &mut Checks) {
        checks.email("/email", &self.email);
    }
}

/// Invite someone to the organisation acted for
///
/// The letter's link is good for 7 days. Only an owner invites an owner.
#[utoipa::path(post, path = "/api/v1/invitations", operation_id = "createInvitation", tag = "organisation",
    security(("bearer" = ["members:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewInvitation, example = json!({"email": "jane@partner.example", "role": "sales"})),
    responses((status = 201, description = "the letter is on its way", body = Invitation, headers(("Location" = String)))))]
pub(super) async fn create_invitation(
    State(app): State<App>,
    may: May<right::MemberManage>,
    mut command: Command<NewInvitation>,
) -> Result<Reply, Problem> {
    let role = rules::parse_role(may.org.kind, &command.body.role)?;
    rules::may_grant(may.actor.role, role)?;
    let email = canonical_email(&command.body.email);
    let organisation = organisations::rows::lock(&mut command.tx, may.org.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if members::has_email(&mut command.tx, may.org.id, &email).await? {
        let detail =
            "The person with this address is a member already: change the role with PATCH /api/v1/members/{id}.";
        return Err(Problem::new(code::ALREADY_EXISTS, detail));
    }
    let invited = Invited {
        organisation: organisation.id,
        organisation_name: &organisation.name,
        email: &email,
        role,
        by: may.actor.user,
    };
    let invitation = invite(&app, &mut command.tx, &may.actor.origin(), &invited).await?;
    let reply = Reply::created(&format!("/api/v1/invitations/{}", invitation.id), &invitation)?;
    command.commit(reply).await
}
