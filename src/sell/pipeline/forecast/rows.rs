//! Sums put together as the rows of a forecast.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId};
use guildhall_spine::http::Problem;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::query::{Ask, GroupBy, encoded, org_of};
use crate::pipeline::{
    Category,
    rates::Rates,
    sums::{self, Figure, Scope, Sum, Tally, end_of},
};

/// Whose sums they are.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ForecastMember)]
pub(super) struct Member {
    /// The partner or vendor, when it is one.
    pub(super) id: Option<OrgId>,
    /// Its name, the region's, or the country's code; empty for the customers in no region.
    #[schema(example = "DACH")]
    pub(super) name: String,
}

/// The open deals of one commit category.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForecastCategory {
    /// The category.
    pub(super) category: Category,
    /// How many deals.
    #[schema(example = 12)]
    pub(super) deals: i64,
    /// What they are worth.
    pub(super) amount: Figure,
    /// What they are worth times how probable they are.
    pub(super) weighted: Figure,
    /// The address of the list that has exactly these deals.
    #[schema(example = "/api/v1/pipeline/deals?status=open&category=commit&from=2027-01-01&to=2027-01-31")]
    pub(super) list: String,
}

/// The sums of a period.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForecastRow {
    /// Whose; `null` when they are not told apart.
    pub(super) group: Option<Member>,
    /// The period's first day.
    pub(super) from: NaiveDate,
    /// Its last day.
    pub(super) to: NaiveDate,
    /// The open deals by category, which stand in the order of their certainty.
    pub(super) categories: Vec<ForecastCategory>,
    /// What the open deals are worth, but for omitted ones.
    pub(super) open: Figure,
    /// The same times how probable they are.
    pub(super) weighted: Figure,
    /// How many deals were won in the period.
    #[schema(example = 7)]
    pub(super) won_deals: i64,
    /// What was won in it.
    pub(super) won: Figure,
    /// The address of the list that has exactly the deals that were won.
    #[schema(example = "/api/v1/pipeline/deals?status=won&from=2027-01-01&to=2027-01-31")]
    pub(super) won_list: String,
}

/// Members of a page.
pub(super) const PAGE: usize = 50;

/// The rows of a page of groups, and after which partner the next page begins.
pub(super) async fn page(
    conn: &mut PgConnection,
    ask: &Ask,
    after: Option<Uuid>,
) -> Result<(Vec<ForecastRow>, Option<Uuid>), Problem> {
    let mut ask = ask.clone();
    let mut next = None;
    if let (Scope::Partners(vendor, partners), GroupBy::Partner) = (&mut ask.scope, ask.group_by) {
        *partners = partners_after(conn, *vendor, after).await?;
        if partners.len() > PAGE {
            partners.truncate(PAGE);
            next = partners.last().map(|partner| partner.uuid());
        }
    }
    let sums = sums::read(conn, &ask.scope, ask.program.map(|id| id.uuid()), ask.from, ask.to).await?;
    let rates = rates_for(conn, &ask, &sums).await?;
    let names = names_of(conn, &ask, &sums).await?;
    let mut groups: BTreeMap<(String, NaiveDate), Tallies> = BTreeMap::new();
    for sum in &sums {
        let member = member_of(&ask, sum);
        let begin = ask.period.begin(sum.month);
        groups.entry((member, begin)).or_default().add(&ask, sum, &rates);
    }
    let rows = groups
        .iter()
        .map(|((member, begin), tallies)| tallies.row(&ask, member, *begin, &names));
    Ok((rows.collect(), next))
}

async fn partners_after(conn: &mut PgConnection, vendor: OrgId, after: Option<Uuid>) -> Result<Vec<OrgId>, Problem> {
    let rows = sqlx::query_scalar!(
        "SELECT partner_id FROM partnership WHERE vendor_id = $1 AND partner_id > $2 ORDER BY partner_id LIMIT $3",
        vendor.uuid(),
        after.unwrap_or_default(),
        i64::try_from(PAGE).unwrap_or(50) + 1,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(OrgId::from).collect())
}

fn member_of(ask: &Ask, sum: &Sum) -> String {
    match ask.group_by {
        GroupBy::None => String::new(),
        GroupBy::Region => ask.settings.region_of(&sum.member).to_owned(),
        GroupBy::Vendor => ask
            .vendor
            .map_or_else(|| sum.member.clone(), |vendor| vendor.uuid().to_string()),
        GroupBy::Partner | GroupBy::Country => sum.member.clone(),
    }
}

/// Open deals are converted at today's rates, what was won at those of the end of its month.
fn rate_day(ask: &Ask, sum: &Sum) -> NaiveDate {
    if sum.status == "approved" {
        ask.today
    } else {
        end_of(sum.month).min(ask.today)
    }
}

