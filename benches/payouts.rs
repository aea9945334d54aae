//! Payouts: from payable earnings of tens of thousands of partners to the bank's file.

use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get, post};
use crate::incentives::{FINANCE, anew, at_version, database, publish, today};
use crate::people::{PASSWORD, Person, sign_in};
use crate::process;
use crate::report::{Table, Target, float};
use crate::server::Server;

const OWNER: &str = "owner@vendor1.example";
const PAYEE: &str = "admin@partner1.example";
/// Of its own, so that nothing else is payable in it.
const CURRENCY: &str = "CHF";
/// Lines of each payee.
const INVOICES: i64 = 2;
const IBAN: &str = "DE89370400440532013000";

#[derive(Deserialize)]
struct Batch {
    id: String,
    version: i64,
    payouts: u32,
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let owner = sign_in(&mut client, OWNER).await?;
    settings(&mut client, &owner).await?;
    payees(&server, &mut client, &owner.vendor, bench.plan.payees).await?;
    earnings(&server, &mut client, &owner.vendor).await?;
    pay(bench, &server, &mut client).await
}

/// From where the vendor pays.
async fn settings(client: &mut Client, owner: &Person) -> Result<(), Failure> {
    let path = "/api/v1/payout-settings";
    let now: Value = client.json(get(path, Some(&owner.token))?).await?;
    let version = now.get("version").and_then(Value::as_i64).unwrap_or_default();
    let body = json!({"debtor": {"name": "Vendor One", "country": "DE", "iban": IBAN}});
    let _: Value = client.json(put(path, owner, Some(version), &body)?).await?;
    Ok(())
}

/// Makes sure that the vendor has so many partners with a destination that has rested: one says where it is paid, and the
/// others are paid there too, so that each file still opens as many sealed secrets.
async fn payees(server: &Server, client: &mut Client, vendor: &str, wanted: u32) -> Result<(), Failure> {
    let payee = sign_in(client, PAYEE).await?;
    let body = json!({"password": PASSWORD, "currency": CURRENCY, "country": "DE", "tax_form": "none",
        "destination": {"type": "iban", "iban": IBAN, "holder": "Payee GmbH", "country": "DE"}});
    let _: Value = client.json(put("/api/v1/payout-profile", &payee, None, &body)?).await?;
    fill(server, vendor, i64::from(wanted), PAYEES).await
}

/// Two invoices of each payee, and what they earn.
async fn earnings(server: &Server, client: &mut Client, vendor: &str) -> Result<(), Failure> {
    let finance = sign_in(client, FINANCE).await?;
    let rate = json!({"percent": "10"});
    let spec = json!({"type": "commission", "trigger": "invoiced", "currency": CURRENCY, "rules": [
        {"name": "all", "when": {"countries": ["CH"]}, "rate": rate}]});
    publish(client, &finance, "Bench: payouts", spec).await?;
    fill(server, vendor, INVOICES, SALES).await?;
    let today = today(server).await?;
    anew(server, &finance, &today).await?;
    Ok(())
}

async fn fill(server: &Server, vendor: &str, count: i64, parts: &[&'static str]) -> Result<(), Failure> {
    let mut db: PgConnection = database(server).await?;
    let mut tx = db.begin().await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
    let vendor: uuid::Uuid = vendor.parse::<guildhall_kernel::OrgId>()?.into();
    for part in parts {
        sqlx::query(*part).bind(vendor).bind(count).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    sqlx::query("ANALYZE organisation, partnership, payout_profile, payout_destination, sale, sale_line, sale_party")
        .execute(&mut db)
        .await?;
    Ok(())
}

const PAYEES: &[&str] = &[
    "INSERT INTO organisation (id, kind, name, slug, country, created_at, updated_at)
     SELECT md5('bench-payee-' || n)::uuid, 'partner', 'Payee ' || n, 'bench-payee-' || n, 'DE', now(), now()
     FROM generate_series(1, $2) n WHERE $1::uuid IS NOT NULL ON CONFLICT DO NOTHING",
    "INSERT INTO partnership (id, vendor_id, partner_id, status, tier, created_at, updated_at)
     SELECT gen_random_uuid(), $1, md5('bench-payee-' || n)::uuid, 'active', 'silver', now(), now()
     FROM generate_series(1, $2) n ON CONFLICT DO NOTHING",
    "WITH one AS (
         SELECT d.method, d.secret_id, d.masked, d.created_by FROM payout_destination d
         JOIN payout_profile p ON p.destination_id = d.id ORDER BY d.created_at DESC LIMIT 1
     ), fresh AS (
         INSERT INTO payout_profile (id, partner_id, destination_id, currency, minimum_payout, country, tax_form, usable_from,
                                     created_at, updated_at)
         SELECT gen_random_uuid(), md5('bench-payee-' || n)::uuid, gen_random_uuid(), 'CHF', 0, 'DE', 'none',
                now() - interval '1 day', now(), now()
         FROM generate_series(1, $2) n WHERE $1::uuid IS NOT NULL ON CONFLICT DO NOTHING
         RETURNING id, destination_id
     )
     INSERT INTO payout_destination (id, profile_id, method, secret_id, masked, created_by, created_at)
     SELECT f.destination_id, f.id, o.method, o.secret_id, o.masked, o.created_by, now() FROM fresh f, one o",
];

const SALES: &[&str] = &[
    "INSERT INTO sale (id, vendor_id, kind, reference, partner_id, currency, amount, kept, sold_on, deal_type, country,
                       created_at, updated_at)
     SELECT gen_random_uuid(), $1, 'invoice', 'pay-' || o.slug || '-' || n, o.id, 'CHF', 1000, 1000,
            (now() AT TIME ZONE 'UTC')::date, 'new', 'CH', now(), now()
     FROM organisation o, generate_series(1, $2) n WHERE o.slug LIKE 'bench-payee-%' ON CONFLICT DO NOTHING",
    "INSERT INTO sale_line (sale_id, no, sku, family, name, quantity, amount, kept)
     SELECT s.id, 1, 'SKU', 'Family', 'Line', 1, 1000, 1000 FROM sale s
     WHERE s.vendor_id = $1 AND s.kind = 'invoice' AND s.reference LIKE 'pay-%' AND $2 > 0 ON CONFLICT DO NOTHING",
    "INSERT INTO sale_party (sale_id, role, partner_id, percent, tier)
     SELECT s.id, 'sourced', s.partner_id, 100, 'silver' FROM sale s
     WHERE s.vendor_id = $1 AND s.kind = 'invoice' AND s.reference LIKE 'pay-%' AND $2 > 0 ON CONFLICT DO NOTHING",
];

