//! What is owed to whom, and what is known of them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_incentivize::api::{Account, AccountKind, Entry, moving, post};
use guildhall_kernel::{Currency, EarningId, OrgId, PayoutBatchId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::rules::{Owed, Profile, TaxRule};
use crate::method::DestinationKind;

/// Has approved earnings that have rested become payable, in the ledger too.
pub(super) async fn ripen(
    tx: &mut Tx,
    batch: PayoutBatchId,
    vendor: OrgId,
    currency: Currency,
    today: NaiveDate,
) -> Result<(), Problem> {
    let at = tx.now();
    let ripe = sqlx::query!(
        r#"UPDATE earning SET status = 'payable', version = version + 1, updated_at = $4
           WHERE vendor_id = $1 AND currency = $2 AND status = 'approved' AND rests_until <= $3
           RETURNING id AS "id: EarningId", partner_id AS "partner_id: OrgId", user_id AS "user_id: UserId", amount"#,
        vendor.uuid(),
        currency.code(),
        today,
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    let postings = ripe.iter().flat_map(|row| {
        let account = |kind| Account::of(kind, row.partner_id, row.user_id);
        let (from, to) = (account(AccountKind::Approved), account(AccountKind::Payable));
        moving(from, to, row.amount, Some(row.id))
    });
    let entry = Entry {
        vendor,
        currency,
        cause: "payable",
        subject: batch.uuid(),
        key: format!("payable/{}", batch.uuid()),
        details: json!({ "payout_batch_id": batch }),
        postings: postings.collect(),
    };
    post(tx, &[entry]).await
}

struct Row {
    partner: OrgId,
    user: Option<UserId>,
    gross: Decimal,
    lines: i64,
    active: bool,
    consent: bool,
    has_form: bool,
    profile: Option<Uuid>,
    destination: Option<Uuid>,
    kind: Option<DestinationKind>,
    masked: Option<String>,
    currency: Option<String>,
    minimum: Option<Decimal>,
    country: Option<String>,
    usable_from: Option<DateTime<Utc>>,
    withholding: Option<Decimal>,
    without_form: Option<Decimal>,
    self_billing: Option<bool>,
    vat: Option<Decimal>,
}

impl From<Row> for Owed {
    fn from(row: Row) -> Self {
        Self {
            partner: row.partner,
            user: row.user,
            gross: row.gross,
            lines: row.lines,
            active: row.active,
            consent: row.consent,
            has_form: row.has_form,
            profile: row.profile.zip(row.destination).and_then(|(id, destination)| {
                Some(Profile {
                    id,
                    destination,
                    kind: row.kind?,
                    masked: row.masked?,
                    currency: row.currency?,
                    minimum: row.minimum?,
                    country: row.country?,
                    usable_from: row.usable_from?,
                })
            }),
            tax: row.withholding.map(|withholding| TaxRule {
                withholding,
                without_form: row.without_form,
                self_billing: row.self_billing.unwrap_or_default(),
                vat: row.vat,
            }),
        }
    }
}

/// Everybody to whom the vendor owes payable earnings of the currency, in one statement; of `partners` only, if any are
/// named.
pub(super) async fn owed(
    tx: &mut Tx,
    vendor: OrgId,
    currency: Currency,
    partners: Option<&BTreeSet<OrgId>>,
    today: NaiveDate,
) -> Result<Vec<Owed>, Problem> {
    let partners: Option<Vec<Uuid>> = partners.map(|set| set.iter().map(|id| id.uuid()).collect());
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT o.partner_id AS "partner!: OrgId", o.user_id AS "user: UserId", o.gross AS "gross!", o.lines AS "lines!",
                  (coalesce(s.status, '') = 'active' AND v.status = 'active' AND c.status = 'active') AS "active!",
                  (o.user_id IS NULL OR EXISTS (
                      SELECT FROM payee_consent e WHERE e.partner_id = o.partner_id AND e.revoked_at IS NULL
                         AND (e.vendor_id IS NULL OR e.vendor_id = $1))) AS "consent!",
                  coalesce(f.status <> 'missing' AND p.tax_form <> 'none', false) AS "has_form!",
                  p.id AS "profile?", d.id AS "destination?", d.method AS "kind?: DestinationKind", d.masked AS "masked?",
                  p.currency AS "currency?", p.minimum_payout AS "minimum?", p.country AS "country?",
                  p.usable_from AS "usable_from?", r.withholding_percent AS "withholding?",
                  r.without_form_percent AS "without_form?", r.self_billing AS "self_billing?", r.vat_percent AS "vat?"
           FROM (SELECT partner_id, user_id, sum(amount) AS gross, count(*) AS lines FROM earning
                 WHERE vendor_id = $1 AND currency = $2 AND status = 'payable'
                   AND ($3::uuid[] IS NULL OR partner_id = ANY ($3))
                 GROUP BY partner_id, user_id) o
           JOIN organisation v ON v.id = $1
           JOIN organisation c ON c.id = o.partner_id
           LEFT JOIN partnership s ON s.vendor_id = $1 AND s.partner_id = o.partner_id
           LEFT JOIN payout_profile pc ON o.user_id IS NULL AND pc.partner_id = o.partner_id
           LEFT JOIN payout_profile pu ON pu.user_id = o.user_id
           LEFT JOIN payout_profile p ON p.id = coalesce(pc.id, pu.id)
           LEFT JOIN payout_destination d ON d.id = p.destination_id
           LEFT JOIN payout_tax_form f ON f.profile_id = p.id AND f.vendor_id = $1
           LEFT JOIN LATERAL (
               SELECT * FROM payout_tax_rule t
               WHERE t.vendor_id = $1 AND t.country = p.country AND t.effective_from <= $4
               ORDER BY t.effective_from DESC LIMIT 1) r ON true
           ORDER BY o.partner_id, o.user_id NULLS FIRST"#,
        vendor.uuid(),
        currency.code(),
        partners.as_deref(),
        today
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Owed::from).collect())
}