async fn rates_for(conn: &mut PgConnection, ask: &Ask, sums: &[Sum]) -> Result<Rates, Problem> {
    let mut wanted = BTreeSet::new();
    for sum in sums {
        let day = rate_day(ask, sum);
        wanted.insert((sum.currency.clone(), day));
        wanted.insert((ask.currency.code().to_owned(), day));
    }
    let vendor = match ask.group_by {
        // Of several vendors, everyone's rates are the ones that compare.
        GroupBy::Vendor => None,
        _ => ask.vendor,
    };
    Rates::load(conn, vendor, &wanted).await
}

async fn names_of(conn: &mut PgConnection, ask: &Ask, sums: &[Sum]) -> Result<HashMap<Uuid, String>, Problem> {
    if !matches!(ask.group_by, GroupBy::Partner | GroupBy::Vendor) {
        return Ok(HashMap::new());
    }
    let members: BTreeSet<Uuid> = sums.iter().filter_map(|sum| member_of(ask, sum).parse().ok()).collect();
    let ids: Vec<Uuid> = members.into_iter().collect();
    let rows = sqlx::query!("SELECT id, name FROM organisation WHERE id = ANY ($1)", &ids)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The sums of one group and period.
#[derive(Default)]
struct Tallies {
    categories: BTreeMap<Category, (i64, Tally, Tally)>,
    open: Tally,
    weighted: Tally,
    won: (i64, Tally),
}

impl Tallies {
    fn add(&mut self, ask: &Ask, sum: &Sum, rates: &Rates) {
        let day = rate_day(ask, sum);
        let into: Currency = ask.currency;
        let add = |tally: &mut Tally, amount| tally.add(amount, &sum.currency, rates, into, day);
        match sum.status.as_str() {
            "approved" => {
                let (deals, amount, weighted) = self.categories.entry(sum.category).or_default();
                *deals += sum.deals;
                add(amount, sum.amount);
                add(weighted, sum.weighted);
                if sum.category != Category::Omitted {
                    add(&mut self.open, sum.amount);
                    add(&mut self.weighted, sum.weighted);
                }
            }
            "won" => {
                self.won.0 += sum.deals;
                add(&mut self.won.1, sum.amount);
            }
            _ => {}
        }
    }

    fn row(&self, ask: &Ask, member: &str, begin: NaiveDate, names: &HashMap<Uuid, String>) -> ForecastRow {
        let end = end_of(ask.period.last(begin));
        let (group, filter) = group(ask, member, names);
        let list = |what: &str| {
            let filters = &ask.filters;
            format!("/api/v1/pipeline/deals?{what}{filters}{filter}&from={begin}&to={end}")
        };
        let categories = self
            .categories
            .iter()
            .map(|(category, (deals, amount, weighted))| ForecastCategory {
                category: *category,
                deals: *deals,
                amount: amount.figure(ask.currency),
                weighted: weighted.figure(ask.currency),
                list: list(&format!("status=open&category={}", category.as_str())),
            });
        ForecastRow {
            categories: categories.collect(),
            open: self.open.figure(ask.currency),
            weighted: self.weighted.figure(ask.currency),
            won_deals: self.won.0,
            won: self.won.1.figure(ask.currency),
            won_list: list("status=won"),
            group,
            from: begin,
            to: end,
        }
    }
}

/// Whose sums they are, and the filter that has their deals.
fn group(ask: &Ask, member: &str, names: &HashMap<Uuid, String>) -> (Option<Member>, String) {
    let of_org = |name: &str| {
        let id = org_of(member);
        let known = id.and_then(|id| names.get(&id.uuid())).cloned().unwrap_or_default();
        // Named by a filter already, it is not named twice.
        let asked = ask.filters.contains(&format!("&{name}="));
        let filter = id
            .filter(|_| !asked)
            .map(|id| format!("&{name}={id}"))
            .unwrap_or_default();
        (Some(Member { id, name: known }), filter)
    };
    let of_place = |filter: String| {
        let group = Member {
            id: None,
            name: member.to_owned(),
        };
        (Some(group), filter)
    };
    match ask.group_by {
        GroupBy::None => (None, ask.place.clone()),
        GroupBy::Partner => of_org("partner_id"),
        GroupBy::Vendor => of_org("vendor_id"),
        // Narrowed to a place already, all of the group is there.
        GroupBy::Region if !ask.place.is_empty() => of_place(ask.place.clone()),
        GroupBy::Region => of_place(format!("&region={}", encoded(member))),
        GroupBy::Country => of_place(format!("&country={}", encoded(member))),
    }
}
