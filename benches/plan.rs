//! What a run measures and for how long: everything is bounded.

use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The sizes and times of the scenarios; the defaults together stay within twelve minutes on two cores.
#[derive(Args, Clone)]
pub(crate) struct Plan {
    /// Rounds of each side in a comparison of requests per second.
    #[arg(long, default_value_t = 5, global = true)]
    pub(crate) http_rounds: u32,
    /// Seconds of each such round.
    #[arg(long, default_value_t = 3, global = true)]
    pub(crate) http_seconds: u32,
    /// Deal lists per second in the open loop.
    #[arg(long, default_value_t = 300, global = true)]
    pub(crate) list_rate: u32,
    /// Deal reads per second in the open loop.
    #[arg(long, default_value_t = 1000, global = true)]
    pub(crate) read_rate: u32,
    /// Seconds of forecasts.
    #[arg(long, default_value_t = 10, global = true)]
    pub(crate) forecast_seconds: u32,
    /// Deals submitted per second.
    #[arg(long, default_value_t = 200, global = true)]
    pub(crate) submit_rate: u32,
    /// Seconds of submits on each database, in two halves.
    #[arg(long, default_value_t = 30, global = true)]
    pub(crate) submit_seconds: u32,
    /// Deals submitted per second in the scenario of conflicts.
    #[arg(long, default_value_t = 50, global = true)]
    pub(crate) conflict_rate: u32,
    /// Seconds of it.
    #[arg(long, default_value_t = 30, global = true)]
    pub(crate) conflict_seconds: u32,
    /// Deals in the small database that submits are compared with.
    #[arg(long, default_value_t = 10_000, global = true)]
    pub(crate) small_deals: u32,
    /// Deals closed a second in the scenario of incentives.
    #[arg(long, default_value_t = 100, global = true)]
    pub(crate) closing_rate: u32,
    /// Seconds of closings there.
    #[arg(long, default_value_t = 20, global = true)]
    pub(crate) closing_seconds: u32,
    /// Lines whose earnings are computed anew there.
    #[arg(long, default_value_t = 1_000_000, global = true)]
    pub(crate) incentive_lines: u32,
    /// Payees of the batch in the scenario of payouts.
    #[arg(long, default_value_t = 50_000, global = true)]
    pub(crate) payees: u32,
    /// Rows of each file in the scenario of imports.
    #[arg(long, default_value_t = 100_000, global = true)]
    pub(crate) import_rows: u32,
    /// Partners with subscribed sockets in the latency scenario.
    #[arg(long, default_value_t = 200, global = true)]
    pub(crate) live_partners: u32,
    /// Sockets of each partner, which are also the sockets each event reaches.
    #[arg(long, default_value_t = 10, global = true)]
    pub(crate) live_reach: u32,
    /// Events per second in the latency scenario.
    #[arg(long, default_value_t = 50, global = true)]
    pub(crate) live_rate: u32,
    /// Seconds of the latency scenario.
    #[arg(long, default_value_t = 60, global = true)]
    pub(crate) live_seconds: u32,
    /// Subscribers of one organisation in the broadcast scenario.
    #[arg(long, default_value_t = 5_000, global = true)]
    pub(crate) subscribers: usize,
    /// Events of each broadcast round.
    #[arg(long, default_value_t = 60, global = true)]
    pub(crate) broadcast_events: u32,
    /// Rounds of each broadcast server.
    #[arg(long, default_value_t = 4, global = true)]
    pub(crate) broadcast_rounds: u32,
    /// Idle sockets whose memory is measured.
    #[arg(long, default_value_t = 10_000, global = true)]
    pub(crate) idle_sockets: usize,
    /// Starts on the existing data folder.
    #[arg(long, default_value_t = 5, global = true)]
    pub(crate) starts: u32,
}

/// Where things are.
#[derive(Args, Clone)]
pub(crate) struct Places {
    /// The server's program; beside this one by default.
    #[arg(long, global = true)]
    pub(crate) server: Option<PathBuf>,
    /// A data folder that keeps the `large` demo data from run to run; it is loaded when it is missing.
    #[arg(long, default_value = "target/bench-data", global = true)]
    pub(crate) data: PathBuf,
    /// Writes the report as JSON too.
    #[arg(long, global = true)]
    pub(crate) json: Option<PathBuf>,
}

/// Seconds as the load generators want them.
pub(crate) fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}
