//! The vendor's keys at Stripe.

use guildhall_kernel::OrgId;
use guildhall_spine::{App, db::Tx, http::Problem};
use sqlx::PgConnection;

use super::payer::missing;
use crate::secrets;

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

/// Where Stripe answers, and the key by which it is called for `vendor`, or why there is none.
pub(crate) async fn stripe_key(
    app: &App,
    conn: &mut PgConnection,
    vendor: OrgId,
) -> Result<(String, Result<String, String>), Problem> {
    let row = sqlx::query!(
        r#"SELECT p.stripe_url, k.id AS "secret?", k.sealed AS "sealed?"
           FROM payout_platform p
           LEFT JOIN payout_settings s ON s.vendor_id = $1
           LEFT JOIN payout_secret k ON k.id = s.stripe_secret_id"#,
        vendor.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    let key = match row.secret.zip(row.sealed) {
        None => Err("The vendor has no key of Stripe: set stripe with PUT /api/v1/payout-settings.".to_owned()),
        Some((id, sealed)) => secrets::open(&app.keyring, id, &sealed).map_err(|_| {
            "The key of Stripe can't be opened with the server's master keys: see secrets.keys.".to_owned()
        }),
    };
    Ok((row.stripe_url, key))
}

/// What messages of Stripe to `vendor` are signed with, if it takes any.
pub(crate) async fn webhook_secret(
    app: &App,
    conn: &mut PgConnection,
    vendor: OrgId,
) -> Result<Option<String>, Problem> {
    let id = sqlx::query_scalar!(
        "SELECT stripe_webhook_id FROM payout_settings WHERE vendor_id = $1",
        vendor.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten();
    match id {
        Some(id) => Ok(Some(secrets::load(app, conn, id).await?)),
        None => Ok(None),
    }
}
