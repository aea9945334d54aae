//! Every figure of the tables in `docs/incentives.md`, computed from the plan that stands above them.

use std::collections::BTreeMap;

use guildhall_kernel::Currency;
use guildhall_plans::{DealType, Earned, Party, Payee, Plan, Role, Sale, SaleLine, Totals, Trigger};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

const PAGE: &str = include_str!("../../docs/incentives.md");

type Row = BTreeMap<String, String>;

struct Table {
    plan: Value,
    headers: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|known| known == header)
    }
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner
        .replace("\\|", "\u{0}")
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// The tables of the page, each with the JSON block before it.
fn tables() -> Vec<Table> {
    let mut plan = Value::Null;
    let mut tables: Vec<Table> = Vec::new();
    let mut block: Option<String> = None;
    let mut in_table = false;
    for line in PAGE.lines() {
        match (&mut block, line) {
            (None, "```json") => block = Some(String::new()),
            (Some(text), "```") => {
                plan = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
                block = None;
            }
            (Some(text), line) => text.push_str(line),
            (None, line) if line.starts_with('|') => {
                if !in_table {
                    let headers = cells(line);
                    let plan = plan.clone();
                    tables.push(Table {
                        plan,
                        headers,
                        rows: vec![],
                    });
                } else if !line.starts_with("| ---") {
                    let table = tables.last_mut().unwrap();
                    let cells = cells(line);
                    assert_eq!(cells.len(), table.headers.len(), "{line}");
                    table.rows.push(table.headers.iter().cloned().zip(cells).collect());
                }
                in_table = true;
            }
            (None, _) => in_table = false,
        }
    }
    tables
}

fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).map(String::as_str).filter(|cell| !cell.is_empty())
}

fn figure(row: &Row, name: &str) -> Option<Decimal> {
    text(row, name).map(|cell| cell.parse().unwrap_or_else(|_| panic!("{name}: {cell}")))
}

fn word<T: serde::de::DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(Value::from(word)).unwrap()
}

/// A sale of some rows: a row with `sold` is a line, one with `role` a party.
fn sale(plan: &Plan, rows: &[&Row]) -> Sale {
    let mut lines = Vec::new();
    let mut parties = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(amount) = figure(row, "sold") {
            lines.push(SaleLine {
                no: u16::try_from(place + 1).unwrap(),
                product: None,
                sku: None,
                family: text(row, "family").map(ToOwned::to_owned),
                quantity: figure(row, "units").unwrap_or(Decimal::ONE),
                amount,
                cost: figure(row, "cost"),
                kept: figure(row, "kept").unwrap_or(amount),
            });
        }
        if let Some(role) = text(row, "role") {
            parties.push(Party {
                partner: Uuid::from_u128(u128::try_from(place + 1).unwrap()),
                user: None,
                role: word(role),
                percent: figure(row, "part").unwrap(),
                tier: text(row, "tier").map(ToOwned::to_owned),
                region: None,
            });
        }
    }
    if parties.is_empty() {
        parties.push(Party {
            partner: Uuid::from_u128(1),
            user: Some(Uuid::from_u128(2)),
            role: Role::Sourced,
            percent: Decimal::ONE_HUNDRED,
            tier: None,
            region: None,
        });
    }
    Sale {
        id: Uuid::from_u128(9),
        trigger: plan.trigger(),
        on: "2026-05-04".parse().unwrap(),
        currency: plan.currency().unwrap_or(Currency::EUR),
        deal_type: rows
            .iter()
            .find_map(|row| text(row, "type"))
            .map_or(DealType::New, word),
        country: None,
        activity: None,
        month: rows
            .iter()
            .find_map(|row| text(row, "month"))
            .map_or(0, |month| month.parse().unwrap()),
        lines,
        parties,
        facts: BTreeMap::new(),
    }
}

fn check_sales(table: &Table, plan: &Plan) -> usize {
    let mut checked = 0;
    for rows in table.rows.chunk_by(|a, b| a["sale"] == b["sale"]) {
        let rows: Vec<&Row> = rows.iter().collect();
        let found = plan.contributions(&sale(plan, &rows), Decimal::ONE).unwrap();
        if table.has("role") {
            let expected: Vec<Decimal> = rows.iter().filter_map(|row| figure(row, "earns")).collect();
            let found: Vec<Decimal> = found.iter().map(|contribution| contribution.direct).collect();
            assert_eq!(found, expected, "{rows:?}");
        } else {
            let expected = rows.iter().find_map(|row| figure(row, "earns")).unwrap_or_default();
            let found: Decimal = found.iter().map(|contribution| contribution.direct).sum();
            assert_eq!(found, expected, "{rows:?}");
        }
        checked += 1;
    }
    checked
}

