use std::collections::BTreeMap;

use axum::extract::State;
use guildhall_kernel::{Currency, OrgId, Patch};
use guildhall_payments::{AccountFault, Bic, Iban, RoutingNumber};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::payer::BankAccount;
use super::rows::{self, Stored};
use super::{AchSettings, PayoutSettings, PayoutSettingsChanged};
use crate::secrets;

/// The account that files draw on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DebtorDraft {
    /// Its holder, 1 to 70 characters.
    #[schema(example = "Northwind GmbH")]
    name: String,
    /// Its holder's country (ISO 3166-1).
    #[serde(default)]
    #[schema(example = "DE")]
    country: Option<String>,
    /// Its number.
    #[schema(example = "DE89370400440532013000")]
    iban: String,
    /// Its bank; SEPA needs none.
    #[serde(default)]
    #[schema(example = "DEUTDEFF")]
    bic: Option<String>,
}

/// The vendor's keys at Stripe.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StripeDraft {
    /// A secret or restricted key that may make transfers, 8 to 255 characters.
    #[schema(example = "rk_live_51H8kJ2eZvKYlo2C")]
    secret_key: String,
    /// The signing secret of the webhook endpoint, 8 to 255 characters.
    #[serde(default)]
    #[schema(example = "whsec_5f2a9c1d8e7b4a60")]
    webhook_secret: Option<String>,
}

/// From where and how to pay. Accounts and keys that are left out stay, `null` removes them; minimums and fees are what is
/// given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutSettingsDraft {
    /// The account that `pain001` files draw on.
    #[serde(default)]
    #[schema(value_type = Option<DebtorDraft>)]
    debtor: Patch<DebtorDraft>,
    /// What `nacha` files are made with.
    #[serde(default)]
    #[schema(value_type = Option<AchSettings>)]
    nacha: Patch<AchSettings>,
    /// The keys at Stripe.
    #[serde(default)]
    #[schema(value_type = Option<StripeDraft>)]
    stripe: Patch<StripeDraft>,
    /// The least that is paid, by currency (ISO 4217).
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    minimums: BTreeMap<String, String>,
    /// What is kept of each payout for its cost, by currency.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    fees: BTreeMap<String, String>,
}

impl Validate for PayoutSettingsDraft {
    fn validate(&self, checks: &mut Checks) {
        if let Patch::Value(debtor) = &self.debtor {
            checks.text("/debtor/name", &debtor.name, 1, 70, false);
            if let Some(country) = &debtor.country {
                checks.country("/debtor/country", country);
            }
            refuse(checks, "/debtor/iban", Iban::parse(&debtor.iban));
            if let Some(bic) = &debtor.bic {
                refuse(checks, "/debtor/bic", Bic::parse(bic));
            }
        }
        if let Patch::Value(nacha) = &self.nacha {
            refuse(checks, "/nacha/routing", RoutingNumber::parse(&nacha.routing));
            checks.text("/nacha/bank_name", &nacha.bank_name, 1, 23, false);
            checks.text("/nacha/origin", &nacha.origin, 9, 10, false);
            checks.text("/nacha/company_name", &nacha.company_name, 1, 16, false);
            checks.text("/nacha/company_id", &nacha.company_id, 10, 10, false);
        }
        if let Patch::Value(stripe) = &self.stripe {
            checks.text("/stripe/secret_key", &stripe.secret_key, 8, 255, false);
            if let Some(secret) = &stripe.webhook_secret {
                checks.text("/stripe/webhook_secret", secret, 8, 255, false);
            }
        }
        amounts(checks, "/minimums", &self.minimums);
        amounts(checks, "/fees", &self.fees);
    }
}

fn refuse<T>(checks: &mut Checks, pointer: &str, read: Result<T, AccountFault>) {
    if let Err(fault) = read {
        checks.refuse(pointer, "account", fault.to_string());
    }
}

fn amounts(checks: &mut Checks, pointer: &str, amounts: &BTreeMap<String, String>) {
    for (code, amount) in amounts {
        let pointer = format!("{pointer}/{code}");
        match Currency::from_code(code) {
            Some(currency) => {
                checks.money(&pointer, amount, currency);
            }
            None => checks.refuse(pointer, "currency", "must be a currency of ISO 4217, like EUR"),
        }
    }
}

/// Set from where and how the vendor pays
///
/// Account numbers and keys are sealed and never shown again. Accounts and keys that are left out stay, `null` removes them.
#[utoipa::path(put, path = "/api/v1/payout-settings", operation_id = "putPayoutSettings", tag = "payouts",
    security(("bearer" = ["payouts:approve"])),
    params(
        ("If-Match" = String, Header, description = "the ETag of the settings that were looked at", example = "\"v0\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PayoutSettingsDraft, example = json!({"debtor": {"name": "Northwind GmbH", "country": "DE", "iban": "DE89370400440532013000"}, "minimums": {"EUR": "50.00"}})),
    responses((status = 200, description = "the settings", body = PayoutSettings, headers(("ETag" = String, description = "their version")))))]
