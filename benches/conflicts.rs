//! The search for conflicts with a million live registrations of two hundred thousand customers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Bench;
use crate::Failure;
use crate::client::{Client, get, post};
use crate::customers::Customers;
use crate::load::{self, Requests};
use crate::people::{MANAGER, Person, representatives, sign_in};
use crate::plan::seconds;
use crate::report::{Table, Target, float, quantile_ms};
use crate::server::Launch;

/// Representatives who register deals.
const REPRESENTATIVES: u32 = 20;
/// Connections that share the submits.
const LANES: u32 = 16;
/// Pages of registrations whose customers are registered again.
const PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    items: Vec<Deal>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Deal {
    customer: Value,
}

/// Runs the scenario: every other registration is of a customer that some have registered.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let mut data = bench.launch.data.clone();
    data.as_mut_os_string().push("-crowded");
    let launch = Launch {
        program: bench.launch.program.clone(),
        data,
    };
    launch.load("crowded").await?;
    let server = launch.start().await?;
    let mut client = Client::connect(server.address()).await?;
    let manager = sign_in(&mut client, MANAGER).await?;
    let people = representatives(server.address(), REPRESENTATIVES, Some(&manager.vendor)).await?;
    let requests = submits(people, registered(&mut client, &manager.token).await?)?;
    let before = Times::read(&mut client).await?;
    let time = seconds(bench.plan.conflict_seconds);
    let measured = load::open(server.address(), LANES, bench.plan.conflict_rate, time, &requests)
        .await?
        .succeeded("submitting a deal")?;
    let times = Times::read(&mut client).await?.since(&before);
    let title = format!("Conflicts in a crowd, {} submits a second", bench.plan.conflict_rate);
    let mut table = Table::new(title, &["what", "count", "mean or p50 ms", "p99 ms"]);
    let tail = times.quantile(0.99);
    table.row([
        "the search, mean, p99 at most".to_owned(),
        format!("{:.0}", times.count),
        format!("{:.2}", 1000.0 * times.sum / times.count.max(1.0)),
        format!("{:.1}", 1000.0 * tail),
    ]);
    table.row([
        "the whole submit".to_owned(),
        format!("{:.0}", float(measured.done)),
        format!("{:.2}", quantile_ms(&measured.latency, 0.5)),
        format!("{:.2}", quantile_ms(&measured.latency, 0.99)),
    ]);
    bench.report.table(table);
    bench.report.bounded(
        "search for conflicts, p99 at most",
        1000.0 * tail,
        "ms",
        Target::AtMost(15.0),
    );
    Ok(())
}

/// Customers of the newest registrations.
async fn registered(client: &mut Client, token: &str) -> Result<Vec<Value>, Failure> {
    let mut path = "/api/v1/deals?limit=100".to_owned();
    let mut customers = Vec::new();
    for _ in 0..PAGES {
        let page: Page = client.json(get(&path, Some(token))?).await?;
        customers.extend(page.items.into_iter().map(|deal| deal.customer));
        let Some(next) = page.next_cursor else { break };
        path = format!("/api/v1/deals?limit=100&cursor={next}");
    }
    Ok(customers)
}

/// New customers and known ones by turns; the representatives take turns as well.
fn submits(people: Vec<Person>, known: Vec<Value>) -> Result<Requests, Failure> {
    let customers = Customers::new();
    let next = AtomicU64::new(0);
    Ok(Arc::new(move |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(number)?;
        let person = people.get(place % people.len().max(1)).ok_or("nobody is signed in")?;
        let mut body = customers.deal(number, &person.vendor);
        if number % 2 == 1 {
            let customer = known
                .get(place / 2 % known.len().max(1))
                .ok_or("nobody is registered")?;
            let named = |name: &str| customer.get(name).cloned().unwrap_or_default();
            if let Some(fields) = body.as_object_mut() {
                let again = json!({"name": named("name"), "domain": named("domain"), "country": named("country")});
                fields.insert("customer".to_owned(), again);
            }
        }
        let key = customers.key(number);
        post("/api/v1/deals", Some(&person.token), Some(&key), &body)
    }))
}

/// How long searches took, as the server counts.
#[derive(Default)]
struct Times {
    /// How many took at most so many seconds.
    within: Vec<(f64, f64)>,
    count: f64,
    sum: f64,
}

impl Times {
    async fn read(client: &mut Client) -> Result<Self, Failure> {
        let (_, text) = client.send(get("/metrics", None)?).await?;
        let text = String::from_utf8(text.to_vec())?;
        let mut times = Self::default();
        for line in text.lines() {
            let Some(line) = line.strip_prefix("guildhall_conflict_search_seconds_") else {
                continue;
            };
            let (name, value) = line.rsplit_once(' ').ok_or("a metric without a value")?;
            let value: f64 = value.parse()?;
            match name {
                "sum" => times.sum = value,
                "count" => times.count = value,
                bucket => {
                    let bound = bucket.trim_start_matches("bucket{le=\"").trim_end_matches("\"}");
                    let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse()? };
                    times.within.push((bound, value));
                }
            }
        }
        Ok(times)
    }

    fn since(mut self, before: &Self) -> Self {
        for ((_, now), (_, then)) in self.within.iter_mut().zip(&before.within) {
            *now -= then;
        }
        self.count -= before.count;
        self.sum -= before.sum;
        self
    }

    /// The bound that this share of the searches kept.
    fn quantile(&self, share: f64) -> f64 {
        let enough = self.within.iter().find(|(_, within)| *within >= share * self.count);
        enough.map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}
