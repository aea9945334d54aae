//! Who is who: people, sessions, tokens, second factors, API keys.

mod account;
mod actor;
mod administer;
mod authenticate;
pub mod events;
mod failure;
mod heed;
mod jwks;
mod password;
mod prune;
mod reseal;
mod session;
mod signing;
mod standings;
mod strength;
mod token;
mod totp;

use axum::{
    Json,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use account::reenter::confirm_password;
pub use actor::{ActingFor, Actor, Standing};
pub use administer::{
    NewUser, UserActivated, UserCreated, UserOperatorChanged, UserRecord, UserSuspended, activate_user, create_user,
    list_users, lock_user, set_operator, set_password, suspend_user,
};
use authenticate::Credential;
pub use authenticate::{Identity, bearer};
pub use events::{EVENTS, EndReason, PasswordChanged};
pub use heed::heed;
pub use password::Passwords;
pub use prune::prune;
pub use reseal::{Sealed, SealedSecret, SealedStore, SecondFactors, reseal_secrets, sealed_secrets};
pub use session::{end_sessions, sessions_ended};
pub use signing::{JwkSet, SigningKeys};
pub use strength::check_new_password;
pub use token::Claims;
pub use totp::unlock_second_factor;

use crate::App;

/// The operations of identity.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(session::routes())
        .merge(totp::routes())
        .merge(account::routes())
        .routes(routes!(jwks::jwks))
}

/// Answers with what nobody on the way may keep (RFC 6749 section 5.1).
fn no_store(body: impl Serialize) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(body),
    )
}
