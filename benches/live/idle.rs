//! What a signed-in, subscribed and silent socket costs the server in memory.

use std::time::Duration;

use super::audience::{Audience, Seat};
use crate::Bench;
use crate::Failure;
use crate::client::{Client, get};
use crate::people::representatives;
use crate::process;
use crate::report::{Table, Target, float};

/// People the sockets are spread over.
const PEOPLE: u32 = 50;
/// Sockets opened and closed before the first reading, so that what the server sets up once is not counted.
const WARM_UP: usize = 50;
/// Silence before the first reading.
const SETTLE: Duration = Duration::from_secs(3);
/// Silence before the second one: longer than the default heartbeat, so that every socket has had one.
const HELD: Duration = Duration::from_secs(30);

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let sockets = bench.plan.idle_sockets;
    // Signing in costs memory of its own, which a fresh process does not hold. Its tokens outlive the process.
    let people = {
        let server = bench.launch.start().await?;
        representatives(server.address(), PEOPLE, None).await?
    };
    let server = bench.launch.start().await?;
    let seats = |count: usize| -> Vec<Seat> { people.iter().cycle().take(count).map(Seat::subscriber).collect() };
    let ignore = |_: usize, _: &[u8]| {};
    drop(Audience::seat(server.address(), seats(WARM_UP), ignore).await?);
    tokio::time::sleep(SETTLE).await;
    let before = process::resident(server.pid())?;
    let audience = Audience::seat(server.address(), seats(sockets), ignore).await?;
    tokio::time::sleep(HELD).await;
    audience.intact()?;
    let after = process::resident(server.pid())?;
    let mut client = Client::connect(server.address()).await?;
    let (status, _) = client.send(get("/readyz", None)?).await?;
    if !status.is_success() {
        return Err(format!("with {sockets} sockets held the server answered {status}").into());
    }
    drop(audience);
    let each = float(after.saturating_sub(before)) / float(u64::try_from(sockets.max(1))?) / 1024.0;
    let mut table = Table::new("Idle sockets", &["sockets", "before MiB", "held MiB", "KiB/socket"]);
    table.row([
        sockets.to_string(),
        format!("{:.1}", float(before) / 1_048_576.0),
        format!("{:.1}", float(after) / 1_048_576.0),
        format!("{each:.2}"),
    ]);
    bench.report.table(table);
    bench.report.bounded(
        "server memory of an idle signed-in socket",
        each,
        "KiB",
        Target::AtMost(8.0),
    );
    Ok(())
}
