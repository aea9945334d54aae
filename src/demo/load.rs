//! Loading, in one transaction: a crash leaves nothing behind.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::NaiveTime;
use guildhall_spine::{
    App,
    db::{Db, Tx},
};
use sqlx::{PgConnection, PgPool};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    DemoFault, DemoRequest, DemoSummary, PASSWORD, Scale,
    aside::Aside,
    copy::{Copied, Rows},
    deals::{Contact, Deal, Deals, Line, Pair, PartOf, Visit},
    draw::Draw,
    feed, incentives, rates,
    scale::Shape,
    selling,
    world::World,
};

/// Any number; another one makes another world.
pub(super) const SEED: u64 = 1_204;

/// Deals that are copied together.
const BATCH: usize = 20_000;

/// Deals whose way through the pipeline is told, about.
const TRACKED: u64 = 50_000;

/// Loads demo data into an empty database.
///
/// # Errors
/// [`DemoFault`]; the database is then as before.
pub async fn load(app: &App, request: &DemoRequest) -> Result<DemoSummary, DemoFault> {
    let mut timer = Timer::start();
    let mut tx = begin(&app.db).await?;
    let day = tx.now().with_time(NaiveTime::MIN).single().unwrap_or_else(|| tx.now());
    let password_hash = app.passwords.hash(PASSWORD.to_owned()).await?;
    let shape = request.scale.shape();
    let world = Arc::new(World::create(&mut Draw::seeded(SEED), &shape, day));
    let mut summary = world.copy(&mut tx, &password_hash).await?;
    timer.lap("organisations and people");

    let deals = request.deals.unwrap_or(shape.deals);
    let shape = Shape { deals, ..shape };
    let aside = Aside::set(&mut tx).await?;
    stream_deals(&mut tx, &world, shape, &mut summary).await?;
    timer.lap("deals, lines and contacts");
    aside.restore(&mut tx).await?;
    timer.lap("indexes and constraints");
    rates::set(&mut tx, day).await?;
    if request.scale == Scale::Small {
        summary.leads = selling::tell(&mut tx, app, &world).await?;
        timer.lap("products, leads and shared opportunities");
    }
    summary.earnings = incentives::tell(&mut tx, app, &world, request.scale).await?;
    timer.lap("plans, earnings and payouts");
    fold(&mut tx).await?;
    timer.lap("sums of the pipeline");

    if request.scale == Scale::Small {
        feed::announce(&mut tx, Deals::of(&world, deal_draw(), shape)).await?;
        timer.lap("events");
    }
    mark(&mut tx, request.scale, &summary).await?;
    tx.commit().await?;
    timer.lap("commit");
    if let Err(error) = vacuum(app.db.pool()).await {
        tracing::warn!(%error, "the demo data is loaded; the first queries are slow until autovacuum has been here");
    }
    timer.lap("vacuum and analyze");
    summary.phases = timer.laps;
    Ok(summary)
}

/// Loads demo data, unless there is demo data already, of whichever scale. Returns whether there is demo data: true.
///
/// # Errors
/// Those of [`load`], but for [`DemoFault::AlreadyLoaded`].
pub async fn load_if_empty(app: &App, request: &DemoRequest) -> Result<bool, DemoFault> {
    if is_loaded(app.db.pool()).await? {
        return Ok(true);
    }
    match load(app, request).await {
        // Another node was faster.
        Ok(_) | Err(DemoFault::AlreadyLoaded { .. }) => Ok(true),
        Err(fault) => Err(fault),
    }
}

/// Whether what the database holds is demo data.
///
/// # Errors
/// When the database fails.
pub async fn is_loaded(pool: &PgPool) -> Result<bool, DemoFault> {
    Ok(
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM demo_load) AS "loaded!""#)
            .fetch_one(pool)
            .await?,
    )
}

pub(super) fn deal_draw() -> Draw {
    Draw::seeded(SEED + 1)
}

/// Opens the transaction, alone in the house: nobody can join between the look for data and the commit.
async fn begin(db: &Db) -> Result<Tx, DemoFault> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
         SET LOCAL synchronous_commit = off; SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '128MB';
         LOCK TABLE demo_load, organisation, user_account IN SHARE ROW EXCLUSIVE MODE",
    )
    .execute(&mut *tx)
    .await?;
    if let Some(marker) = sqlx::query!("SELECT scale, loaded_at FROM demo_load")
        .fetch_optional(&mut *tx)
        .await?
    {
        return Err(DemoFault::AlreadyLoaded {
            scale: marker.scale,
            loaded_at: marker.loaded_at,
        });
    }
    let used = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM organisation) OR EXISTS (SELECT FROM user_account) AS "used!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    if used { Err(DemoFault::HasData) } else { Ok(tx) }
}

