//! What happens when.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use guildhall_kernel::DealId;
use guildhall_spine::db::Tx;

use super::story::Story;

/// Days between two rounds of approvals.
const ROUND: i64 = 45;
/// How long an earning waits for its round at least.
const WAIT: u64 = 20;

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// The vendor sets up plans, where it pays from, and partners where they are paid.
    SetUp,
    /// Customers have bought.
    Sell(Vec<DealId>),
    /// Finance approves what was earned before the day.
    Approve(NaiveDate),
    /// Finance proposes to put something right, and the owner approves it.
    Correct,
    /// The owner approves it.
    AgreeToCorrection,
    /// Finance proposes the payouts of the first partners.
    ProposeFirst,
    /// The owner approves them.
    Sign,
    /// Finance has them sent.
    Execute,
    /// The bank has sent them.
    Reconcile,
    /// Finance keeps something back.
    Hold,
    /// A partner objects to a line.
    Object,
    /// Finance proposes the payouts of all others.
    ProposeRest,
}

/// What happens from before the first day of the plans to the day of the load, in order.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(tx: &mut Tx, story: &Story<'_>) -> Result<Vec<(DateTime<Utc>, Act)>, sqlx::Error> {
    let begin = story.from.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(6);
    let ago = |days: i64, hour: i64| story.day - TimeDelta::days(days) + TimeDelta::hours(hour);
    let mut acts = vec![
        (begin, Act::SetUp),
        (ago(45, 10), Act::Correct),
        (ago(44, 9), Act::AgreeToCorrection),
        (ago(33, 9), Act::ProposeFirst),
        (ago(32, 8), Act::Sign),
        (ago(32, 11), Act::Execute),
        (ago(29, 7), Act::Reconcile),
        (ago(12, 14), Act::Hold),
        (ago(6, 15), Act::Object),
        (ago(1, 13), Act::ProposeRest),
    ];
    let mut round = ago(35, 9);
    while round > begin {
        let before = round.date_naive().checked_sub_days(Days::new(WAIT));
        acts.extend(before.map(|before| (round, Act::Approve(before))));
        round -= TimeDelta::days(ROUND);
    }
    acts.extend(sales(tx, story).await?);
    acts.sort_by_key(|(at, _)| *at);
    acts.retain(|(at, _)| *at >= begin);
    Ok(acts)
}

/// The won deals that come under the plans: one by one, or, when there are many, as many together as make a hundred groups.
async fn sales(tx: &mut Tx, story: &Story<'_>) -> Result<Vec<(DateTime<Utc>, Act)>, sqlx::Error> {
    let deals = sqlx::query!(
        r#"SELECT id AS "id: DealId", updated_at FROM deal
           WHERE vendor_id = $1 AND status = 'won' AND closed_on >= $2 ORDER BY updated_at, id"#,
        story.vendor.org.id.uuid(),
        story.from,
    )
    .fetch_all(&mut **tx)
    .await?;
    let groups = deals.chunks(deals.len() / 100 + 1);
    let sold = groups.filter_map(|group| {
        let at = group.last()?.updated_at + TimeDelta::seconds(2);
        Some((at, Act::Sell(group.iter().map(|deal| deal.id).collect())))
    });
    Ok(sold.collect())
}
