//! Accounts: registration, and the links by mail that prove an address or set a new password.
//!
//! Nothing here tells a stranger whether an address has an account: the answer is the same, exactly one letter goes
//! to the address in any case, and the answer takes the same time.

mod events;
mod letters;
mod register;
mod request_reset;
mod resend_verification;
mod reset_password;
pub(crate) mod rows;
mod verify_email;

use std::time::Duration;

use axum::{Json, http::StatusCode, response::IntoResponse};
use guildhall_spine::{
    App,
    db::Tx,
    event::EventDoc,
    http::{Code, Problem, code},
    mail,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use events::{EmailVerified, UserRegistered};

use self::rows::{Account, Purpose};
use crate::links::page;

/// Registration isn't open to everyone.
const REGISTRATION_CLOSED: Code = Code {
    name: "registration_closed",
    status: 403,
    title: "Registration needs an invitation here",
};

/// The codes of accounts.
pub(crate) const CODES: &[Code] = &[REGISTRATION_CLOSED];
/// The events of accounts.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(resend_verification::resend_verification))
        .routes(routes!(request_reset::request_password_reset))
        .routes(routes!(reset_password::reset_password))
}

/// A letter is on its way, whichever it is.
#[derive(Serialize, ToSchema)]
struct MailSent {
    /// What to do next.
    #[schema(example = "A letter with what to do next is on its way to the address.")]
    message: &'static str,
}

fn mail_sent() -> impl IntoResponse {
    (
        StatusCode::ACCEPTED,
        Json(MailSent {
            message: "A letter with what to do next is on its way to the address.",
        }),
    )
}

/// Time that an answer takes which must not tell what was found: more than the work does, unless the server is so busy
/// that the time tells nothing anyway.
const EVEN: Duration = Duration::from_millis(150);

/// Does `work` and lets it look as if it always took the same time.
async fn evenly<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    tokio::join!(work, tokio::time::sleep(EVEN)).0
}

/// The form in which addresses are kept and compared.
pub(crate) fn canonical_email(email: &str) -> String {
    email.trim().to_lowercase()
}

fn link_expired() -> Problem {
    Problem::new(code::LINK_EXPIRED, "Ask for a new link.")
}

/// Sends the letter that leads to a confirmed address.
async fn ask_to_confirm(app: &App, tx: &mut Tx, account: &Account, email: &str) -> Result<(), Problem> {
    if account.has_password {
        let token = rows::new_link(tx, account.id, email, Purpose::VerifyEmail).await?;
        mail::queue(
            tx,
            email,
            &letters::VerifyEmail {
                link: page(app, "verify-email", Some(&token)),
            },
        )
        .await?;
    } else {
        let token = rows::new_link(tx, account.id, email, Purpose::ResetPassword).await?;
        mail::queue(
            tx,
            email,
            &letters::ChoosePassword {
                link: page(app, "reset-password", Some(&token)),
            },
        )
        .await?;
    }
    Ok(())
}

async fn tell_account_exists(app: &App, tx: &mut Tx, email: &str) -> Result<(), Problem> {
    let letter = letters::AccountExists {
        login_link: page(app, "login", None),
        reset_link: reset_page(app),
    };
    mail::queue(tx, email, &letter).await?;
    Ok(())
}

fn reset_page(app: &App) -> String {
    page(app, "reset-password", None)
}
