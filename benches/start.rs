//! How soon a server on an existing data folder is ready, and what it holds while nobody calls.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::Bench;
use crate::Failure;
use crate::people::representatives;
use crate::process;
use crate::report::{Table, Target, float, spread};

/// Silence before memory is read.
const SETTLE: Duration = Duration::from_secs(3);

/// Log-ins before memory is read once more, and how many come at once.
const LOG_INS: u32 = 50;
const AT_ONCE: u32 = 8;

/// What a server holds, in MiB, when those who logged in have gone: a password hash takes 19 MiB while it is made.
async fn after_log_ins(bench: &Bench) -> Result<f64, Failure> {
    let server = bench.launch.start().await?;
    let mut people = JoinSet::new();
    for _ in 0..AT_ONCE {
        let address = server.address();
        people.spawn(async move {
            representatives(address, LOG_INS.div_ceil(AT_ONCE), None)
                .await
                .map(|_| ())
        });
    }
    while let Some(done) = people.join_next().await {
        done??;
    }
    tokio::time::sleep(SETTLE).await;
    Ok(float(process::resident(server.pid())?) / 1_048_576.0)
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let mut table = Table::new(
        "Start on an existing data folder",
        &["start", "ready ms", "idle resident MiB"],
    );
    let mut ready = Vec::new();
    let mut resident = Vec::new();
    for number in 1..=bench.plan.starts.max(1) {
        let server = bench.launch.start().await?;
        let took = server.ready_after().as_secs_f64() * 1000.0;
        tokio::time::sleep(SETTLE).await;
        let held = float(process::resident(server.pid())?) / 1_048_576.0;
        table.row([number.to_string(), format!("{took:.0}"), format!("{held:.1}")]);
        ready.push(took);
        resident.push(held);
    }
    bench.report.table(table);
    let (median, ..) = spread(&ready);
    bench
        .report
        .bounded("ready on existing data, median", median, "ms", Target::AtMost(1000.0));
    let after = after_log_ins(bench).await?;
    bench.report.bounded(
        "server after 50 log-ins, idle, resident",
        after,
        "MiB",
        Target::AtMost(80.0),
    );
    let (_, _, highest) = spread(&resident);
    bench
        .report
        .bounded("server alone, idle, resident", highest, "MiB", Target::AtMost(80.0));
    Ok(())
}
