//! The pages that letters lead to: small, without a log-in, and complete in this binary. They are no part of the API
//! and use it as any client does. A client for people that is served from here takes over these addresses: letters
//! point to them by name.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use guildhall_kernel::entity::Partnership;
use guildhall_spine::{App, http::PathId};

/// A page: its title and the file with what it shows.
macro_rules! page {
    ($title:literal, $main:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<title>",
            $title,
            " · Guildhall</title>\n",
            include_str!("pages/head.html"),
            include_str!($main),
            include_str!("pages/foot.html"),
        )
    };
}

const VERIFY_EMAIL: &str = page!("Confirm your e-mail address", "pages/verify-email.html");
const ACCEPT_INVITATION: &str = page!("Accept your invitation", "pages/accept-invitation.html");
const RESET_PASSWORD: &str = page!("Set a new password", "pages/reset-password.html");
const LOGIN: &str = page!("Log in", "pages/login.html");
const PARTNERSHIP: &str = page!("Answer a vendor's invitation", "pages/partnership.html");

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(async || Redirect::to("/docs")))
        .route("/verify-email", get(async || Html(VERIFY_EMAIL)))
        .route("/accept-invitation", get(async || Html(ACCEPT_INVITATION)))
        .route("/reset-password", get(async || Html(RESET_PASSWORD)))
        .route("/login", get(async || Html(LOGIN)))
        .route("/partnerships/{id}", get(partnership))
        .route("/pages/page.css", get(style))
        .route("/pages/page.js", get(script))
        .layer(from_fn(headers))
}

/// An id is letters, digits and an underscore, so it can stand in a page as it is.
async fn partnership(PathId(id): PathId<Partnership>) -> Html<String> {
    Html(PARTNERSHIP.replace("{id}", &id.to_string()))
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("pages/page.css"),
    )
}

async fn script() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        include_str!("pages/page.js"),
    )
}

/// Scripts and styles come from files of this server alone, calls go to it alone, and no form is sent by the browser
/// itself: a password that ended up in an address would end up in logs.
async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                  trusted-types 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
