//! Sessions: a device logs in, stays logged in, acts for one organisation or another, and leaves.

mod device;
mod end;
mod list;
mod login;
mod logout;
mod mfa;
mod open;
mod refresh;
mod revoke;
mod rotation;
mod seat;
mod switch;

use guildhall_kernel::{OrgId, SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use end::{end_sessions, sessions_ended};

use crate::{App, access::OrgKind};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(mfa::login_mfa))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout::logout_everywhere))
        .routes(routes!(list::list))
        .routes(routes!(revoke::revoke))
        .routes(routes!(switch::switch_org))
}

/// The organisation that a session acts for, and the user's role there.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Seat {
    /// The organisation.
    #[schema(value_type = String, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub id: OrgId,
    /// Its name.
    #[schema(example = "Meridian Cloud Partners")]
    pub name: String,
    /// Vendor or partner.
    pub kind: OrgKind,
    /// The user's role there.
    #[schema(example = "sales")]
    pub role: String,
}

/// Who has logged in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct SignedInUser {
    /// The user.
    #[schema(value_type = String, example = "user_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub id: UserId,
    /// Their name.
    #[schema(example = "Jane Doe")]
    pub name: String,
    /// Their e-mail address.
    #[schema(example = "jane@partner.example")]
    pub email: String,
}

/// A session's tokens, and what they stand for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Goes into `Authorization: Bearer` with each request.
    #[schema(example = "eyJhbGciOiJFZERTQSIsImtpZCI6Im1YYjBwWFljSHZFIn0.eyJzdWIiOiJ1c2VyXzAxIn0.c2ln")]
    pub access_token: String,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Buys the next pair of tokens, once. Keep it where only this device can read it.
    #[schema(example = "ghr_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E")]
    pub refresh_token: String,
    /// Seconds until the access token ends.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// Who has logged in.
    pub user: SignedInUser,
    /// The organisation acted for; `null` for a user without one.
    pub organisation: Option<Seat>,
    /// The session, as the list of sessions names it.
    #[schema(value_type = String, example = "ses_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub session_id: SessionId,
}
