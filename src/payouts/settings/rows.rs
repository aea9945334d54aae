//! Reading and writing the settings.

use std::collections::BTreeMap;

use guildhall_kernel::{Currency, OrgId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{DebtorShown, PayoutSettings};

/// The settings as they are stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub(super) version: i64,
    pub(super) debtor_name: Option<String>,
    pub(super) debtor_country: Option<String>,
    pub(super) debtor_secret_id: Option<Uuid>,
    pub(super) debtor_masked: Option<String>,
    pub(super) debtor_bic: Option<String>,
    pub(super) nacha: Option<serde_json::Value>,
    pub(super) stripe_secret_id: Option<Uuid>,
    pub(super) stripe_webhook_id: Option<Uuid>,
    pub(super) minimums: serde_json::Value,
    pub(super) fees: serde_json::Value,
    pub(super) updated_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Stored {
    pub(super) fn shown(self, vendor_id: OrgId) -> Result<PayoutSettings, Problem> {
        let amounts = |value: serde_json::Value| -> Result<BTreeMap<String, Decimal>, Problem> {
            serde_json::from_value(value).map_err(Problem::internal)
        };
        let none = |value: serde_json::Value| if value.is_null() { serde_json::json!({}) } else { value };
        let debtor = self
            .debtor_name
            .zip(self.debtor_masked)
            .map(|(name, masked)| DebtorShown {
                name,
                country: self.debtor_country,
                masked,
                bic: self.debtor_bic,
            });
        Ok(PayoutSettings {
            version: self.version,
            vendor_id,
            debtor,
            nacha: self
                .nacha
                .map(serde_json::from_value)
                .transpose()
                .map_err(Problem::internal)?,
            stripe: self.stripe_secret_id.is_some(),
            stripe_events: self.stripe_webhook_id.is_some(),
            minimums: amounts(none(self.minimums))?,
            fees: amounts(none(self.fees))?,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! settings {
    ($tail:literal, $vendor:expr) => {
        sqlx::query_as!(
            Stored,
            r#"SELECT version, debtor_name, debtor_country, debtor_secret_id, debtor_masked, debtor_bic, nacha,
                      stripe_secret_id, stripe_webhook_id, minimums, fees, updated_at AS "updated_at?"
               FROM payout_settings WHERE vendor_id = $1 "#
                + $tail,
            $vendor
        )
    };
}

/// The settings of `vendor`, if it has set any.
pub(super) async fn find(conn: &mut PgConnection, vendor: OrgId) -> Result<Option<Stored>, sqlx::Error> {
    settings!("", vendor.uuid()).fetch_optional(conn).await
}

/// Locks the settings of `vendor` until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId) -> Result<Option<Stored>, sqlx::Error> {
    settings!("FOR NO KEY UPDATE", vendor.uuid())
        .fetch_optional(&mut **tx)
        .await
}

/// Stores the settings; the version rises.
pub(super) async fn put(tx: &mut Tx, vendor: OrgId, settings: &Stored) -> Result<Stored, Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO payout_settings AS s (vendor_id, debtor_name, debtor_country, debtor_secret_id, debtor_masked,
                debtor_bic, nacha, stripe_secret_id, stripe_webhook_id, minimums, fees, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (vendor_id) DO UPDATE SET debtor_name = $2, debtor_country = $3, debtor_secret_id = $4,
                debtor_masked = $5, debtor_bic = $6, nacha = $7, stripe_secret_id = $8, stripe_webhook_id = $9,
                minimums = $10, fees = $11, updated_at = $12, version = s.version + 1",
        vendor.uuid(),
        settings.debtor_name,
        settings.debtor_country,
        settings.debtor_secret_id,
        settings.debtor_masked,
        settings.debtor_bic,
        settings.nacha,
        settings.stripe_secret_id,
        settings.stripe_webhook_id,
        settings.minimums,
        settings.fees,
        at
    )
    .execute(&mut **tx)
    .await?;
    lock(tx, vendor)
        .await?
        .ok_or_else(|| Problem::internal("the settings that were written are gone"))
}

/// The vendor's least payout in the currency, and what one costs its payee.
pub(crate) async fn minimum_and_fee(
    tx: &mut Tx,
    vendor: OrgId,
    currency: Currency,
) -> Result<(Decimal, Decimal), Problem> {
    let row = sqlx::query!(
        r#"SELECT coalesce((minimums ->> $2)::numeric, 0) AS "minimum!", coalesce((fees ->> $2)::numeric, 0) AS "fee!"
           FROM payout_settings WHERE vendor_id = $1"#,
        vendor.uuid(),
        currency.code()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map_or((Decimal::ZERO, Decimal::ZERO), |row| (row.minimum, row.fee)))
}
