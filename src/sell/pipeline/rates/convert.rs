//! Converting amounts at the rate of a day.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::SHARED;

/// What was asked for: how many units one euro bought, by currency and day.
#[derive(Debug, Default)]
pub struct Rates(HashMap<(String, NaiveDate), Decimal>);

impl Rates {
    /// The latest rates on or before the days: the vendor's own where it has one, else everyone's. One look-up in an
    /// index for each pair.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(
        conn: &mut PgConnection,
        vendor: Option<OrgId>,
        wanted: &BTreeSet<(String, NaiveDate)>,
    ) -> Result<Self, Problem> {
        let (currencies, days): (Vec<String>, Vec<NaiveDate>) = wanted.iter().cloned().unzip();
        let rows = sqlx::query!(
            r#"SELECT q.currency AS "currency!", q.day AS "day!", coalesce(
                   (SELECT rate FROM exchange_rate r WHERE r.vendor_id = $1 AND r.currency = q.currency AND r.day <= q.day
                    ORDER BY r.day DESC LIMIT 1),
                   (SELECT rate FROM exchange_rate r WHERE r.vendor_id = $2 AND r.currency = q.currency AND r.day <= q.day
                    ORDER BY r.day DESC LIMIT 1)) AS rate
               FROM unnest($3::text[], $4::date[]) q (currency, day)"#,
            vendor.map_or(SHARED, OrgId::uuid),
            SHARED,
            &currencies,
            &days,
        )
        .fetch_all(conn)
        .await?;
        let found = rows
            .into_iter()
            .filter_map(|row| Some(((row.currency, row.day), row.rate?)));
        Ok(Self(found.collect()))
    }

    fn of(&self, currency: &str, day: NaiveDate) -> Option<Decimal> {
        if currency == Currency::EUR.code() {
            return Some(Decimal::ONE);
        }
        self.0.get(&(currency.to_owned(), day)).copied()
    }

    /// The amount in another currency by the rates of `day`, through euros, not rounded; `None` without a rate.
    pub fn convert(&self, amount: Decimal, from: &str, to: Currency, day: NaiveDate) -> Option<Decimal> {
        if from == to.code() {
            return Some(amount);
        }
        let (bought, wanted) = (self.of(from, day)?, self.of(to.code(), day)?);
        amount.checked_mul(wanted)?.checked_div(bought)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()
    }

    fn rates() -> Rates {
        let rate = |code: &str, rate: &str| ((code.to_owned(), day()), rate.parse().unwrap());
        Rates([rate("USD", "1.25"), rate("JPY", "160")].into_iter().collect())
    }

    #[test]
    fn cross_rates_go_through_euros_and_a_missing_one_is_none() {
        let convert = |from, to| {
            rates()
                .convert(Decimal::new(1000, 0), from, to, day())
                .map(|sum| sum.normalize().to_string())
        };
        assert_eq!(convert("EUR", Currency::USD).as_deref(), Some("1250"));
        assert_eq!(convert("USD", Currency::EUR).as_deref(), Some("800"));
        assert_eq!(convert("USD", Currency::JPY).as_deref(), Some("128000"));
        assert_eq!(
            convert("CHF", Currency::CHF).as_deref(),
            Some("1000"),
            "no rate is needed"
        );
        assert_eq!(
            (convert("CHF", Currency::EUR), convert("EUR", Currency::CHF)),
            (None, None)
        );
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_it_began(cents in 0i64..100_000_000_000) {
            let amount = Decimal::new(cents, 2);
            let there = rates().convert(amount, "USD", Currency::JPY, day()).unwrap();
            let back = rates().convert(there, "JPY", Currency::USD, day()).unwrap();
            prop_assert_eq!(back.round_dp(10), amount);
        }
    }
}
