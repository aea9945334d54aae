//! What is asked for.

use chrono::{Datelike, Months, NaiveDate};
use guildhall_kernel::{Currency, OrgId, ProgramId};
use guildhall_spine::{
    access::OrgKind,
    http::{Problem, code},
    identity::ActingFor,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::pipeline::{
    list::{countries, sides},
    program,
    settings::{self, PipelineSettings},
    sums::{Scope, month_of},
};

/// How long a period is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ForecastPeriod)]
pub(super) enum Period {
    /// A calendar month.
    #[default]
    Month,
    /// A calendar quarter.
    Quarter,
}

impl Period {
    /// The first month of the period that a month is in.
    pub(super) fn begin(self, month: NaiveDate) -> NaiveDate {
        let back = match self {
            Self::Month => 0,
            Self::Quarter => month.month0() % 3,
        };
        month.checked_sub_months(Months::new(back)).unwrap_or(month)
    }

    /// The last month of the period that begins with a month.
    pub(super) fn last(self, begin: NaiveDate) -> NaiveDate {
        let further = match self {
            Self::Month => 0,
            Self::Quarter => 2,
        };
        begin.checked_add_months(Months::new(further)).unwrap_or(begin)
    }
}

/// Whom the sums are told apart by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ForecastGroup)]
pub(super) enum GroupBy {
    /// Nobody: one sum for all.
    #[default]
    None,
    /// Each partner of the vendor.
    Partner,
    /// Each sales region of the vendor's settings.
    Region,
    /// Each country.
    Country,
    /// Each vendor of the partner.
    Vendor,
}

/// Members that the two addresses share.
#[derive(Debug)]
pub(super) struct Filters {
    pub(super) period: Option<Period>,
    pub(super) from: Option<NaiveDate>,
    pub(super) to: Option<NaiveDate>,
    pub(super) group_by: Option<GroupBy>,
    pub(super) program_id: Option<ProgramId>,
    pub(super) vendor_id: Option<OrgId>,
    pub(super) partner_id: Option<OrgId>,
    pub(super) country: Option<String>,
    pub(super) region: Option<String>,
    pub(super) currency: Option<String>,
}

/// A forecast that can be made.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) scope: Scope,
    pub(super) vendor: Option<OrgId>,
    pub(super) program: Option<ProgramId>,
    /// The filters as the list of deals takes them, but for where the customers are.
    pub(super) filters: String,
    /// Where the customers are, likewise.
    pub(super) place: String,
    pub(super) group_by: GroupBy,
    pub(super) period: Period,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) today: NaiveDate,
    pub(super) currency: Currency,
    pub(super) settings: PipelineSettings,
}

fn refuse(detail: &str) -> Problem {
    Problem::new(code::INVALID_QUERY, detail)
}

impl Filters {
    /// # Errors
    /// 400 for what doesn't go together, 404 for what isn't there to see.
    pub(super) async fn ask(self, conn: &mut PgConnection, org: ActingFor, today: NaiveDate) -> Result<Ask, Problem> {
        let period = self.period.unwrap_or_default();
        let from = period.begin(month_of(self.from.unwrap_or(today)));
        let to = match self.to {
            Some(to) => month_of(to),
            None => from.checked_add_months(Months::new(11)).unwrap_or(from),
        };
        let to = period.last(period.begin(to));
        let longest = from.checked_add_months(Months::new(36)).unwrap_or(from);
        if to < from || to >= longest {
            return Err(refuse("to: must be from the month of from to 36 months on."));
        }
        let mut filters = String::new();
        let (mut vendor, partner) = sides(conn, org, self.vendor_id, self.partner_id).await?;
        if let Some(program) = self.program_id {
            let seen = program::visible(conn, org, Some(program)).await?;
            if vendor.is_some_and(|vendor| vendor != seen.vendor) {
                return Err(Problem::not_found());
            }
            vendor = Some(seen.vendor);
            filters.push_str(&format!("&program_id={program}"));
        }
        let countries = countries(conn, org, self.country.as_deref(), self.region.as_deref()).await?;
        let group_by = self.group_by.unwrap_or_default();
        let scope = scope(org, vendor, partner, countries, group_by)?;
        for (name, id) in [("partner_id", self.partner_id), ("vendor_id", self.vendor_id)] {
            if let Some(id) = id {
                filters.push_str(&format!("&{name}={id}"));
            }
        }
        let mut place = String::new();
        for (name, text) in [("country", &self.country), ("region", &self.region)] {
            if let Some(text) = text {
                place.push_str(&format!("&{name}={}", encoded(text)));
            }
        }
        let (settings, _) = settings::of(conn, org.id).await?;
        let currency = match &self.currency {
            None => settings.reporting_currency,
            Some(code) => {
                Currency::from_code(code).ok_or_else(|| refuse("currency: must be a currency (ISO 4217), like EUR."))?
            }
        };
        Ok(Ask {
            scope,
            vendor,
            program: self.program_id,
            filters,
            place,
            group_by,
            period,
            from,
            to,
            today,
            currency,
            settings,
        })
    }
}

/// Which roll-up has the answer.
fn scope(
    org: ActingFor,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
    countries: Option<Vec<String>>,
    group_by: GroupBy,
) -> Result<Scope, Problem> {
    let side = match org.kind {
        OrgKind::Vendor => matches!(group_by, GroupBy::Vendor),
        OrgKind::Partner => matches!(group_by, GroupBy::Partner | GroupBy::Region | GroupBy::Country),
    };
    if side {
        return Err(refuse(
            "group_by: a vendor's go by partner, region or country, a partner's by vendor.",
        ));
    }
    match (vendor, partner, countries) {
        (_, Some(_), Some(_)) => Err(refuse("country: sums are kept by partner or by country, not by both.")),
        (Some(_), Some(_), None) if org.kind == OrgKind::Vendor && group_by != GroupBy::None => {
            Err(refuse("group_by: goes without partner_id."))
        }
        (Some(_), None, Some(_)) if group_by == GroupBy::Partner => {
            Err(refuse("group_by: sums are kept by partner or by country, not by both."))
        }
        (Some(vendor), Some(partner), None) => Ok(Scope::Partners(vendor, vec![partner])),
        (Some(vendor), None, countries) => Ok(match (countries, group_by) {
            (None, GroupBy::None | GroupBy::Vendor) => Scope::Vendor(vendor),
            (_, GroupBy::Partner) => Scope::Partners(vendor, Vec::new()),
            (countries, _) => Scope::Countries(vendor, countries),
        }),
        (None, Some(partner), None) => Ok(Scope::OwnAsPartner(partner)),
        (None, None, _) => Err(Problem::not_found()),
    }
}

/// A text in a query.
pub(in crate::pipeline) fn encoded(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// The id of a member of the roll-ups.
pub(super) fn org_of(member: &str) -> Option<OrgId> {
    member.parse::<Uuid>().ok().map(OrgId::from)
}
