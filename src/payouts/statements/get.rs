use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, OrgId, UserId, entity};
use guildhall_spine::{
    App,
    http::{self, PathId, Problem, ValidQuery},
};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::access::Reader;
use super::balance::{Sums, balance};
use super::month::Month;
use super::rows::{self, Gone, Group, Line, Payee, Period, Place};
use super::view::Statement;
use super::{code, csv, pdf};

/// The most lines of a document that is held in memory.
pub(super) const MOST_LINES: i64 = 20_000;

/// Everything of a statement is read off one state of the database.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a statement comes as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatementFormat)]
pub(super) enum Format {
    /// JSON, up to 20 000 lines.
    #[default]
    Json,
    /// RFC 4180, UTF-8, any number of lines. A text that a spreadsheet would take for a formula begins with an apostrophe.
    Csv,
    /// PDF/A-2a, up to 20 000 lines.
    Pdf,
}

/// Whose statement, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementQuery {
    /// The month, in UTC; the present one unless told.
    #[param(example = "2026-11")]
    month: Option<String>,
    /// The vendor, where the partner has several.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// The person, where a person is paid; the partner itself unless told.
    #[param(value_type = Option<String>, example = "user_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    user_id: Option<UserId>,
    /// The currency (ISO 4217), where there are several.
    #[param(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// The format; JSON unless told.
    #[param(inline)]
    format: Option<Format>,
}

/// What of a statement is known before its lines are read.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) period: Period,
    pub(super) place: Place,
    pub(super) groups: Vec<Group>,
    pub(super) payouts: Vec<Gone>,
    pub(super) sums: Sums,
}

impl Head {
    async fn read(conn: &mut PgConnection, id: i64) -> Result<Self, Problem> {
        let period = rows::again(conn, id).await?;
        let place = Place::of(conn, &period).await?;
        let groups = rows::groups(conn, &place).await?;
        let payouts = rows::payouts(conn, &place).await?;
        let sums = balance(&period, &groups, &payouts)?;
        Ok(Self {
            period,
            place,
            groups,
            payouts,
            sums,
        })
    }

    /// All the lines, where they aren't too many.
    async fn lines(&self, conn: &mut PgConnection) -> Result<Vec<Line>, Problem> {
        let count: i64 = self.groups.iter().map(|group| group.lines).sum();
        if count > MOST_LINES {
            let detail = format!("It has {count} lines, and this format takes {MOST_LINES}: ask for format=csv.");
            return Err(Problem::new(code::STATEMENT_TOO_LONG, detail));
        }
        Ok(rows::lines(conn, &self.place, None, MOST_LINES).await?)
    }
}

/// Read a statement
///
/// What was owed to a partner (or to a person there) when the month began, every line that came to it, what payouts took,
/// and what is owed at its end: `opening` + `earned` − `taken` = `closing`. It is read off the ledger by the time of
/// posting: once the month is over (`interim: false`), asking again gives the same bytes, and a correction stands in the
/// statement of the month in which it was made. 404 for a month in which the ledger didn't move.
#[utoipa::path(get, path = "/api/v1/statements/{id}", operation_id = "getStatement", tag = "statements",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the partner", example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        StatementQuery,
    ),
    responses(
        (status = 200, description = "the statement", content(
            (Statement = "application/json"), (String = "text/csv"), (Vec<u8> = "application/pdf"))),
        (status = 404, description = "`not_found`: the ledger didn't move in that month, or it isn't for these eyes", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 409, description = "`statement_ambiguous`: name the vendor and the currency; `statement_too_long`: ask for CSV", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_statement(
    State(app): State<App>,
    reader: Reader,
    PathId(partner): PathId<entity::Org>,
    ValidQuery(query): ValidQuery<StatementQuery>,
) -> Result<Response, Problem> {
    let now = app.clock.now();
    let payee = payee(reader, partner, now, &query)?;
    let id = find(&app, &payee).await?;
    let over = payee.month.is_over(now);
    if over {
        rows::keep_names(app.db.pool(), id).await?;
    }
    let mut moment = app.db.pool().begin_with(SNAPSHOT).await?;
    let head = Head::read(&mut moment, id).await?;
    let format = query.format.unwrap_or_default();
    if format == Format::Csv && over {
        drop(moment);
        return csv::answer(&app, head, None).await;
    }
    let lines = head.lines(&mut moment).await?;
    drop(moment);
    if format == Format::Csv {
        return csv::answer(&app, head, Some(lines)).await;
    }
    let statement = Statement::of(&head.period, now, &head.sums, &head.groups, lines, &head.payouts);
    match format {
        Format::Pdf => pdf::answer(statement, now).await,
        _ => Ok((
            [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))],
            Json(statement),
        )
            .into_response()),
    }
}

/// Whose statement is asked for.
///
/// # Errors
/// 404 for a partner that isn't for these eyes, 400 for a text that is no month.
fn payee(reader: Reader, partner: OrgId, now: DateTime<Utc>, query: &StatementQuery) -> Result<Payee, Problem> {
    let month = query
        .month
        .as_deref()
        .map_or_else(|| Some(Month::of(now.date_naive())), Month::parse);
    let malformed = || {
        Problem::new(
            http::code::INVALID_QUERY,
            "month: must be a year and a month, like 2026-11.",
        )
    };
    let mut payee = Payee {
        vendor: query.vendor_id,
        partner,
        user: query.user_id,
        currency: query.currency.map(|currency| currency.code().to_owned()),
        month: month.ok_or_else(malformed)?,
    };
    let theirs = match reader {
        Reader::Vendor(own) => payee.vendor.replace(own).is_none_or(|vendor| vendor == own),
        Reader::Partner(own) => partner == own,
        Reader::Person(own) => payee.user.replace(own).is_none_or(|user| user == own),
    };
    if theirs { Ok(payee) } else { Err(Problem::not_found()) }
}

async fn find(app: &App, payee: &Payee) -> Result<i64, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let found = rows::find(&mut conn, payee).await?;
    match found.as_slice() {
        [] => Err(Problem::not_found()),
        [one] => Ok(one.id),
        [one, other, ..] => {
            let parameter = if one.currency == other.currency {
                "vendor_id"
            } else {
                "currency"
            };
            let detail = format!(
                "The partner has several statements of {}: choose with {parameter}.",
                payee.month
            );
            Err(Problem::new(code::STATEMENT_AMBIGUOUS, detail).with("parameter", parameter))
        }
    }
}

/// The answer that is a file of these bytes.
///
/// # Errors
/// When the name can't stand in a header.
pub(super) fn file(bytes: Vec<u8>, name: &str) -> Result<Response, Problem> {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}.pdf\""));
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_DISPOSITION, disposition.map_err(Problem::internal)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    Ok((head, bytes).into_response())
}
