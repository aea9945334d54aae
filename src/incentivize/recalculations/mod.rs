//! Computing earnings anew: after a correction of rates, a late import, or to prove that nothing is missing.
//!
//! A run goes through the sales of its days piece by piece, each in a transaction of its own that also notes how far it
//! has come: it can be interrupted anywhere. It posts differences, so that a second run posts nothing.

mod cancel;
mod get;
mod list;
mod run;
mod start;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{OrgId, RecalculationId};
use guildhall_spine::{App, http::Problem};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub use run::{PIECE, Piece, Recalculate, piece};

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// One run of a vendor at a time.
    pub const RECALCULATION_RUNNING: Code = Code {
        name: "recalculation_running",
        status: 409,
        title: "Earnings are being computed anew already",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[guildhall_spine::http::Code] = &[code::RECALCULATION_RUNNING];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_recalculations, start::start_recalculation))
        .routes(routes!(get::get_recalculation))
        .routes(routes!(cancel::cancel_recalculation))
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = RecalculationStatus)]
pub(crate) enum Status {
    /// On its way.
    Running,
    /// Through.
    Finished,
    /// Given up.
    Cancelled,
}

/// A run that computes earnings anew.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recalculation {
    /// Its id.
    pub(crate) id: RecalculationId,
    /// Sales from this day on.
    pub(crate) from: NaiveDate,
    /// The last day.
    pub(crate) to: NaiveDate,
    /// Where it is.
    pub(crate) status: Status,
    /// How many sales it has been through.
    #[schema(example = 1204)]
    pub(crate) sales: i64,
    /// How many lines it has posted: differences to what was there.
    #[schema(example = 0)]
    pub(crate) lines: i64,
    /// When it was started.
    pub(crate) started_at: DateTime<Utc>,
    /// When it was through.
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

/// The vendor's runs before `before`, newest first, or the one with this id.
async fn read(
    conn: &mut PgConnection,
    vendor: OrgId,
    one: Option<RecalculationId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Recalculation>, Problem> {
    Ok(sqlx::query_as!(
        Recalculation,
        r#"SELECT id AS "id: RecalculationId", from_day AS "from", to_day AS "to", status AS "status: Status", sales, lines,
                  started_at, ended_at
           FROM recalculation
           WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        vendor.uuid(),
        one.map(RecalculationId::uuid),
        before,
        limit,
    )
    .fetch_all(conn)
    .await?)
}
