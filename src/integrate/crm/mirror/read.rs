//! From a record of the CRM to a direct account. Pure.

use guildhall_kernel::{Currency, is_country};
use guildhall_sell::api::{DirectAccountInput, DirectAccountKind, DirectAccountStage};

use super::Mirror;
use crate::crm::Kind;
use crate::crm::connector::{FieldType, Fields, Remote, canonical};

/// By what the record is known among the vendor's direct accounts. Ids of Salesforce are unique wherever they come from;
/// HubSpot counts each kind of thing in each account.
pub(super) fn reference(crm: Kind, connection: &str, kind: DirectAccountKind, record: &str) -> String {
    match crm {
        Kind::Salesforce => record.to_owned(),
        Kind::HubSpot | Kind::Webhook => format!("{connection}/{}/{record}", super::name_of(kind)),
    }
}

/// The record as a direct account; nothing when it isn't worked on or has no name.
pub(super) fn read(
    mirror: &Mirror,
    crm: Kind,
    kind: DirectAccountKind,
    external_ref: String,
    (remote, customer): (&Remote, Option<&Fields>),
) -> Option<DirectAccountInput> {
    let own = |name: &str| value(&remote.fields, name);
    let closed = own("IsClosed").or_else(|| own("hs_is_closed"));
    if remote.deleted || remote.merged_into.is_some() || closed == Some("true") {
        return None;
    }
    let of = |name: &str| match (crm, kind) {
        (_, DirectAccountKind::Account) => own(name),
        (Kind::HubSpot, DirectAccountKind::Opportunity) => value(customer?, name),
        (_, DirectAccountKind::Opportunity) => own(&format!("Account.{name}")),
    };
    let (company, domain) = match crm {
        Kind::HubSpot => ("name", "domain"),
        Kind::Salesforce | Kind::Webhook => ("Name", "Website"),
    };
    // A sale without a customer is at least called after it, mostly.
    let title = || own("Name").or_else(|| own("dealname"));
    let currency = mirror.currency_field(crm).and_then(own);
    let currency = currency
        .and_then(|code| code.parse::<Currency>().ok())
        .or(mirror.currency);
    let amount = own("Amount").or_else(|| own("amount"));
    let amount = amount.map(|amount| canonical(amount, FieldType::Number)).zip(currency);
    let (amount, currency) = amount.unzip();
    Some(DirectAccountInput {
        external_ref,
        kind,
        name: line(of(company).or_else(title)?),
        domain: of(domain).map(line),
        country: country(mirror, of(mirror.country_field(crm))),
        stage: DirectAccountStage::Open,
        owner_name: own("Owner.Name").map(line),
        amount,
        currency,
    })
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields
        .get(name)?
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// One line that isn't longer than what is kept.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn country(mirror: &Mirror, said: Option<&str>) -> String {
    let named = |said: &str| mirror.countries.get(said).cloned();
    let coded = |said: &str| Some(said.to_ascii_uppercase()).filter(|code| is_country(code));
    said.and_then(|said| named(said).or_else(|| coded(said)))
        .unwrap_or_else(|| mirror.country.clone())
}