pub(super) async fn put_payout_settings(
    State(app): State<App>,
    May { actor, org, .. }: May<right::PayoutApprove>,
    if_match: IfMatch,
    command: Command<PayoutSettingsDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let mut settings = rows::lock(tx, org.id).await?.unwrap_or_default();
    if_match.check(settings.version)?;
    let (debtor, stripe) = (!draft.debtor.is_absent(), !draft.stripe.is_absent());
    if stripe {
        refuse_while_sending(tx, org.id).await?;
    }
    draft.store(&app, tx, &mut settings).await?;
    let settings = rows::put(tx, org.id, &settings).await?;
    let changed = PayoutSettingsChanged {
        vendor_id: org.id,
        debtor,
        stripe,
        version: settings.version,
    };
    event::append(tx, &actor.origin(), org.id, &[org.id.uuid()], &changed).await?;
    let version = settings.version;
    command
        .commit(Reply::ok(&settings.shown(org.id)?)?.version(version))
        .await
}

/// The key stays while a transfer's outcome isn't known: an account at Stripe knows nothing of the transfers and keys of
/// another, and would make the payment once more.
async fn refuse_while_sending(tx: &mut Tx, vendor: OrgId) -> Result<(), Problem> {
    guildhall_incentivize::api::lock_ledger(tx, &[vendor].into()).await?;
    let sending = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payout WHERE vendor_id = $1 AND method = 'stripe' AND status = 'sending') AS "sending!""#,
        vendor.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    if sending {
        let detail = "Payouts are being sent over Stripe: wait until each is sent, failed or stopped.";
        return Err(Problem::new(code::ILLEGAL_MOVE, detail));
    }
    Ok(())
}

impl PayoutSettingsDraft {
    /// Seals what is secret, and puts all of it into `settings`.
    pub(super) async fn store(self, app: &App, tx: &mut Tx, settings: &mut Stored) -> Result<(), Problem> {
        match self.debtor {
            Patch::Absent => {}
            Patch::Null => clear_debtor(settings),
            Patch::Value(debtor) => store_debtor(app, tx, debtor, settings).await?,
        }
        match self.nacha {
            Patch::Absent => {}
            Patch::Null => settings.nacha = None,
            Patch::Value(nacha) => settings.nacha = Some(serde_json::to_value(nacha).map_err(Problem::internal)?),
        }
        match self.stripe {
            Patch::Absent => {}
            Patch::Null => (settings.stripe_secret_id, settings.stripe_webhook_id) = (None, None),
            Patch::Value(stripe) => {
                settings.stripe_secret_id = Some(seal(app, tx, &stripe.secret_key).await?);
                if let Some(secret) = &stripe.webhook_secret {
                    settings.stripe_webhook_id = Some(seal(app, tx, secret).await?);
                }
            }
        }
        settings.minimums = serde_json::to_value(&self.minimums).map_err(Problem::internal)?;
        settings.fees = serde_json::to_value(&self.fees).map_err(Problem::internal)?;
        Ok(())
    }
}

async fn seal(app: &App, tx: &mut Tx, secret: &str) -> Result<Uuid, Problem> {
    secrets::store(tx, &app.keyring, &secret).await
}

fn clear_debtor(settings: &mut Stored) {
    settings.debtor_name = None;
    settings.debtor_country = None;
    settings.debtor_secret_id = None;
    settings.debtor_masked = None;
    settings.debtor_bic = None;
}

async fn store_debtor(app: &App, tx: &mut Tx, debtor: DebtorDraft, settings: &mut Stored) -> Result<(), Problem> {
    let fault = |fault: AccountFault| Problem::field("/debtor", "account", fault.to_string());
    let account = BankAccount {
        name: debtor.name.trim().to_owned(),
        country: debtor.country,
        iban: Iban::parse(&debtor.iban).map_err(fault)?,
        bic: debtor.bic.as_deref().map(Bic::parse).transpose().map_err(fault)?,
    };
    settings.debtor_secret_id = Some(secrets::store(tx, &app.keyring, &account).await?);
    settings.debtor_masked = Some(account.iban.masked());
    settings.debtor_bic = account.bic.as_ref().map(|bic| bic.as_str().to_owned());
    (settings.debtor_name, settings.debtor_country) = (Some(account.name), account.country);
    Ok(())
}
