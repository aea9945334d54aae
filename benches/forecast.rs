//! Forecasts of the large demo: sums are read from roll-ups, however many deals there are.

use std::sync::Arc;

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get};
use crate::load::{self, Requests};
use crate::people::{MANAGER, sign_in};
use crate::plan::seconds;
use crate::report::{Table, Target, quantile_ms};

/// How many ask at once.
const CONNECTIONS: u32 = 4;
/// What is asked in turn.
const FORECASTS: [(&str, &str); 4] = [
    ("by month", "/api/v1/pipeline/forecast"),
    (
        "by quarter and country",
        "/api/v1/pipeline/forecast?period=quarter&group_by=country",
    ),
    (
        "by partner",
        "/api/v1/pipeline/forecast?period=quarter&group_by=partner",
    ),
    (ANALYSIS, "/api/v1/pipeline/analysis"),
];
/// Not a forecast, but read from roll-ups as they are.
const ANALYSIS: &str = "analysis";

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let manager = sign_in(&mut client, MANAGER).await?;
    let title = format!("Forecasts of a vendor, {CONNECTIONS} at once");
    let mut table = Table::new(title, &["forecast", "requests/s", "p50 ms", "p99 ms"]);
    let mut slowest: f64 = 0.0;
    for (name, path) in FORECASTS {
        let token = manager.token.clone();
        let requests: Requests = Arc::new(move |_| get(path, Some(&token)));
        let time = seconds(bench.plan.forecast_seconds) / 4;
        let measured = load::closed(server.address(), CONNECTIONS, time, &requests).await?;
        let measured = measured.succeeded("reading a forecast")?;
        let p99 = quantile_ms(&measured.latency, 0.99);
        if name != ANALYSIS {
            slowest = slowest.max(p99);
        }
        table.row([
            name.to_owned(),
            format!("{:.0}", measured.per_second()),
            format!("{:.2}", quantile_ms(&measured.latency, 0.5)),
            format!("{p99:.2}"),
        ]);
    }
    bench.report.table(table);
    let target = Target::AtMost(100.0);
    bench
        .report
        .bounded("forecast of a million deals, p99", slowest, "ms", target);
    Ok(())
}
