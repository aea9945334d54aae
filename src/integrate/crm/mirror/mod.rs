//! The vendor's own sales: accounts and open opportunities of its CRM, kept among its direct accounts, so that a
//! partner's registration of such a customer conflicts.

mod keep;
mod poll;
mod read;

use std::collections::BTreeMap;

use guildhall_kernel::{Currency, is_country};
use guildhall_sell::api::DirectAccountKind;
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Kind;
use super::connection::Connection;
use super::connector::Subject;
use super::create::is_name;

pub(super) use keep::{forget, set, took_place};
pub(super) use poll::poll;

/// What of the CRM is mirrored, and how it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CrmMirror)]
pub(super) struct Mirror {
    /// Customers: accounts of Salesforce, companies of HubSpot.
    #[serde(default = "yes")]
    accounts: bool,
    /// Open sales: opportunities of Salesforce, deals of HubSpot. Those that deals here are linked to are left out.
    #[serde(default = "yes")]
    opportunities: bool,
    /// The country of customers whose record doesn't name one that is understood (ISO 3166-1 alpha-2).
    #[schema(example = "DE")]
    country: String,
    /// The customer's field with the country; `BillingCountry` or `country` by kind when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "BillingCountryCode")]
    country_field: Option<String>,
    /// Codes of countries by what the CRM calls them. Codes are understood as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"Germany": "DE", "Deutschland": "DE"}))]
    countries: BTreeMap<String, String>,
    /// The currency of sales whose record names none (ISO 4217). Without one, their amounts are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// The sale's field with the currency; nothing for Salesforce (`CurrencyIsoCode` is there in orgs with several), and
    /// `deal_currency_code` for HubSpot, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CurrencyIsoCode")]
    currency_field: Option<String>,
}

const KINDS: [DirectAccountKind; 2] = [DirectAccountKind::Account, DirectAccountKind::Opportunity];

const fn yes() -> bool {
    true
}

/// How the database names a kind.
const fn name_of(kind: DirectAccountKind) -> &'static str {
    match kind {
        DirectAccountKind::Account => "account",
        DirectAccountKind::Opportunity => "opportunity",
    }
}

impl Mirror {
    pub(super) fn validate(&self, checks: &mut Checks) {
        checks.country("/mirror/country", &self.country);
        let fields = [
            ("/mirror/country_field", &self.country_field),
            ("/mirror/currency_field", &self.currency_field),
        ];
        for (pointer, name) in fields {
            let plain = name.as_deref().is_none_or(is_name);
            checks.check(plain, pointer, "invalid", "must have 1 to 100 letters, digits, - and _");
        }
        let known = self.countries.len() <= 400
            && self
                .countries
                .iter()
                .all(|(name, code)| name.len() <= 200 && is_country(code));
        checks.check(
            known,
            "/mirror/countries",
            "country",
            "must have at most 400 names of 200 bytes, each with a code like DE",
        );
    }

    /// Whether this kind is mirrored.
    const fn has(&self, kind: DirectAccountKind) -> bool {
        match kind {
            DirectAccountKind::Account => self.accounts,
            DirectAccountKind::Opportunity => self.opportunities,
        }
    }

    fn country_field(&self, crm: Kind) -> &str {
        let usual = if crm == Kind::Salesforce {
            "BillingCountry"
        } else {
            "country"
        };
        self.country_field.as_deref().unwrap_or(usual)
    }

    fn currency_field(&self, crm: Kind) -> Option<&str> {
        let usual = (crm == Kind::HubSpot).then_some("deal_currency_code");
        self.currency_field.as_deref().or(usual)
    }

    /// What of a customer is read.
    fn customer(&self, crm: Kind) -> Vec<String> {
        let names = match crm {
            Kind::HubSpot => ["name", "domain"],
            Kind::Salesforce | Kind::Webhook => ["Name", "Website"],
        };
        let country = self.country_field(crm);
        names.iter().copied().chain([country]).map(str::to_owned).collect()
    }

    /// What is asked for.
    fn subject(&self, connection: &Connection, kind: DirectAccountKind) -> Subject {
        let crm = connection.kind;
        let (object, id) = match (crm, kind) {
            (Kind::HubSpot, DirectAccountKind::Account) => ("companies", "hs_object_id"),
            (Kind::HubSpot, DirectAccountKind::Opportunity) => ("deals", "hs_object_id"),
            (_, DirectAccountKind::Account) => ("Account", "Id"),
            (_, DirectAccountKind::Opportunity) => ("Opportunity", "Id"),
        };
        let customer = self.customer(crm);
        let mut reads = match (crm, kind) {
            (_, DirectAccountKind::Account) => customer,
            (Kind::HubSpot, DirectAccountKind::Opportunity) => {
                vec!["dealname".to_owned(), "hs_is_closed".to_owned(), "amount".to_owned()]
            }
            (_, DirectAccountKind::Opportunity) => {
                let own = ["Name", "IsClosed", "Amount"].map(str::to_owned);
                let of = customer.iter().map(|name| format!("Account.{name}"));
                own.into_iter().chain(of).collect()
            }
        };
        if kind == DirectAccountKind::Opportunity {
            reads.extend(self.currency_field(crm).map(str::to_owned));
        }
        if crm == Kind::Salesforce {
            reads.push("Owner.Name".to_owned());
        }
        // What carries a deal's id is ours.
        let key_field = if object == connection.object {
            connection.external_id_field.clone()
        } else {
            id.to_owned()
        };
        Subject {
            object: object.to_owned(),
            key_field,
            reads,
            schema: super::connector::Schema::default(),
        }
    }
}
