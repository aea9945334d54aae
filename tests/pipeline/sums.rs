use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::PgConnection;

use super::Place;

/// What somebody does to a deal of a few.
#[derive(Clone, Debug)]
enum Deed {
    Approve(usize),
    Move(usize, i32),
    Think(usize, Option<i16>, Option<&'static str>),
    Price(usize, i64),
    Postpone(usize, i32),
    End(usize, &'static str),
    Delete(usize),
    Fold(i64),
}

const DEALS: usize = 12;

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deal = 0..DEALS;
    let deed = prop_oneof![
        3 => deal.clone().prop_map(Deed::Approve),
        3 => (deal.clone(), 1..6).prop_map(|(deal, place)| Deed::Move(deal, place)),
        2 => (deal.clone(), prop::option::of(0i16..=100), prop::option::of(prop_oneof![Just("commit"), Just("omitted")]))
            .prop_map(|(deal, probability, category)| Deed::Think(deal, probability, category)),
        2 => (deal.clone(), 0..1_000_000i64).prop_map(|(deal, amount)| Deed::Price(deal, amount)),
        2 => (deal.clone(), 0..400).prop_map(|(deal, days)| Deed::Postpone(deal, days)),
        2 => (deal.clone(), prop_oneof![Just("won"), Just("lost"), Just("withdrawn"), Just("expired")])
            .prop_map(|(deal, end)| Deed::End(deal, end)),
        1 => deal.prop_map(Deed::Delete),
        1 => (1..20i64).prop_map(Deed::Fold),
    ];
    prop::collection::vec(deed, 20..120)
}

async fn carry_out(db: &mut PgConnection, deed: &Deed) {
    let approved = "status = 'approved'";
    let at = |deal: usize| format!("amount_no({deal})");
    let statement = match deed {
        Deed::Approve(deal) => format!(
            "UPDATE deal SET status = 'approved', updated_at = updated_at + interval '1 hour' WHERE id = {} AND status = 'submitted'",
            at(*deal)
        ),
        Deed::Move(deal, place) => format!(
            "UPDATE deal SET stage_id = pipeline_stage_id(program_id, {place}), stage_since = updated_at + interval '1 day',
             updated_at = updated_at + interval '1 day' WHERE id = {} AND {approved}",
            at(*deal)
        ),
        Deed::Think(deal, probability, category) => format!(
            "UPDATE deal SET stage_probability = {}, stage_category = {} WHERE id = {}",
            probability.map_or("NULL".to_owned(), |one| one.to_string()),
            category.map_or("NULL".to_owned(), |one| format!("'{one}'")),
            at(*deal)
        ),
        Deed::Price(deal, amount) => format!("UPDATE deal SET amount = {amount} / 100.0 WHERE id = {}", at(*deal)),
        Deed::Postpone(deal, days) => {
            format!("UPDATE deal SET expected_close = date '2026-06-01' + {days} WHERE id = {}", at(*deal))
        }
        Deed::End(deal, end) => format!(
            "UPDATE deal SET status = '{end}', closed_on = CASE WHEN '{end}' IN ('won', 'lost') THEN date '2026-12-01' + 9 END,
             close_reason = CASE WHEN '{end}' = 'lost' THEN 'price' END WHERE id = {} AND {approved}",
            at(*deal)
        ),
        Deed::Delete(deal) => format!(
            "WITH stays AS (DELETE FROM deal_stage_visit WHERE deal_id = {0}) DELETE FROM deal WHERE id = {0} AND amount = -1",
            at(*deal)
        ),
        Deed::Fold(most) => format!("SELECT pipeline_fold({most})"),
    };
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(db).await.unwrap();
}

/// What the roll-ups and what isn't folded yet say, without what the deals themselves say, and the other way round.
async fn differences(db: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "WITH cube AS (
             SELECT d.*, m.dimension, m.member FROM deal d, LATERAL (VALUES ('vendor', ''), ('partner', d.partner_id::text),
                 ('country', d.customer_country)) m (dimension, member) WHERE d.period_on IS NOT NULL
         ), deals AS (
             SELECT dimension, member, date_trunc('month', period_on)::date, status, stage_id, coalesce(stage_category, ''), currency,
                    coalesce(close_reason, ''), count(*)::numeric, sum(amount),
                    coalesce(sum(amount) FILTER (WHERE stage_probability IS NULL), 0), coalesce(sum(amount * stage_probability), 0)
             FROM cube GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
         ), fresh AS (
             SELECT t.*, m.dimension, m.member FROM pipeline_delta t, LATERAL (VALUES ('vendor', ''),
                 ('partner', t.partner_id::text), ('country', t.country)) m (dimension, member)
         ), sums AS (
             SELECT dimension, member, month, status, stage_id, category, currency, reason, sum(deals), sum(amount),
                    sum(following), sum(fixed)
             FROM (SELECT dimension, member, month, status, stage_id, category, currency, reason, deals, amount, following, fixed
                   FROM pipeline_rollup
                   UNION ALL
                   SELECT dimension, member, date_trunc('month', due)::date, status, stage_id, category, currency, reason, deals,
                          amount, following, fixed FROM fresh) all_sums
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(deals) <> 0 OR sum(amount) <> 0
         )
         (SELECT 'only of the deals ' || (d.*)::text FROM (SELECT * FROM deals EXCEPT SELECT * FROM sums) d)
         UNION ALL
         (SELECT 'only of the sums ' || (s.*)::text FROM (SELECT * FROM sums EXCEPT SELECT * FROM deals) s)",
    )
    .fetch_all(db)
    .await
    .unwrap()
}

