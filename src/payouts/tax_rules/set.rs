use chrono::NaiveDate;
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PayoutTaxRule, PayoutTaxRuleSet};

/// What is kept from payouts to a country from a day on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutTaxRuleDraft {
    /// Where the payee is taxed (ISO 3166-1).
    #[schema(example = "US")]
    country: String,
    /// The first day.
    effective_from: NaiveDate,
    /// What is withheld, in percent of what is owed: 0 to 100 with up to 4 decimals.
    #[schema(example = "0")]
    withholding_percent: Decimal,
    /// The same for a payee without a tax form; left out or `null`: nothing is paid without.
    #[serde(default)]
    #[schema(example = "24")]
    without_form_percent: Option<Decimal>,
    /// Whether the vendor writes the invoice for the payee; not so unless told.
    #[serde(default)]
    self_billing: bool,
    /// The value added tax of that invoice, in percent.
    #[serde(default)]
    vat_percent: Option<Decimal>,
    /// Where the rates come from, 1 to 500 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for PayoutTaxRuleDraft {
    fn validate(&self, checks: &mut Checks) {
        checks.country("/country", &self.country);
        for (pointer, percent) in [
            ("/withholding_percent", Some(self.withholding_percent)),
            ("/without_form_percent", self.without_form_percent),
            ("/vat_percent", self.vat_percent),
        ] {
            let sound = percent.is_none_or(|percent| {
                (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent) && percent.normalize().scale() <= 4
            });
            checks.check(
                sound,
                pointer,
                "percent",
                "must be from 0 to 100, with at most 4 decimals",
            );
        }
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 500, true);
        }
    }
}

/// Set what is withheld for a country
///
/// From a day on; a rule of the same country and day is replaced. What was proposed before keeps the rates that it was
/// proposed with.
#[utoipa::path(put, path = "/api/v1/payout-tax-rules", operation_id = "putPayoutTaxRule", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = PayoutTaxRuleDraft, example = json!({"country": "US", "effective_from": "2027-01-01", "withholding_percent": "0", "without_form_percent": "24", "note": "Backup withholding"})),
    responses((status = 200, description = "the rule", body = PayoutTaxRule)))]
pub(super) async fn put_payout_tax_rule(
    May { actor, org, .. }: May<right::PayoutPrepare>,
    command: Command<PayoutTaxRuleDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let rule = sqlx::query_as!(
        PayoutTaxRule,
        "INSERT INTO payout_tax_rule (vendor_id, country, effective_from, withholding_percent, without_form_percent,
                                      self_billing, vat_percent, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (vendor_id, country, effective_from) DO UPDATE
         SET withholding_percent = $4, without_form_percent = $5, self_billing = $6, vat_percent = $7, note = $8
         RETURNING country, effective_from, withholding_percent, without_form_percent, self_billing, vat_percent, note",
        org.id.uuid(),
        draft.country,
        draft.effective_from,
        draft.withholding_percent,
        draft.without_form_percent,
        draft.self_billing,
        draft.vat_percent,
        draft.note
    )
    .fetch_one(&mut *command.tx)
    .await?
    .shown();
    let set = PayoutTaxRuleSet {
        vendor_id: org.id,
        country: rule.country.clone(),
        effective_from: rule.effective_from,
        withholding_percent: rule.withholding_percent,
    };
    event::append(&mut command.tx, &actor.origin(), org.id, &[org.id.uuid()], &set).await?;
    command.commit(Reply::ok(&rule)?).await
}
