//! Incentives: from a closed deal to the frame that tells what it earned, and every earning computed anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get, post};
use crate::live::audience::{Audience, Seat};
use crate::live::latency::write;
use crate::load::Requests;
use crate::people::{MANAGER, Person, sign_in};
use crate::plan::seconds;
use crate::process;
use crate::report::{Report, Table, Target, float, latencies, quantile_ms, record};
use crate::server::Server;

pub(crate) const FINANCE: &str = "finance@vendor1.example";
/// Closings at the start that are not counted: each connection of the server prepares its statements then.
const WARM: Duration = Duration::from_secs(3);
/// Between looks at a run.
const LOOK: Duration = Duration::from_millis(200);
/// A run that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(1800);
/// How long the last frames may take.
const SETTLE: Duration = Duration::from_secs(3);
/// The plans of the run that computes everything anew.
const PLANS: usize = 20;
/// The lines of a sale there.
const LINES: u32 = 3;

#[derive(Deserialize)]
struct Page {
    items: Vec<Deal>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Deal {
    id: String,
    version: i64,
}

#[derive(Deserialize)]
struct Made {
    id: String,
    version: i64,
}

#[derive(Deserialize)]
pub(crate) struct Run {
    id: String,
    status: String,
    sales: i64,
    lines: i64,
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let manager = sign_in(&mut client, MANAGER).await?;
    let finance = sign_in(&mut client, FINANCE).await?;
    let today = today(&server).await?;
    let ten =
        json!({"type": "commission", "trigger": "deal_won", "rules": [{"name": "all", "rate": {"percent": "10"}}]});
    publish(&mut client, &finance, "Bench: every deal", ten).await?;
    closings(bench, &server, &mut client, (&manager, &finance)).await?;
    for number in 0..PLANS {
        publish(&mut client, &finance, &format!("Bench: plan {number}"), plan(number)).await?;
    }
    let sales = fill(&server, &finance.vendor, bench.plan.incentive_lines / LINES).await?;
    twice(bench, &server, &finance, &today, sales).await
}

/// A plan that one in seven lines falls under, or one in four for those by percent and margin.
fn plan(number: usize) -> Value {
    let family = format!("Family {}", number % 7);
    let when = json!({"families": [family], "countries": ["DE", "FR"]});
    let rate = match number % 4 {
        0 => json!({"percent": "7.5"}),
        1 => json!({"per_unit": "12.00"}),
        2 => json!({"flat": "50.00"}),
        _ => json!({"expression": "min(amount * 0.1, 500)"}),
    };
    json!({"type": "commission", "trigger": "invoiced", "currency": "EUR", "rules": [
        {"name": "family", "when": when, "rate": rate}]})
}

pub(crate) async fn publish(client: &mut Client, finance: &Person, name: &str, spec: Value) -> Result<(), Failure> {
    let name = format!("{name} {:?}", Instant::now());
    let body = json!({"name": name, "spec": spec, "auto_approve": true});
    let made: Made = client
        .json(post("/api/v1/incentives/plans", Some(&finance.token), None, &body)?)
        .await?;
    let path = format!("/api/v1/incentives/plans/{}/publish", made.id);
    let _: Value = client
        .json(at_version(&path, finance, made.version, &json!({}))?)
        .await?;
    Ok(())
}

pub(crate) fn at_version(
    path: &str,
    person: &Person,
    version: i64,
    body: &Value,
) -> Result<Request<Full<Bytes>>, Failure> {
    Ok(Request::post(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", person.token))
        .header("if-match", format!("\"v{version}\""))
        .body(Full::from(serde_json::to_vec(body)?))?)
}

/// Closes approved deals at a fixed rate and listens for what each has earned.
async fn closings(
    bench: &mut Bench,
    server: &Server,
    client: &mut Client,
    (manager, finance): (&Person, &Person),
) -> Result<(), Failure> {
    let (rate, time) = (bench.plan.closing_rate, seconds(bench.plan.closing_seconds));
    let wanted = usize::try_from(rate)? * usize::try_from((WARM + time).as_secs())? + 64;
    let deals = approved(client, manager, wanted).await?;
    let (tell, mut arrivals) = mpsc::unbounded_channel();
    let seat = Seat::of(finance, "earnings");
    let audience = Audience::seat(server.address(), vec![seat], move |_, frame| {
        let now = Instant::now();
        if let Some(deal) = accrued(frame) {
            let _ = tell.send((deal, now));
        }
    })
    .await?;
    let manager = manager.clone();
    let requests: Requests = Arc::new(move |number| {
        let deal = deals
            .get(usize::try_from(number)?)
            .ok_or("there are too few approved deals")?;
        let path = format!("/api/v1/deals/{}/close", deal.id);
        at_version(&path, &manager, deal.version, &json!({"outcome": "won"}))
    });
    let begun = Instant::now();
    let mut writes = write(server.address(), rate, WARM + time, &requests).await?;
    writes.retain(|_, write| write.due.duration_since(begun) >= WARM);
    tokio::time::sleep(SETTLE).await;
    audience.intact()?;
    drop(audience);
    let mut heard: HashMap<String, Instant> = HashMap::new();
    while let Some((deal, at)) = arrivals.recv().await {
        heard.entry(deal).or_insert(at);
    }
    let mut latency = latencies()?;
    for (deal, write) in &writes {
        if let Some(at) = heard.get(deal) {
            record(&mut latency, at.saturating_duration_since(write.due));
        }
    }
    let mut table = Table::new(
        format!("Closed deal to the frame of its earning, {rate} closings/s"),
        &["closed", "heard", "p50 ms", "p99 ms", "max ms"],
    );
    let ms = |quantile| quantile_ms(&latency, quantile);
    table.row([
        writes.len().to_string(),
        latency.len().to_string(),
        format!("{:.1}", ms(0.5)),
        format!("{:.1}", ms(0.99)),
        format!("{:.1}", ms(1.0)),
    ]);
    bench.report.table(table);
    bench.report.bounded(
        "closing due to earning's frame, p99",
        ms(0.99),
        "ms",
        Target::AtMost(100.0),
    );
    Ok(())
}

async fn approved(client: &mut Client, manager: &Person, wanted: usize) -> Result<Vec<Deal>, Failure> {
    let mut deals = Vec::new();
    let mut cursor = String::new();
    while deals.len() < wanted {
        let path = format!("/api/v1/deals?status=approved&limit=100{cursor}");
        let page: Page = client.json(get(&path, Some(&manager.token))?).await?;
        deals.extend(page.items);
        let Some(next) = page.next_cursor else { break };
        cursor = format!("&cursor={next}");
    }
    Ok(deals)
}

/// The deal that a frame says has earned something.
fn accrued(frame: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(frame).ok()?;
    if event.get("kind")?.as_str()? != "earning.accrued" {
        return None;
    }
    Some(event.pointer("/data/deal_id")?.as_str()?.to_owned())
}

pub(crate) async fn database(server: &Server) -> Result<PgConnection, Failure> {
    Ok(PgConnection::connect(&server.database_url()?).await?)
}

pub(crate) async fn today(server: &Server) -> Result<String, Failure> {
    let mut db = database(server).await?;
    let day: String = sqlx::query_scalar("SELECT (now() AT TIME ZONE 'UTC')::date::text")
        .fetch_one(&mut db)
        .await?;
    Ok(day)
}

/// Makes sure that the vendor has so many invoices of today with three lines each.
async fn fill(server: &Server, vendor: &str, sales: u32) -> Result<u32, Failure> {
    let mut db = database(server).await?;
    let mut tx = db.begin().await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
    let vendor: uuid::Uuid = vendor.parse::<guildhall_kernel::OrgId>()?.into();
    for part in FILL {
        sqlx::query(part)
            .bind(vendor)
            .bind(i64::from(sales))
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    sqlx::query("ANALYZE sale, sale_line, sale_party")
        .execute(&mut db)
        .await?;
    Ok(sales)
}

const FILL: [&str; 3] = [
    "INSERT INTO sale (id, vendor_id, kind, reference, partner_id, currency, amount, kept, sold_on, deal_type, country,
            created_at, updated_at)
     SELECT gen_random_uuid(), $1, 'invoice', 'bench-' || n, p.partners[1 + n % cardinality(p.partners)], 'EUR', 3000, 3000,
            (now() AT TIME ZONE 'UTC')::date, 'new', (ARRAY['DE', 'FR', 'ES', 'IT'])[1 + n % 4], now(), now()
     FROM generate_series(1, $2) n,
          (SELECT array_agg(partner_id ORDER BY partner_id) AS partners FROM partnership
           WHERE vendor_id = $1 AND status = 'active') p
     ON CONFLICT DO NOTHING",
    "INSERT INTO sale_line (sale_id, no, sku, family, name, quantity, amount, kept)
     SELECT s.id, l, 'SKU-' || l, 'Family ' || (substr(s.reference, 7)::bigint + l) % 7, 'Line', l, 1000, 1000
     FROM sale s, generate_series(1, 3) l
     WHERE s.vendor_id = $1 AND s.kind = 'invoice' AND s.reference LIKE 'bench-%' AND $2 > 0
     ON CONFLICT DO NOTHING",
    "INSERT INTO sale_party (sale_id, role, partner_id, percent, tier)
     SELECT s.id, 'sourced', s.partner_id, 100, 'gold' FROM sale s
     WHERE s.vendor_id = $1 AND s.kind = 'invoice' AND s.reference LIKE 'bench-%' AND $2 > 0
     ON CONFLICT DO NOTHING",
];

/// Computes everything twice: the first time posts, the second finds nothing to post.
async fn twice(bench: &mut Bench, server: &Server, finance: &Person, today: &str, sales: u32) -> Result<(), Failure> {
    let title = format!(
        "{} lines computed anew under {PLANS} plans",
        sales.saturating_mul(LINES)
    );
    let mut table = Table::new(title, &["run", "sales", "posted", "s", "server MiB"]);
    let mut again = (0.0, 0.0);
    for name in ["the first time", "again"] {
        let (run, took, largest) = anew(server, finance, today).await?;
        table.row([
            name.to_owned(),
            run.sales.to_string(),
            run.lines.to_string(),
            format!("{took:.1}"),
            format!("{largest:.0}"),
        ]);
        again = (took, largest);
    }
    bench.report.table(table);
    tell(&mut bench.report, again);
    Ok(())
}

/// Has all earnings of `day` computed anew; the run, its seconds, and the most memory of the server meanwhile in MiB.
pub(crate) async fn anew(server: &Server, finance: &Person, day: &str) -> Result<(Run, f64, f64), Failure> {
    let mut client = Client::connect(server.address()).await?;
    let token = sign_in(&mut client, FINANCE)
        .await
        .map_or_else(|_| Arc::clone(&finance.token), |one| one.token);
    let body = json!({"from": day, "to": day});
    let begun = Instant::now();
    let path = "/api/v1/incentives/recalculations";
    let mut run: Run = client.json(post(path, Some(&token), None, &body)?).await?;
    let path = format!("{path}/{}", run.id);
    let mut largest: f64 = 0.0;
    let mut signed_in = Instant::now();
    let mut token = token;
    while run.status == "running" {
        if begun.elapsed() > PATIENCE {
            return Err("the run takes too long".into());
        }
        tokio::time::sleep(LOOK).await;
        if signed_in.elapsed() > Duration::from_secs(300) {
            token = sign_in(&mut client, FINANCE).await?.token;
            signed_in = Instant::now();
        }
        largest = largest.max(float(process::resident(server.pid())?) / 1_048_576.0);
        run = client.json(get(&path, Some(&token))?).await?;
    }
    Ok((run, begun.elapsed().as_secs_f64(), largest))
}

fn tell(report: &mut Report, (took, memory): (f64, f64)) {
    report.bounded("every earning computed anew", took, "s", Target::AtMost(60.0));
    report.bounded("memory of the server meanwhile", memory, "MiB", Target::AtMost(300.0));
}