async fn begin(place: &Place, db: &mut PgConnection) {
    sqlx::raw_sql(
        "DELETE FROM deal_stage_visit; DELETE FROM deal;
         TRUNCATE pipeline_rollup, pipeline_delta, pipeline_day, pipeline_flow;
         CREATE OR REPLACE FUNCTION amount_no(no integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS
             $$ SELECT ('00000000-0000-4000-8000-' || lpad(no::text, 12, '0'))::uuid $$",
    )
    .execute(&mut *db)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO deal (id, vendor_id, partner_id, status, customer_name, customer_key, customer_keys, customer_country,
                           currency, amount, expected_close, created_at, updated_at)
         SELECT amount_no(n), $1, CASE WHEN n % 2 = 0 THEN $2 ELSE $3 END, CASE WHEN n < 4 THEN 'approved' ELSE 'submitted' END,
                'C', 'c', '{}', (ARRAY['DE', 'AT', 'FR'])[n % 3 + 1], (ARRAY['EUR', 'USD'])[n % 2 + 1], n * 10,
                date '2026-12-24' + n, now(), now()
         FROM generate_series(0, 11) n",
    )
    .bind(place.scene.northwind.uuid())
    .bind(place.scene.alder.uuid())
    .bind(place.scene.birch.uuid())
    .execute(db)
    .await
    .unwrap();
}

#[tokio::test]
async fn after_any_history_the_roll_ups_are_the_sum_over_the_deals() {
    let place = Place::set().await;
    let mut db = place.server.database.connect().await;
    let mut runner = TestRunner::deterministic();
    let histories = deeds();
    let cases = Config::default().cases.min(24);
    for _ in 0..cases {
        let history = histories.new_tree(&mut runner).unwrap().current();
        begin(&place, &mut db).await;
        for deed in &history {
            carry_out(&mut db, deed).await;
        }
        let found = differences(&mut db).await;
        assert!(found.is_empty(), "{found:#?} after {history:?}");
        sqlx::query("SELECT pipeline_fold(1000000)")
            .execute(&mut db)
            .await
            .unwrap();
        let found = differences(&mut db).await;
        assert!(found.is_empty(), "{found:#?} folded after {history:?}");
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pipeline_delta")
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
