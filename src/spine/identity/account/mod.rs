//! The user's own account.

mod change_password;
mod me;
pub(super) mod reenter;
mod update;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

/// The operations.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::get, update::update))
        .routes(routes!(change_password::change_password))
}
