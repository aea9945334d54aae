//! Exchange rates, so that sums over the demo's currencies come to one.

use chrono::{DateTime, Utc};
use guildhall_spine::db::Tx;
use rust_decimal::Decimal;

use super::world::HISTORY;

/// About what one euro buys, in ten-thousandths of a unit.
const RATES: &[(&str, i64)] = &[
    ("USD", 10_870),
    ("GBP", 8_590),
    ("CAD", 14_780),
    ("AUD", 16_520),
    ("NZD", 17_940),
    ("ZAR", 201_090),
    ("SGD", 14_570),
    ("INR", 907_610),
    ("CHF", 9_570),
    ("PLN", 43_260),
    ("CZK", 248_910),
    ("JPY", 1_630_430),
    ("MXN", 185_870),
    ("COP", 42_934_780),
    ("CLP", 10_217_390),
    ("BRL", 55_430),
    ("SEK", 114_130),
    ("DKK", 75_000),
    ("NOK", 116_300),
];

/// Sets everyone's rates from the first day of the history on.
///
/// # Errors
/// When the database fails.
pub(super) async fn set(tx: &mut Tx, day: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let from = (day - HISTORY).date_naive();
    let currencies: Vec<String> = RATES.iter().map(|(currency, _)| (*currency).to_owned()).collect();
    let rates: Vec<Decimal> = RATES.iter().map(|(_, rate)| Decimal::new(*rate, 4)).collect();
    sqlx::query!(
        "INSERT INTO exchange_rate (vendor_id, currency, day, rate)
         SELECT '00000000-0000-0000-0000-000000000000', currency, $3, rate
         FROM unnest($1::text[], $2::numeric[]) r (currency, rate)",
        &currencies,
        &rates,
        from,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