fn check_totals(table: &Table, plan: &Plan) -> usize {
    for row in &table.rows {
        let totals = Totals {
            direct: figure(row, "direct").unwrap_or_default(),
            basis: figure(row, "revenue").unwrap_or_default(),
            units: figure(row, "units").unwrap_or_default(),
            sales: figure(row, "sales").unwrap_or_default(),
            baseline: figure(row, "baseline"),
        };
        let Earned { amount, next, .. } = plan.earned(&totals);
        assert_eq!(Some(amount), figure(row, "earned"), "{row:?}");
        assert_eq!(next.map(|next| next.at), figure(row, "next at"), "{row:?}");
        assert_eq!(next.map(|next| next.missing), figure(row, "missing"), "{row:?}");
        assert_eq!(next.map(|next| next.gain), figure(row, "gain"), "{row:?}");
    }
    table.rows.len()
}

fn check_true_up(table: &Table, plan: &Plan) -> usize {
    for row in &table.rows {
        let year = Totals {
            basis: figure(row, "year's revenue").unwrap(),
            ..Totals::default()
        };
        let found = plan.true_up(&year, figure(row, "quarters earned").unwrap());
        assert_eq!(Some(found), figure(row, "true-up"), "{row:?}");
    }
    table.rows.len()
}

fn check_prizes(table: &Table, plan: &Plan) -> usize {
    let payee = |row: &Row| Payee {
        partner: Uuid::from_u128(text(row, "payee").unwrap().parse().unwrap()),
        user: None,
    };
    let ranking: Vec<(Payee, Decimal)> = table
        .rows
        .iter()
        .rev()
        .map(|row| (payee(row), figure(row, "reached").unwrap()))
        .collect();
    let expected: Vec<(Payee, Decimal)> = table
        .rows
        .iter()
        .filter_map(|row| Some((payee(row), figure(row, "prize")?)))
        .collect();
    assert_eq!(plan.prizes(&ranking), expected);
    table.rows.len()
}

/// Rates that are refused, and how.
fn check_refusals(table: &Table) -> usize {
    for row in &table.rows {
        let rate: Value = serde_json::from_str(row["in a rule"].trim_matches('`')).unwrap();
        let plan = serde_json::json!({
            "type": "commission", "trigger": "deal_won", "currency": "EUR", "rules": [{"name": "all", "rate": rate}]
        });
        let faults = Plan::parse(&plan).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, row["code"].trim_matches('`'));
        assert!(faults[0].message.starts_with(&row["message"]), "{faults:?}");
    }
    table.rows.len()
}

#[test]
fn the_page_computes() {
    let mut checked = BTreeMap::new();
    for table in tables() {
        let plan = |table: &Table| Plan::parse(&table.plan).unwrap_or_else(|faults| panic!("{faults:?}"));
        let (kind, rows) = if table.has("earns") {
            ("sales", check_sales(&table, &plan(&table)))
        } else if table.has("earned") {
            ("totals", check_totals(&table, &plan(&table)))
        } else if table.has("true-up") {
            ("years", check_true_up(&table, &plan(&table)))
        } else if table.has("prize") {
            ("contests", check_prizes(&table, &plan(&table)))
        } else if table.has("in a rule") {
            ("refusals", check_refusals(&table))
        } else {
            continue;
        };
        *checked.entry(kind).or_insert(0) += rows;
    }
    // A page whose tables are no longer found would pass otherwise.
    let expected = [
        ("contests", 6),
        ("refusals", 4),
        ("sales", 18),
        ("totals", 20),
        ("years", 2),
    ];
    assert_eq!(checked, BTreeMap::from(expected));
}

#[test]
fn every_plan_of_the_page_is_shown_as_it_is_stored() {
    for table in tables().iter().filter(|table| table.plan.is_object()) {
        let plan = Plan::parse(&table.plan).unwrap();
        let stored = serde_json::to_value(plan.spec()).unwrap();
        let again = Plan::parse(&stored).unwrap();
        assert_eq!(plan.spec(), again.spec());
        assert_eq!(
            again.trigger() == Trigger::Activity,
            table.plan["trigger"] == "activity"
        );
    }
}
