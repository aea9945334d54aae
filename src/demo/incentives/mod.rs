//! What partners have earned and how they were paid: plans, earnings of won deals, batches of payouts. Told by the server's
//! own functions, at the times at which it happened.

mod agenda;
mod deadlines;
mod payees;
mod plans;
mod story;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use guildhall_kernel::OrgId;
use guildhall_spine::{App, access::Role, db::Tx};

use self::{deadlines::Deadlines, story::Story};
use super::{
    DemoFault, Scale,
    load::SEED,
    teller::Teller,
    world::{Vendor, World},
};

/// How far back plans go, from the beginning of the present quarter.
const BACK: Months = Months::new(24);

/// The vendors of which it is told, and of how many of the newest won deals of each.
const fn reach(scale: Scale) -> Option<(usize, i64)> {
    match scale {
        Scale::Small => Some((usize::MAX, 5_000)),
        Scale::Large => Some((1, 5_000)),
        Scale::Crowded => None,
    }
}

/// Tells of the first vendors and their partners; returns how many lines were earned.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(tx: &mut Tx, app: &App, world: &World, scale: Scale) -> Result<u64, DemoFault> {
    let Some((vendors, most)) = reach(scale) else {
        return Ok(0);
    };
    let mut teller = Teller::seeded(tx, SEED + 4, world.day);
    let deadlines = Deadlines::of_incentives();
    for vendor in world.vendors.iter().take(vendors) {
        let from = first_day(teller.tx, vendor, world.day, most).await?;
        let Some(mut story) = Story::of(world, vendor, from) else {
            continue;
        };
        for (at, act) in agenda::of(teller.tx, &story).await? {
            deadlines.ring_until(&mut teller, app, at).await?;
            teller.at(at);
            story.go_on(&mut teller, app, act).await?;
        }
        deadlines.ring_until(&mut teller, app, world.day).await?;
    }
    teller.end(app);
    let lines = sqlx::query_scalar!(r#"SELECT count(*) AS "lines!" FROM earning"#)
        .fetch_one(&mut **tx)
        .await?;
    Ok(u64::try_from(lines).unwrap_or_default())
}

/// The day on which the vendor's plans begin: so late that no more than `most` won deals come under them.
async fn first_day(tx: &mut Tx, vendor: &Vendor, day: DateTime<Utc>, most: i64) -> Result<NaiveDate, sqlx::Error> {
    let quarter = |day: NaiveDate| NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day);
    let earliest = quarter(day.date_naive()) - BACK;
    let beyond = sqlx::query_scalar!(
        r#"SELECT closed_on AS "closed_on!" FROM deal WHERE vendor_id = $1 AND status = 'won'
           ORDER BY closed_on DESC OFFSET $2 LIMIT 1"#,
        vendor.org.id.uuid(),
        most,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let month = |day: NaiveDate| day.with_day(1).unwrap_or(day) + Months::new(1);
    Ok(beyond.map_or(earliest, |beyond| month(beyond).max(earliest)))
}

impl World {
    /// The first of the company's people in this role.
    fn first_with(&self, org: OrgId, role: Role) -> Option<guildhall_kernel::UserId> {
        let mut members = self.members.iter();
        let found = members.find(|member| member.org == org && member.role == role);
        found.map(|member| member.user)
    }
}
