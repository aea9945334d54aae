//! A sale as it is told, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Currency, DealId, OrgId, ProductId, UserId, parse_decimal};
use guildhall_spine::http::Checks;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{DealType, Kind, Role};

/// The most lines of a sale.
const MOST_LINES: usize = 500;
/// The most parts in a sale.
const MOST_PARTIES: usize = 20;
/// The most that a sale's lines sum to, as any amount: 10^15.
const LARGEST_SALE: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);
/// The most bytes of a sale's facts.
const LARGEST_FACTS: usize = 16 * 1024;

/// An invoice or an activity to be recorded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleDraft {
    /// `invoice` or `activity`; deals that are won here are sales by themselves.
    pub kind: Kind,
    /// The vendor's own number, unique among its invoices or activities, 1 to 100 characters.
    #[schema(example = "INV-2026-1042")]
    pub reference: String,
    /// The partner that sold it or did it.
    pub partner_id: OrgId,
    /// The deal that it is of: its credit is shared as the deal's, unless parties are named.
    #[serde(default)]
    pub deal_id: Option<DealId>,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub currency: String,
    /// The day of the invoice or the activity; not in the future.
    pub sold_on: NaiveDate,
    /// When the customer paid an invoice.
    #[serde(default)]
    pub paid_on: Option<NaiveDate>,
    /// What kind of business it is; `new` when left out.
    #[serde(default)]
    pub deal_type: Option<DealType>,
    /// The customer's country (ISO 3166-1 alpha-2).
    #[serde(default)]
    #[schema(example = "DE")]
    pub country: Option<String>,
    /// What was done, for an activity: 1 to 100 characters.
    #[serde(default)]
    #[schema(example = "certification_passed")]
    pub activity: Option<String>,
    /// The subscription that the invoice is of, 1 to 100 characters: how long a plan pays for one counts from its first
    /// invoice.
    #[serde(default)]
    pub subscription: Option<String>,
    /// What was sold, at most 500 lines; may be empty for an activity.
    #[serde(default)]
    pub lines: Vec<LineDraft>,
    /// Who has what part in it, at most 20; the partner has sourced all of it when left out.
    #[serde(default)]
    pub parties: Vec<PartyDraft>,
    /// What else a plan's expressions may ask for, by name.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
}

/// A line of a sale.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleLineDraft)]
pub struct LineDraft {
    /// The product of the catalogue.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// The vendor's number of the product, found in the catalogue when there is one of it.
    #[serde(default)]
    #[schema(example = "EG-200")]
    pub sku: Option<String>,
    /// What it is, 1 to 200 characters; the product's name when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// How many, more than 0 with at most 4 decimals; 1 when left out.
    #[serde(default)]
    #[schema(example = "3")]
    pub quantity: Option<String>,
    /// For how much together, net of tax.
    #[schema(example = "1200.00")]
    pub amount: String,
    /// What it cost the vendor, for plans that go by the margin.
    #[serde(default)]
    pub cost: Option<String>,
}

/// A part in a sale.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SalePartyDraft)]
pub struct PartyDraft {
    /// The partner.
    pub partner_id: OrgId,
    /// What it did.
    pub role: Role,
    /// How much of the role is its, more than 0; the partners of a role have at most 100 together.
    #[schema(example = "100")]
    pub percent: String,
    /// Who did it there: a member of the partner.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

/// A sale whose own words are in order.
#[derive(Clone, Debug)]
pub struct CheckedSale {
    pub(super) kind: Kind,
    pub(super) reference: String,
    pub(super) partner: OrgId,
    pub(super) deal: Option<DealId>,
    pub(super) currency: Currency,
    pub(super) sold_on: NaiveDate,
    pub(super) paid_on: Option<NaiveDate>,
    pub(super) deal_type: DealType,
    pub(super) country: Option<String>,
    pub(super) activity: Option<String>,
    pub(super) subscription: Option<String>,
    pub(super) lines: Vec<CheckedLine>,
    pub(super) parties: Vec<CheckedParty>,
    pub(super) facts: Map<String, Value>,
}

impl CheckedSale {
    /// What makes it one of the vendor's own: its kind and reference.
    #[must_use]
    pub fn key(&self) -> (Kind, String) {
        (self.kind, self.reference.clone())
    }
}

/// A line in order.
#[derive(Clone, Debug)]
pub(super) struct CheckedLine {
    pub(super) product: Option<ProductId>,
    pub(super) sku: Option<String>,
    pub(super) family: Option<String>,
    pub(super) name: Option<String>,
    pub(super) quantity: Decimal,
    pub(super) amount: Decimal,
    pub(super) cost: Option<Decimal>,
}

/// A part in order.
#[derive(Clone, Debug)]
pub(super) struct CheckedParty {
    pub(super) partner: OrgId,
    pub(super) role: Role,
    pub(super) percent: Decimal,
    pub(super) user: Option<UserId>,
}

impl SaleDraft {
    /// Reads the draft on `today`; notes every fault in `checks`, and then returns nothing.
    pub fn check(&self, today: NaiveDate, checks: &mut Checks) -> Option<CheckedSale> {
        let before = checks.faults().len();
        let currency = Currency::from_code(&self.currency);
        let known = "must be a currency code of three capital letters (ISO 4217), like EUR";
        checks.check(currency.is_some(), "/currency", "unknown_currency", known);
        self.check_words(today, checks);
        let currency = currency?;
        let lines: Vec<CheckedLine> = self
            .lines
            .iter()
            .zip(0..)
            .filter_map(|(line, no)| line.check(no, currency, checks))
            .collect();
        let sum: Decimal = lines.iter().map(|line| line.amount).sum();
        let message = "must sum to at most 10^15: record the sale in parts";
        checks.check(sum <= LARGEST_SALE, "/lines", "amount", message);
        let parties = self.check_parties(checks);
        (checks.faults().len() == before).then(|| CheckedSale {
            kind: self.kind,
            reference: self.reference.clone(),
            partner: self.partner_id,
            deal: self.deal_id,
            currency,
            sold_on: self.sold_on,
            paid_on: self.paid_on,
            deal_type: self.deal_type.unwrap_or_default(),
            country: self.country.clone(),
            activity: self.activity.clone(),
            subscription: self.subscription.clone(),
            lines,
            parties,
            facts: self.facts.clone(),
        })
    }

