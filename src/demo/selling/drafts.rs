//! Who shows interest, and in what.

use guildhall_kernel::{Currency, Money};
use guildhall_sell::api::{LeadCompanyDraft, LeadContact, LeadDraft, LeadSource};
use rust_decimal::Decimal;

use crate::demo::{
    company::{Company, home, person, slug},
    draw::Draw,
    vocabulary::{Country, Culture, TITLES},
    world::{Vendor, local_part},
};

const SOURCES: &[(LeadSource, u64)] = &[
    (LeadSource::WebForm, 25),
    (LeadSource::Event, 20),
    (LeadSource::Campaign, 20),
    (LeadSource::Referral, 15),
    (LeadSource::Marketplace, 10),
    (LeadSource::Api, 10),
];

const INDUSTRIES: &[&str] = &[
    "manufacturing",
    "retail",
    "healthcare",
    "logistics",
    "public sector",
    "finance",
    "energy",
    "education",
];

const MESSAGES: &[&str] = &[
    "We are comparing three suppliers and would like a demonstration.",
    "Please call me: the present contract ends in spring.",
    "We met at your stand and talked about a pilot.",
    "How long does it take to get started with two sites?",
    "We need an offer by the end of the month.",
    "A colleague at another company recommended you.",
];

/// What a spammer writes.
const SPAM: &[&str] = &[
    "First page of every search engine guaranteed: http://rank.example http://links.example http://more.example",
    "Cheap followers http://a.example, cheap visitors http://b.example, cheap leads http://c.example",
    "asdf asdf asdf",
];

/// Where the company sits.
pub(super) type Place = (&'static Culture, &'static Country);

/// A company in this place, or anywhere, that asks for one of the vendor's products.
pub(super) fn draft(draw: &mut Draw, vendor: &Vendor, place: Option<Place>) -> Option<LeadDraft> {
    let (culture, country) = place.or_else(|| home(draw))?;
    let company = Company::found(draw, culture, country);
    let name = company.written(draw);
    let domain = company.domain(draw);
    let source = draw.share(LeadSource::Campaign, SOURCES);
    let product = draw.entry(vendor.catalogue.products)?;
    let employees = i32::try_from(draw.between(1, 60) * draw.between(1, 25)).ok();
    let quantity = Decimal::from(draw.between(1, 20));
    let currency = Currency::from_code(country.currency)?;
    let dollars = Decimal::new(i64::from(product.dollars) * i64::from(country.per_hundred_dollars), 2);
    let amount = Money::new(dollars * quantity, currency).rounded().amount;
    Some(LeadDraft {
        contact: Some(contact(draw, culture, country, domain.as_deref())),
        company: LeadCompanyDraft {
            name,
            domain,
            country: Some(country.code.to_owned()),
            industry: draw.chance(70).then(|| draw.one_of(INDUSTRIES).to_owned()),
            employees: employees.filter(|_| draw.chance(80)),
        },
        product: Some(product.name.to_owned()),
        amount: Some(amount.to_string()),
        currency: Some(currency),
        message: draw.chance(65).then(|| draw.one_of(MESSAGES).to_owned()),
        source,
        campaign: matches!(source, LeadSource::Campaign | LeadSource::Event).then(|| "autumn-fair".to_owned()),
        reference: None,
    })
}

fn contact(draw: &mut Draw, culture: &Culture, country: &Country, domain: Option<&str>) -> LeadContact {
    let name = person(draw, culture);
    let domain = domain.map_or_else(|| format!("{}.example", slug(&name)), str::to_owned);
    LeadContact {
        email: Some(format!("{}@{domain}", local_part(&name))),
        name: Some(name),
        title: draw.chance(75).then(|| draw.one_of(TITLES).to_owned()),
        phone: draw
            .chance(60)
            .then(|| format!("+{} 555 {:07}", country.calling, draw.below(10_000_000))),
    }
}

/// The same, as a robot sends it.
pub(super) fn spam(draw: &mut Draw, vendor: &Vendor) -> Option<LeadDraft> {
    let sent = draft(draw, vendor, None)?;
    Some(LeadDraft {
        message: Some(draw.one_of(SPAM).to_owned()),
        source: LeadSource::WebForm,
        campaign: Some("web-site".to_owned()),
        amount: None,
        currency: None,
        ..sent
    })
}