#[derive(Default)]
struct Batch {
    deals: Rows,
    lines: Rows,
    contacts: Rows,
    conflicts: Rows,
    visits: Rows,
}

impl Batch {
    /// Of every `tracked`th deal the way through the pipeline is told.
    fn of(deals: impl Iterator<Item = Deal>, tracked: usize) -> Self {
        let mut batch = Self::default();
        for (number, deal) in deals.enumerate() {
            let visits = if number % tracked == 0 {
                deal.visits()
            } else {
                Vec::new()
            };
            for visit in visits {
                visit.write(&mut batch.visits);
            }
            deal.write(&mut batch.deals);
            for (part, no) in deal.lines.iter().zip(1..) {
                PartOf { deal: &deal, no, part }.write(&mut batch.lines);
            }
            for (part, no) in deal.contacts.iter().zip(1..) {
                PartOf { deal: &deal, no, part }.write(&mut batch.contacts);
            }
            if let Some(conflict) = &deal.conflict {
                Pair { deal: &deal, conflict }.write(&mut batch.conflicts);
            }
        }
        batch
    }
}

/// Copies the deals batch by batch, while a thread of its own makes the next ones.
async fn stream_deals(
    db: &mut PgConnection,
    world: &Arc<World>,
    shape: Shape,
    summary: &mut DemoSummary,
) -> Result<(), DemoFault> {
    let (sender, mut batches) = mpsc::channel(2);
    let world = Arc::clone(world);
    let tracked = usize::try_from(shape.deals / TRACKED).unwrap_or_default() + 1;
    let generator = spawn_blocking(move || {
        let mut deals = Deals::of(&world, deal_draw(), shape);
        loop {
            let batch = Batch::of(deals.by_ref().take(BATCH), tracked);
            if batch.deals.count == 0 || sender.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    while let Some(batch) = batches.recv().await {
        batch.deals.send(db, Deal::INTO).await?;
        batch.lines.send(db, PartOf::<Line>::INTO).await?;
        batch.contacts.send(db, PartOf::<Contact>::INTO).await?;
        batch.conflicts.send(db, Pair::INTO).await?;
        batch.visits.send(db, Visit::INTO).await?;
        summary.deals += batch.deals.count;
        summary.lines += batch.lines.count;
        summary.contacts += batch.contacts.count;
        summary.conflicts += batch.conflicts.count;
        tracing::debug!(deals = summary.deals, of = shape.deals, "demo deals copied");
    }
    generator.await?;
    Ok(())
}

/// Adds the deals up.
async fn fold(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!("SELECT pipeline_fold($1)", i64::MAX)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

async fn mark(tx: &mut Tx, scale: Scale, summary: &DemoSummary) -> Result<(), sqlx::Error> {
    let deals = i64::try_from(summary.deals).unwrap_or(i64::MAX);
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO demo_load (scale, deals, loaded_at) VALUES ($1, $2, $3)",
        scale.as_str(),
        deals,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Statistics and visibility, so that the first query is as fast as the later ones. It can't run in a transaction.
async fn vacuum(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?.detach();
    sqlx::raw_sql("SET statement_timeout = 0")
        .execute(&mut connection)
        .await?;
    sqlx::raw_sql(
        "VACUUM (ANALYZE) organisation, user_account, membership, partnership, deal, deal_line, deal_contact, \
         deal_conflict, deal_stage_visit, pipeline_rollup, pipeline_day, pipeline_flow, pipeline_delta, exchange_rate, \
         incentive_plan, incentive_plan_version, sale, sale_line, sale_party, earning, accrual, plan_progress, \
         ledger_account, ledger_entry, ledger_posting, ledger_balance, payout, payout_line",
    )
    .execute(&mut connection)
    .await?;
    sqlx::Connection::close(connection).await
}

struct Timer {
    at: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Timer {
    fn start() -> Self {
        Self {
            at: Instant::now(),
            laps: Vec::new(),
        }
    }

    fn lap(&mut self, phase: &'static str) {
        let took = self.at.elapsed();
        tracing::info!(phase, seconds = took.as_secs_f32(), "demo data");
        self.laps.push((phase, took));
        self.at = Instant::now();
    }
}