    fn check_words(&self, today: NaiveDate, checks: &mut Checks) {
        checks.check(
            self.kind != Kind::Deal,
            "/kind",
            "not_allowed",
            "must be invoice or activity",
        );
        checks.text("/reference", &self.reference, 1, 100, false);
        self.check_days(today, checks);
        for (pointer, text) in [("/activity", &self.activity), ("/subscription", &self.subscription)] {
            if let Some(text) = text {
                checks.text(pointer, text, 1, 100, false);
            }
        }
        if let Some(country) = &self.country {
            checks.country("/country", country);
        }
        let active = (self.kind == Kind::Activity) == self.activity.is_some();
        checks.check(
            active,
            "/activity",
            "activity",
            "says what was done, for an activity and for nothing else",
        );
        let sold = self.kind == Kind::Activity || !self.lines.is_empty();
        checks.check(sold, "/lines", "missing", "an invoice has a line at least");
        checks.check(
            self.lines.len() <= MOST_LINES,
            "/lines",
            "length",
            "must be at most 500",
        );
        let size = serde_json::to_vec(&self.facts).map_or(usize::MAX, |bytes| bytes.len());
        checks.check(
            size <= LARGEST_FACTS,
            "/facts",
            "length",
            "must be at most 16 KiB of JSON",
        );
    }

    fn check_days(&self, today: NaiveDate, checks: &mut Checks) {
        // One day of grace: east of Greenwich it is tomorrow already.
        let latest = today + Days::new(1);
        let earliest = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(today);
        let dated = |day: NaiveDate| day <= latest && day >= earliest;
        let message = "must not be in the future nor before 2000";
        checks.check(dated(self.sold_on), "/sold_on", "date", message);
        if let Some(paid) = self.paid_on {
            checks.check(dated(paid), "/paid_on", "date", message);
            checks.check(self.kind == Kind::Invoice, "/paid_on", "not_allowed", "is for invoices");
        }
    }

    fn check_parties(&self, checks: &mut Checks) -> Vec<CheckedParty> {
        checks.check(
            self.parties.len() <= MOST_PARTIES,
            "/parties",
            "length",
            "must be at most 20",
        );
        let mut parties = Vec::new();
        let (mut seen, mut sums) = (BTreeSet::new(), BTreeMap::<Role, Decimal>::new());
        for (party, no) in self.parties.iter().zip(0..) {
            let at = |field: &str| format!("/parties/{no}/{field}");
            if !seen.insert((party.role, party.partner_id)) {
                checks.refuse(at("partner_id"), "repeated", "has this role twice");
            }
            let percent = parse_decimal(&party.percent).ok();
            let Some(percent) =
                percent.filter(|one| *one > Decimal::ZERO && *one <= Decimal::ONE_HUNDRED && one.scale() <= 2)
            else {
                checks.refuse(
                    at("percent"),
                    "percent",
                    "must be more than 0 and at most 100, with at most 2 decimals",
                );
                continue;
            };
            let sum = sums.entry(party.role).or_default();
            *sum += percent;
            if *sum > Decimal::ONE_HUNDRED {
                checks.refuse(
                    at("percent"),
                    "percent_over_100",
                    "the partners of a role have more than 100 together",
                );
            }
            parties.push(CheckedParty {
                partner: party.partner_id,
                role: party.role,
                percent,
                user: party.user_id,
            });
        }
        parties
    }
}

impl LineDraft {
    fn check(&self, no: usize, currency: Currency, checks: &mut Checks) -> Option<CheckedLine> {
        let at = |field: &str| format!("/lines/{no}/{field}");
        for (field, text, most) in [("sku", &self.sku, 64), ("name", &self.name, 200)] {
            if let Some(text) = text {
                checks.text(&at(field), text, 1, most, false);
            }
        }
        let named = self.product_id.is_some() || self.sku.is_some() || self.name.is_some();
        checks.check(named, &at("name"), "missing", "give product_id, sku or name");
        let quantity = self.quantity.as_deref().unwrap_or("1");
        let quantity = parse_decimal(quantity)
            .ok()
            .filter(|one| *one > Decimal::ZERO && *one < Decimal::from(10_000_000_000_i64) && one.scale() <= 4);
        if quantity.is_none() {
            checks.refuse(
                at("quantity"),
                "quantity",
                "must be more than 0 and below 10^10, with at most 4 decimals",
            );
        }
        let amount = checks.money(&at("amount"), &self.amount, currency);
        let cost = self
            .cost
            .as_deref()
            .map(|text| checks.money(&at("cost"), text, currency));
        Some(CheckedLine {
            product: self.product_id,
            sku: self.sku.clone(),
            family: None,
            name: self.name.clone(),
            quantity: quantity?,
            amount: amount?,
            cost: match cost {
                Some(cost) => Some(cost?),
                None => None,
            },
        })
    }
}
