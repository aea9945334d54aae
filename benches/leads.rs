//! Lead assignment: ten thousand leads that wait, handed out through fifty rules.

use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Instant;

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get, post};
use crate::customers::Customers;
use crate::people::{MANAGER, Person, sign_in};
use crate::report::Target;

const LEADS: usize = 10_000;
const BATCH: usize = 1000;
const RULES: usize = 50;

#[derive(Deserialize)]
struct Rules {
    version: i64,
}

#[derive(Deserialize)]
struct Taken {
    taken: usize,
}

#[derive(Deserialize)]
struct Handed {
    offered: usize,
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let server = bench.launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let manager = sign_in(&mut client, MANAGER).await?;
    put_rules(&mut client, &manager).await?;
    let customers = Customers::new();
    let began = Instant::now();
    for batch in 0..LEADS / BATCH {
        let leads: Vec<Value> = (0..BATCH)
            .map(|number| lead(customers, batch * BATCH + number))
            .collect();
        let body = json!({"hold": true, "leads": leads});
        let taken: Taken = client
            .json(post("/api/v1/leads/batch", Some(&manager.token), None, &body)?)
            .await?;
        if taken.taken != BATCH {
            return Err(format!("{} of {BATCH} leads were taken in", taken.taken).into());
        }
    }
    let intake = began.elapsed();
    let began = Instant::now();
    let body = json!({"most": LEADS});
    let handed: Handed = client
        .json(post("/api/v1/leads/distribute", Some(&manager.token), None, &body)?)
        .await?;
    let assignment = began.elapsed();
    if handed.offered != LEADS {
        return Err(format!("{} of {LEADS} leads were handed out", handed.offered).into());
    }
    bench.report.figure("taking 10 000 leads in", intake.as_secs_f64(), "s");
    let target = Target::AtMost(5.0);
    bench
        .report
        .bounded("10 000 leads through 50 rules", assignment.as_secs_f64(), "s", target);
    Ok(())
}

/// All but the last rule are for other leads, or for partners that there are none of.
async fn put_rules(client: &mut Client, manager: &Person) -> Result<(), Failure> {
    let rule = |number: usize| match number {
        last if last + 1 == RULES => json!({"name": "The rest", "choice": "weight_and_win_rate"}),
        even if even % 2 == 0 => {
            json!({"name": format!("Country {even}"), "when": {"countries": ["JP"]}, "choice": "pool"})
        }
        odd => {
            json!({"name": format!("Certified {odd}"), "eligible": {"certifications": ["none has it"]}, "choice": "best_score"})
        }
    };
    let rules: Vec<Value> = (0..RULES).map(rule).collect();
    let before: Rules = client.json(get("/api/v1/lead-rules", Some(&manager.token))?).await?;
    let request = Request::put("/api/v1/lead-rules")
        .header(HOST, "localhost")
        .header(AUTHORIZATION, format!("Bearer {}", manager.token))
        .header(CONTENT_TYPE, "application/json")
        .header(IF_MATCH, format!("\"v{}\"", before.version))
        .body(Full::from(json!({"rules": rules}).to_string()))?;
    let _: Rules = client.json(request).await?;
    Ok(())
}

fn lead(customers: Customers, number: usize) -> Value {
    let mut deal = customers.deal(u64::try_from(number).unwrap_or(u64::MAX), "");
    let company = deal.get_mut("customer").map(Value::take);
    json!({"company": company, "product": "Gateway", "source": "event"})
}
