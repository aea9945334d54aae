//! The vendor's keys at Stripe.

use guildhall_kernel::OrgId;
use guildhall_spine::{App, db::Tx, http::Problem};
use sqlx::PgConnection;

use super::payer::missing;
use crate::secrets;

/// What Stripe is called with.
pub(crate) struct StripeKeys {
    pub(crate) secret_key: Option<String>,
    /// What its messages are signed with.
    pub(crate) webhook_secret: Option<String>,
    /// Where it answers.
    pub(crate) url: String,
}

/// # Errors
/// 409 when the vendor has no key.
pub(crate) async fn check_stripe(tx: &mut Tx, vendor: OrgId) -> Result<(), Problem> {
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payout_settings
                          WHERE vendor_id = $1 AND stripe_secret_id IS NOT NULL) AS "there!""#,
        vendor.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if there { Ok(()) } else { Err(missing("stripe")) }
}

/// The keys of `vendor`, opened.
pub(crate) async fn stripe_keys(app: &App, conn: &mut PgConnection, vendor: OrgId) -> Result<StripeKeys, Problem> {
    let row = sqlx::query!(
        r#"SELECT p.stripe_url, s.stripe_secret_id AS "secret?", s.stripe_webhook_id AS "webhook?"
           FROM payout_platform p LEFT JOIN payout_settings s ON s.vendor_id = $1"#,
        vendor.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    let mut keys = StripeKeys {
        secret_key: None,
        webhook_secret: None,
        url: row.stripe_url,
    };
    if let Some(id) = row.secret {
        keys.secret_key = Some(secrets::load(app, conn, id).await?);
    }
    if let Some(id) = row.webhook {
        keys.webhook_secret = Some(secrets::load(app, conn, id).await?);
    }
    Ok(keys)
}
