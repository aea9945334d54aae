//! Deals to register: customers that no earlier run has named, with names the way companies are called.

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Clock, Entropy};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Invented brands: enough sounds that two names are seldom alike by chance, as with real companies.
const ONSETS: [&str; 32] = [
    "b", "bl", "br", "c", "ch", "cl", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "l", "m", "n", "p", "pr",
    "qu", "r", "s", "sh", "st", "t", "tr", "v", "w", "y", "z",
];
const VOWELS: [&str; 10] = ["a", "e", "i", "o", "u", "ae", "ei", "ia", "io", "ou"];
const CODAS: [&str; 16] = [
    "", "", "", "ck", "d", "ft", "l", "m", "n", "nd", "r", "rn", "s", "th", "v", "x",
];
const TRADES: [&str; 48] = [
    "Aero",
    "Alloys",
    "Analytics",
    "Apparel",
    "Auto",
    "Bank",
    "Biotech",
    "Brewing",
    "Care",
    "Ceramics",
    "Chemie",
    "Clinic",
    "Coffee",
    "Cycles",
    "Dairy",
    "Dental",
    "Design",
    "Energy",
    "Farms",
    "Foods",
    "Freight",
    "Games",
    "Glass",
    "Grid",
    "Health",
    "Hotels",
    "Labs",
    "Law",
    "Legal",
    "Marine",
    "Media",
    "Metals",
    "Mills",
    "Motors",
    "Optics",
    "Paper",
    "Pharma",
    "Ports",
    "Rail",
    "Robotics",
    "Solar",
    "Steel",
    "Studio",
    "Timber",
    "Tools",
    "Toys",
    "Travel",
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
        let mut brand = String::new();
        for _ in 0..3 {
            for sound in [&ONSETS[..], &VOWELS, &CODAS] {
                brand.push_str(pick(&mut rng, sound, "n"));
            }
        }
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