/// What the steps took.
struct Steps {
    table: Table,
    /// Seconds.
    taken: Vec<f64>,
    server: u32,
}

impl Steps {
    fn of(server: &Server) -> Self {
        let columns = ["step", "payouts", "s", "server MiB"];
        Self {
            table: Table::new("A batch of payouts to its pain.001 file".to_owned(), &columns),
            taken: Vec::new(),
            server: server.pid(),
        }
    }

    fn done(&mut self, step: &str, payouts: u32, begun: Instant) -> Result<(), Failure> {
        let took = begun.elapsed().as_secs_f64();
        let memory = float(process::resident(self.server)?) / 1_048_576.0;
        self.taken.push(took);
        self.table.row([
            step.to_owned(),
            payouts.to_string(),
            format!("{took:.1}"),
            format!("{memory:.0}"),
        ]);
        Ok(())
    }
}

/// Proposes, approves, executes and fetches.
async fn pay(bench: &mut Bench, server: &Server, client: &mut Client) -> Result<(), Failure> {
    let (maker, checker) = (sign_in(client, FINANCE).await?, sign_in(client, OWNER).await?);
    let mut steps = Steps::of(server);
    let body = json!({"currency": CURRENCY, "method": "pain001", "execution_date": today(server).await?});
    let begun = Instant::now();
    let propose = once("/api/v1/payout-batches", &maker, &body)?;
    let batch: Batch = client.json(propose).await?;
    steps.done("propose", batch.payouts, begun)?;
    let address = format!("/api/v1/payout-batches/{}", batch.id);
    let begun = Instant::now();
    let approve = at_version(&format!("{address}/approve"), &checker, batch.version, &json!({}))?;
    let batch: Batch = client.json(approve).await?;
    steps.done("approve", batch.payouts, begun)?;
    let begun = Instant::now();
    let batch: Batch = client
        .json(once(&format!("{address}/execute"), &maker, &json!({}))?)
        .await?;
    steps.done("execute", batch.payouts, begun)?;
    let begun = Instant::now();
    let fetch = get(&format!("{address}/file"), Some(&maker.token))?;
    let (status, file) = client.send(fetch).await?;
    let transactions = u32::try_from(file.windows(11).filter(|part| *part == b"<CdtTrfTxIn").count())?;
    if !status.is_success() || transactions != batch.payouts {
        return Err(format!("{status}: {transactions} transactions of {} payouts", batch.payouts).into());
    }
    steps.done("fetch the file", transactions, begun)?;
    bench.report.table(steps.table);
    let to_file = steps.taken.iter().skip(2).sum();
    let name = "approved batch to its pain.001 file";
    bench.report.bounded(name, to_file, "s", Target::AtMost(30.0));
    Ok(())
}

/// A command under a key of its own.
fn once(path: &str, person: &Person, body: &Value) -> Result<Request<Full<Bytes>>, Failure> {
    let key = uuid::Uuid::from_bytes(guildhall_kernel::Entropy::system().bytes()).to_string();
    post(path, Some(&person.token), Some(&key), body)
}

fn put(path: &str, person: &Person, version: Option<i64>, body: &Value) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder()
        .method(Method::PUT)
        .uri(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", person.token));
    if let Some(version) = version {
        request = request.header("if-match", format!("\"v{version}\""));
    }
    Ok(request.body(Full::from(serde_json::to_vec(body)?))?)
}
