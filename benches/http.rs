//! Deal list and deal read, beside a bare handler that runs the same query on the same data.

use serde_json::Value;
use std::sync::Arc;

use crate::Bench;
use crate::Failure;
use crate::bare;
use crate::client::{Client, get};
use crate::compare::{Operation, Pair, Side};
use crate::load::Requests;
use crate::people::{MANAGER, sign_in};

/// Rows of one list.
const LIST: &str = "/api/v1/deals?limit=50";
/// Pages whose deals are read one by one.
const PAGES: usize = 20;

/// Answers of both that are compared before either is measured.
const COMPARED: u64 = 50;

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let manager = sign_in(&mut client, MANAGER).await?;
    let bare = bare::Process::start(&server).await?;
    let ids = deal_ids(&mut client, &manager.token).await?;
    let operations = [
        Operation {
            name: "list 50 deals",
            figure: "deal list, ratio to the bare handler",
            server: asking(LIST.into(), Some(&manager.token)),
            bare: asking(bare.list(&manager.vendor).into(), None),
            rate: bench.plan.list_rate,
        },
        Operation {
            name: "read a deal",
            figure: "deal read, ratio to the bare handler",
            server: one_of(ids.iter().map(|id| format!("/api/v1/deals/{id}")), Some(&manager.token)),
            bare: one_of(ids.iter().map(|id| bare.read(id, &manager.vendor)), None),
            rate: bench.plan.read_rate,
        },
    ];
    let mut bare_client = Client::connect(bare.address()).await?;
    for operation in &operations {
        for number in 0..COMPARED {
            let ours: Value = client.json((operation.server)(number)?).await?;
            let theirs: Value = bare_client.json((operation.bare)(number)?).await?;
            same(operation.name, &ours, &theirs)?;
        }
    }
    let pair = Pair {
        server: Side {
            name: "guildhall",
            address: server.address(),
            pid: server.pid(),
        },
        bare: Side {
            name: "bare axum + sqlx",
            address: bare.address(),
            pid: bare.pid(),
        },
        postgres: server.postgres(),
    };
    pair.closed(&mut bench.report, &bench.plan, &operations).await?;
    pair.open(&mut bench.report, &bench.plan, &operations).await?;
    Ok(())
}

/// A comparison of different answers would compare nothing. The cursor is left out: it is sealed with the server's key.
fn same(what: &str, ours: &Value, theirs: &Value) -> Result<(), Failure> {
    let without_cursor = |value: &Value| {
        let mut value = value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("next_cursor");
        }
        value
    };
    let (ours, theirs) = (without_cursor(ours), without_cursor(theirs));
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}: bare.rs no longer answers what the server does.\nserver: {ours}\nbare:   {theirs}").into())
}

async fn deal_ids(client: &mut Client, token: &str) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    let mut path = LIST.to_owned();
    for _ in 0..PAGES {
        let page: Value = client.json(get(&path, Some(token))?).await?;
        let items = page
            .get("items")
            .and_then(Value::as_array)
            .ok_or("a deal list has no items")?;
        ids.extend(
            items
                .iter()
                .filter_map(|deal| Some(deal.get("id")?.as_str()?.to_owned())),
        );
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(cursor) => path = format!("{LIST}&cursor={cursor}"),
            None => break,
        }
    }
    if ids.is_empty() {
        return Err("the manager's program has no deals: load the data with demo --scale large".into());
    }
    Ok(ids)
}

fn asking(path: Arc<str>, token: Option<&Arc<str>>) -> Requests {
    let token = token.cloned();
    Arc::new(move |_| get(&path, token.as_deref()))
}

fn one_of(paths: impl Iterator<Item = String>, token: Option<&Arc<str>>) -> Requests {
    let token = token.cloned();
    let paths: Vec<String> = paths.collect();
    let count = u64::try_from(paths.len()).unwrap_or(u64::MAX).max(1);
    Arc::new(move |number| {
        // A stride that visits neighbours far apart in time.
        let index = usize::try_from(number.wrapping_mul(7919) % count)?;
        get(paths.get(index).ok_or("there is no deal to read")?, token.as_deref())
    })
}
