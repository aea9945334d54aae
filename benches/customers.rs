//! Deals to register: customers that no earlier run has named, with names the way companies are called.

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Clock, Entropy};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

const SYLLABLES: [&str; 48] = [
    "al", "ar", "bel", "bran", "cas", "cor", "dal", "den", "dor", "el", "fal", "fen", "gar", "hal", "hol", "ka", "kel",
    "lan", "lor", "mar", "mel", "mor", "na", "nor", "ol", "or", "par", "quin", "ral", "ren", "ros", "sal", "sel",
    "sol", "tal", "tam", "ter", "tor", "ul", "van", "vel", "ver", "vin", "wal", "wes", "win", "yar", "zen",
];
const TRADES: [&str; 40] = [
    "Aerospace",
    "Analytics",
    "Automation",
    "Bank",
    "Biotech",
    "Brewing",
    "Care",
    "Ceramics",
    "Chemicals",
    "Components",
    "Consulting",
    "Dairy",
    "Devices",
    "Diagnostics",
    "Energy",
    "Engineering",
    "Foods",
    "Freight",
    "Furniture",
    "Health",
    "Hospitality",
    "Insurance",
    "Labs",
    "Logistics",
    "Machinery",
    "Materials",
    "Media",
    "Mobility",
    "Optics",
    "Packaging",
    "Paper",
    "Pharma",
    "Plastics",
    "Robotics",
    "Seafood",
    "Security",
    "Steel",
    "Textiles",
    "Tooling",
    "Water",
];
const FORMS: [(&str, &str, &str); 8] = [
    ("GmbH", "DE", "de"),
    ("AG", "CH", "ch"),
    ("Inc.", "US", "com"),
    ("LLC", "US", "net"),
    ("Ltd", "GB", "co.uk"),
    ("S.A.", "FR", "fr"),
    ("B.V.", "NL", "nl"),
    ("S.p.A.", "IT", "it"),
];
const PRODUCTS: [(&str, &str); 6] = [
    ("Platform subscription", "1200.00"),
    ("Edge gateway", "349.50"),
    ("Premium support", "2400.00"),
    ("Implementation day", "1150.00"),
    ("Sensor pack", "89.90"),
    ("Analytics add-on", "450.00"),
];
const PEOPLE: [&str; 12] = [
    "Amara Okafor",
    "Jonas Weber",
    "Priya Nair",
    "Lucía Romero",
    "Tom Hughes",
    "Mei Tanaka",
    "Elif Demir",
    "Karim Haddad",
    "Sofia Rossi",
    "Anna Nowak",
    "David Cohen",
    "Grace Mwangi",
];

/// Makes one deal for every number; two makers share no customer but by chance.
#[derive(Clone, Copy)]
pub(crate) struct Customers {
    seed: u64,
    close: NaiveDate,
}

impl Customers {
    /// A maker of customers that are new on this data.
    pub(crate) fn new() -> Self {
        let today = Clock::system().now().date_naive();
        Self {
            seed: u64::from_le_bytes(Entropy::system().bytes()),
            close: today.checked_add_days(Days::new(120)).unwrap_or(today),
        }
    }

    /// The idempotency key of the deal of this number.
    pub(crate) fn key(self, number: u64) -> String {
        format!("bench-{:016x}-{number}", self.seed)
    }

    /// The body of a submit.
    pub(crate) fn deal(self, number: u64, vendor: &str) -> Value {
        let mut rng = StdRng::seed_from_u64(self.seed.wrapping_add(number));
        let mut brand: String = (0..3).map(|_| pick(&mut rng, &SYLLABLES, "nor")).collect();
        let trade = pick(&mut rng, &TRADES, "Labs");
        let (form, country, suffix) = pick(&mut rng, &FORMS, ("Ltd", "GB", "co.uk"));
        let domain = format!("{brand}-{}.{suffix}", trade.to_lowercase());
        let contact = pick(&mut rng, &PEOPLE, "Grace Mwangi");
        let mailbox = contact.split(' ').next_back().unwrap_or("sales").to_lowercase();
        if let Some(first) = brand.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let lines = rng.random_range(1..=3);
        let products: Vec<Value> = (0..lines)
            .map(|_| {
                let (name, unit_amount) = pick(&mut rng, &PRODUCTS, ("Edge gateway", "349.50"));
                let quantity = rng.random_range(1..=200);
                json!({ "name": name, "quantity": quantity.to_string(), "unit_amount": unit_amount })
            })
            .collect();
        json!({
            "vendor_id": vendor,
            "customer": { "name": format!("{brand} {trade} {form}"), "domain": domain, "country": country },
            "currency": "USD",
            "expected_close": self.close,
            "products": products,
            "contacts": [{ "name": contact, "email": format!("{mailbox}@{domain}") }],
        })
    }
}

fn pick<T: Copy>(rng: &mut StdRng, of: &[T], otherwise: T) -> T {
    of.choose(rng).copied().unwrap_or(otherwise)
}
