use axum::{Json, extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, right},
    db::{Db, Tx},
    event::{self, Event, Topic},
    http::{CsvUpload, FieldError, Problem},
};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::SHARED;
use super::file::{self, DayRate};

/// Rows of one statement.
const CHUNK: usize = 20_000;

/// What an import has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExchangeRateImport)]
pub struct Imported {
    /// How many rates.
    #[schema(example = 248_000)]
    pub rates: usize,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// A vendor has stored rates of its own.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ExchangeRatesImported {
    /// The vendor.
    pub(crate) vendor_id: OrgId,
    /// How many rates.
    pub(crate) rates: usize,
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The last day.
    pub(crate) to: NaiveDate,
}

impl Event for ExchangeRatesImported {
    const KIND: &'static str = "exchange_rates.imported";
    const TOPIC: Topic = Topic::Programs;
}

/// Why rates could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The file is at fault; nothing was stored.
    #[error("{} faults in the file, of which the first is at {}: {}", .0.len(), first(.0).0, first(.0).1)]
    File(Vec<FieldError>),
    /// The database is.
    #[error(transparent)]
    Database(#[from] Problem),
}

fn first(faults: &[FieldError]) -> (&str, &str) {
    faults
        .first()
        .map_or(("", ""), |fault| (fault.pointer.as_str(), fault.message.as_str()))
}

/// Import exchange rates
///
/// The vendor's own rates, which go before everyone's, in the shape of the European Central Bank's `eurofxref-hist.csv`
/// (the head `Date` and currencies, a row a day, units per euro, `N/A` for none). The days and currencies in the file
/// are set, others stay. A fault is told by row and column (`/12/USD`), and then nothing is stored.
#[utoipa::path(put, path = "/api/v1/exchange-rates", operation_id = "putExchangeRates", tag = "pipeline",
    security(("bearer" = ["rates:manage"])),
    request_body(content = String, content_type = "text/csv", example = json!("Date,USD,JPY\n2026-11-20,1.0875,163.21\n")),
    responses((status = 200, description = "what was stored", body = Imported)))]
pub(in crate::pipeline) async fn put_exchange_rates(
    State(app): State<App>,
    May { actor, org, .. }: May<right::RateManage>,
    CsvUpload(bytes): CsvUpload,
) -> Result<impl IntoResponse, Problem> {
    let rates = tokio::task::spawn_blocking(move || file::read(&bytes))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::fields)?;
    let mut tx = app.db.begin().await?;
    let imported = store(&mut tx, org.id.uuid(), &rates).await?;
    let announced = ExchangeRatesImported {
        vendor_id: org.id,
        rates: imported.rates,
        from: imported.from,
        to: imported.to,
    };
    event::append(&mut tx, &actor.origin(), org.id, &[org.id.uuid()], &announced).await?;
    tx.commit().await?;
    Ok(Json(imported))
}

/// Stores rates for every vendor that has none of its own.
///
/// # Errors
/// [`ImportFault`]; nothing is stored then.
pub async fn import_shared(db: &Db, bytes: &[u8]) -> Result<Imported, ImportFault> {
    let rates = file::read(bytes).map_err(ImportFault::File)?;
    let mut tx = db.begin().await?;
    let imported = store(&mut tx, SHARED, &rates).await?;
    tx.commit().await?;
    Ok(imported)
}

async fn store(tx: &mut Tx, vendor: Uuid, rates: &[DayRate]) -> Result<Imported, Problem> {
    // In one order, or two files at once would wait for each other.
    let mut rates: Vec<&DayRate> = rates.iter().collect();
    rates.sort_by(|one, other| (one.day, &one.currency).cmp(&(other.day, &other.currency)));
    for chunk in rates.chunks(CHUNK) {
        sqlx::query!(
            "INSERT INTO exchange_rate (vendor_id, currency, day, rate)
             SELECT $1, r.currency, r.day, r.rate FROM unnest($2::text[], $3::date[], $4::numeric[]) r (currency, day, rate)
             ON CONFLICT (vendor_id, currency, day) DO UPDATE SET rate = excluded.rate",
            vendor,
            &chunk.iter().map(|rate| rate.currency.clone()).collect::<Vec<_>>(),
            &chunk.iter().map(|rate| rate.day).collect::<Vec<_>>(),
            &chunk.iter().map(|rate| rate.rate).collect::<Vec<_>>(),
        )
        .execute(&mut **tx)
        .await?;
    }
    let days = || rates.iter().map(|rate| rate.day);
    Ok(Imported {
        rates: rates.len(),
        from: days().min().unwrap_or_default(),
        to: days().max().unwrap_or_default(),
    })
}
