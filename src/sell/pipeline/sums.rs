//! Sums from the roll-ups, with what isn't folded yet, and what they come to in one currency.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use guildhall_kernel::{Currency, Money, OrgId};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rates::Rates;
use crate::deals::wire::in_currency;

/// A sum in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PipelineAmount)]
pub(super) struct Amount {
    /// ISO 4217.
    #[schema(example = "CHF")]
    pub(super) currency: String,
    /// The sum.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
}

/// A sum over several currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PipelineFigure)]
pub(super) struct Figure {
    /// The sum in the reporting currency; `null` when a rate is missing.
    #[schema(example = "13980.00")]
    pub(super) amount: Option<Decimal>,
    /// What of it could be converted.
    #[schema(example = "13980.00")]
    pub(super) converted: Decimal,
    /// What could not, for want of a rate.
    pub(super) missing_rates: Vec<Amount>,
}

/// Adds up amounts and says what they come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    converted: Decimal,
    missing: BTreeMap<String, Decimal>,
}

impl Tally {
    /// Adds an amount at the rate of a day.
    pub(super) fn add(&mut self, amount: Decimal, currency: &str, rates: &Rates, to: Currency, day: NaiveDate) {
        match rates
            .convert(amount, currency, to, day)
            .and_then(|sum| self.converted.checked_add(sum))
        {
            Some(sum) => self.converted = sum,
            None => *self.missing.entry(currency.to_owned()).or_default() += amount,
        }
    }

    /// Rounded once, half to even, at the currency's minor unit.
    pub(super) fn figure(&self, to: Currency) -> Figure {
        let converted = Money::new(self.converted, to).rounded().amount;
        let missing = self.missing.iter().filter(|(_, amount)| !amount.is_zero());
        let missing_rates: Vec<Amount> = missing
            .map(|(currency, amount)| Amount {
                currency: currency.clone(),
                amount: in_currency(*amount, currency),
            })
            .collect();
        Figure {
            amount: missing_rates.is_empty().then_some(converted),
            converted,
            missing_rates,
        }
    }
}

/// The first day of a month.
pub(super) fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The last day of the month that begins here.
pub(super) fn end_of(month: NaiveDate) -> NaiveDate {
    month
        .checked_add_months(Months::new(1))
        .and_then(|next| next.pred_opt())
        .unwrap_or(month)
}

/// Which sums: of a whole vendor, of some of its partners or countries, or of a partner with all its vendors.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Vendor(OrgId),
    Partners(OrgId, Vec<OrgId>),
    Countries(OrgId, Option<Vec<String>>),
    OwnAsPartner(OrgId),
}

/// A sum of the roll-ups.
#[derive(Debug)]
pub(super) struct Sum {
    /// The partner, country or vendor; empty for a whole vendor.
    pub(super) member: String,
    pub(super) month: NaiveDate,
    pub(super) status: String,
    pub(super) category: super::Category,
    pub(super) currency: String,
    pub(super) deals: i64,
    pub(super) amount: Decimal,
    pub(super) weighted: Decimal,
}

macro_rules! sums {
    ($conn:expr, $folded:literal, $fresh:literal, $from:expr, $to:expr, $program:expr $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Sum,
            r#"SELECT c.member AS "member!", c.month AS "month!", c.status AS "status!",
                      coalesce(nullif(c.category, ''), s.category, 'pipeline') AS "category!: super::Category", c.currency AS "currency!",
                      sum(c.deals)::bigint AS "deals!", sum(c.amount) AS "amount!",
                      sum(c.following * coalesce(s.probability, 0) + c.fixed) / 100 AS "weighted!"
               FROM (SELECT "# + $folded + r#" AND month BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR program_id = $3)
                     UNION ALL
                     SELECT "# + $fresh + r#" AND due >= $1 AND due < $2::date + interval '1 month'
                       AND ($3::uuid IS NULL OR program_id = $3)) c
               LEFT JOIN pipeline_stage s ON s.id = c.stage_id
               GROUP BY 1, 2, 3, 4, 5 HAVING sum(c.deals) <> 0 OR sum(c.amount) <> 0 ORDER BY 1, 2"#,
            $from,
            $to,
            $program,
            $($argument),*
        )
        .fetch_all($conn)
        .await
    };
}

/// The sums of the months from `from` to `to` (their first days).
pub(super) async fn read(
    conn: &mut PgConnection,
    scope: &Scope,
    program: Option<Uuid>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Sum>, sqlx::Error> {
    match scope {
        Scope::Vendor(vendor) => {
            sums!(
                conn,
                "''::text AS member, month, status, stage_id, category, currency, deals, amount, following, fixed
                 FROM pipeline_rollup WHERE vendor_id = $4 AND dimension = 'vendor' AND member = ''",
                "'', date_trunc('month', due)::date, status, stage_id, category, currency, deals, amount, following, fixed
                 FROM pipeline_delta WHERE vendor_id = $4",
                from,
                to,
                program,
                vendor.uuid(),
            )
        }
        Scope::Partners(vendor, partners) => {
            let partners: Vec<String> = partners.iter().map(|partner| partner.uuid().to_string()).collect();
            sums!(
                conn,
                "member, month, status, stage_id, category, currency, deals, amount, following, fixed
                 FROM pipeline_rollup WHERE vendor_id = $4 AND dimension = 'partner' AND member = ANY ($5)",
                "partner_id::text, date_trunc('month', due)::date, status, stage_id, category, currency, deals, amount,
                 following, fixed FROM pipeline_delta WHERE vendor_id = $4 AND partner_id::text = ANY ($5)",
                from,
                to,
                program,
                vendor.uuid(),
                &partners,
            )
        }
        Scope::Countries(vendor, countries) => {
            sums!(
                conn,
                "member, month, status, stage_id, category, currency, deals, amount, following, fixed
                 FROM pipeline_rollup WHERE vendor_id = $4 AND dimension = 'country'
                   AND ($5::text[] IS NULL OR member = ANY ($5))",
                "country, date_trunc('month', due)::date, status, stage_id, category, currency, deals, amount, following,
                 fixed FROM pipeline_delta WHERE vendor_id = $4 AND ($5::text[] IS NULL OR country = ANY ($5))",
                from,
                to,
                program,
                vendor.uuid(),
                countries.as_deref(),
            )
        }
        Scope::OwnAsPartner(partner) => of_partner(conn, *partner, program, from, to).await,
    }
}

async fn of_partner(
    conn: &mut PgConnection,
    partner: OrgId,
    program: Option<Uuid>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Sum>, sqlx::Error> {
    sums!(
        conn,
        "vendor_id::text AS member, month, status, stage_id, category, currency, deals, amount, following, fixed
         FROM pipeline_rollup WHERE dimension = 'partner' AND member = $4",
        "vendor_id::text, date_trunc('month', due)::date, status, stage_id, category, currency, deals, amount,
         following, fixed FROM pipeline_delta WHERE partner_id = $5",
        from,
        to,
        program,
        partner.uuid().to_string(),
        partner.uuid(),
    )
}
