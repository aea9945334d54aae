//! What a node does when it hears that someone's access has ended or changed.

use guildhall_kernel::{ApiKeyId, OrgId, SessionId, UserId};
use serde::Deserialize;

use crate::{App, event::Recorded, live::Access};

/// The members of a payload that say whose access is meant.
#[derive(Deserialize)]
struct Whose {
    session_id: Option<SessionId>,
    user_id: Option<UserId>,
    api_key_id: Option<ApiKeyId>,
    organisation_id: Option<OrgId>,
}

/// Drops what this node believes of someone whose access has ended or changed, and ends the sockets that it no
/// longer covers. Other events are left alone.
pub fn heed(app: &App, event: &Recorded) {
    let reason = match event.kind.as_str() {
        "session.revoked" => "session_revoked",
        "user.suspended" => "user_suspended",
        "membership.changed" => "role_changed",
        "membership.removed" => "membership_removed",
        "api_key.revoked" => "api_key_revoked",
        "organisation.suspended" => "organisation_suspended",
        _ => return,
    };
    let whose: Whose = match serde_json::from_str(event.data.get()) {
        Ok(whose) => whose,
        Err(error) => {
            tracing::error!(%error, event = %event.id, "an access event that says not whose; all standings are asked anew");
            app.identity.forget_all();
            return;
        }
    };
    let ended = match (whose.session_id, whose.api_key_id, whose.user_id, whose.organisation_id) {
        (Some(session), ..) => Some((session.uuid(), Access::Session(session.uuid()))),
        (None, Some(key), ..) => Some((key.uuid(), Access::Owner(key.uuid()))),
        (None, None, Some(user), Some(organisation)) => Some((
            user.uuid(),
            Access::Member {
                user: user.uuid(),
                organisation: organisation.uuid(),
            },
        )),
        (None, None, Some(user), None) => Some((user.uuid(), Access::Owner(user.uuid()))),
        (None, None, None, Some(organisation)) => {
            Some((organisation.uuid(), Access::Organisation(organisation.uuid())))
        }
        (None, None, None, None) => None,
    };
    match ended {
        Some((id, access)) => {
            app.identity.forget(id);
            app.live.revoke(access, reason);
        }
        None => app.identity.forget_all(),
    }
}
