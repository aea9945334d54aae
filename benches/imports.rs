//! Bulk import: a hundred thousand rows of a file, from the request to the last row.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use guildhall_kernel::Clock;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use serde::Deserialize;
use serde_json::json;

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get, post};
use crate::people::{MANAGER, sign_in};
use crate::report::{Table, Target};

/// Between looks at an import.
const LOOK: Duration = Duration::from_millis(200);
/// An import that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Import {
    status: String,
    rows_applied: u64,
    rows_bad: u64,
}

#[derive(Deserialize)]
struct Partnerships {
    items: Vec<Partnership>,
}

#[derive(Deserialize)]
struct Partnership {
    partner: Made,
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let token = sign_in(&mut client, MANAGER).await?.token;
    // Rows of an earlier run on the same data must not be those of this one.
    let run = Clock::system().now().timestamp_millis();
    let rows = bench.plan.import_rows;
    let found: Partnerships = client
        .json(get("/api/v1/partnerships?status=active&limit=100", Some(&token))?)
        .await?;
    let partners: Vec<String> = found.items.into_iter().map(|one| one.partner.id).collect();
    let files = [
        ("partners", "per_row", "import of partners", partner_rows(rows, run)?),
        (
            "deals",
            "all_or_nothing",
            "import of deals",
            deal_rows(rows, run, &partners)?,
        ),
    ];
    let title = format!("{rows} rows imported from CSV");
    let mut table = Table::new(title, &["rows", "mode", "s", "rows/s"]);
    let mut figures = Vec::new();
    for (kind, mode, name, file) in files {
        let took = import(&mut client, &token, kind, mode, (file, rows))
            .await?
            .as_secs_f64();
        let rate = f64::from(rows) / took;
        table.row([
            kind.to_owned(),
            mode.to_owned(),
            format!("{took:.1}"),
            format!("{rate:.0}"),
        ]);
        figures.push((name, took));
    }
    bench.report.table(table);
    for (name, took) in figures {
        bench.report.bounded(name, took, "s", Target::AtMost(60.0));
    }
    Ok(())
}

fn partner_rows(rows: u32, run: i64) -> Result<String, Failure> {
    let mut file = "name,country,domain,tier\n".to_owned();
    for row in 0..rows {
        writeln!(file, "Imported {run} {row},DE,p{row}-{run}.example,silver")?;
    }
    Ok(file)
}

fn deal_rows(rows: u32, run: i64, partners: &[String]) -> Result<String, Failure> {
    let mut file = "partner,customer_name,customer_domain,customer_country,amount,currency,expected_close,status,\
                    closed_on\n"
        .to_owned();
    let mut partners = partners.iter().cycle();
    for row in 0..rows {
        let partner = partners.next().ok_or("the vendor has no active partner")?;
        let (status, closed) = match row % 4 {
            0 => ("won", "2026-01-31"),
            1 => ("lost", "2026-01-31"),
            2 => ("approved", ""),
            _ => ("submitted", ""),
        };
        writeln!(
            file,
            "{partner},Customer {row} of {run},c{row}-{run}.example,DE,{row}.50,EUR,2026-12-31,{status},{closed}"
        )?;
    }
    Ok(file)
}

async fn import(
    client: &mut Client,
    token: &str,
    kind: &str,
    mode: &str,
    (file, rows): (String, u32),
) -> Result<Duration, Failure> {
    let request = Request::post("/api/v1/import-files")
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "text/csv")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(file)))?;
    let file: Made = client.json(request).await?;
    let asked = json!({"file_id": file.id, "kind": kind, "mode": mode});
    let began = Instant::now();
    let made: Made = client.json(post("/api/v1/imports", Some(token), None, &asked)?).await?;
    let path = format!("/api/v1/imports/{}", made.id);
    loop {
        let import: Import = client.json(get(&path, Some(token))?).await?;
        match import.status.as_str() {
            "finished" if import.rows_applied == u64::from(rows) => return Ok(began.elapsed()),
            "queued" | "running" | "applying" if began.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
            status => return Err(format!("the import of {kind} is {status}, {} rows bad", import.rows_bad).into()),
        }
    }
}
