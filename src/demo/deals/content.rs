//! What is sold, to whom, and why.

use guildhall_kernel::{Currency, Money};
use guildhall_sell::deals::customer::EmailKey;
use rust_decimal::Decimal;

use super::{Company, Contact, Line};
use crate::demo::{
    company::{person, slug},
    draw::Draw,
    vocabulary::{Catalogue, Country, REASONS, STAGES, TITLES},
    world::local_part,
};

const LINE_COUNTS: &[(usize, u64)] = &[(1, 60), (2, 25), (3, 10), (4, 5)];
const CONTACT_COUNTS: &[(usize, u64)] = &[(0, 10), (1, 80), (2, 10)];
const DISCOUNTS: &[(u32, u64)] = &[(0, 40), (5, 15), (10, 20), (15, 12), (20, 8), (25, 5)];

/// Different products of the vendor, 1.6 on average, priced in the country's currency.
pub(super) fn lines(draw: &mut Draw, catalogue: &'static Catalogue, country: &Country) -> Vec<Line> {
    let products = catalogue.products;
    let first = draw.index(products.len());
    let discount = draw.share(0, DISCOUNTS);
    let count = draw.share(1, LINE_COUNTS);
    let mut lines = Vec::with_capacity(count);
    for product in products.iter().cycle().skip(first).step_by(2).take(count) {
        let most = usize::try_from(product.most).unwrap_or(1);
        let quantity = u64::try_from(draw.index_from_front(most)).unwrap_or_default() + 1;
        // People buy round numbers of many.
        let quantity = Decimal::from(if quantity > 20 {
            quantity - quantity % 5
        } else {
            quantity
        });
        let list = i64::from(product.dollars) * i64::from(country.per_hundred_dollars);
        let unit_amount = in_minor_units(Decimal::new(list * i64::from(100 - discount), 4), country.currency);
        let amount = unit_amount * quantity;
        lines.push(Line {
            product: product.name,
            quantity,
            unit_amount,
            amount,
        });
    }
    lines
}

fn in_minor_units(amount: Decimal, currency: &str) -> Decimal {
    Currency::from_code(currency).map_or(amount, |currency| Money::new(amount, currency).rounded().amount)
}

/// What the partner tells the vendor, if anything.
pub(super) fn note(draw: &mut Draw) -> Option<String> {
    draw.chance(55)
        .then(|| format!("{}; {}.", draw.one_of(REASONS), draw.one_of(STAGES)))
}

/// People at the customer, one on average; `known` is one of them.
pub(super) fn contacts(
    draw: &mut Draw,
    company: &Company,
    domain: Option<&str>,
    known: Option<Contact>,
) -> Vec<Contact> {
    let count = draw.share(1, CONTACT_COUNTS);
    let mut contacts: Vec<Contact> = known.into_iter().collect();
    while contacts.len() < count {
        let contact = contact(draw, company, domain);
        if contacts.iter().all(|other| other.email_key != contact.email_key) {
            contacts.push(contact);
        }
    }
    contacts
}

fn contact(draw: &mut Draw, company: &Company, domain: Option<&str>) -> Contact {
    let name = person(draw, company.culture);
    let domain = domain.map_or_else(|| format!("{}.example", slug(&name)), str::to_owned);
    let email = format!("{}@{domain}", local_part(&name));
    let email_key = EmailKey::parse(&email)
        .map(|key| key.as_str().to_owned())
        .unwrap_or_default();
    let title = draw.chance(85).then(|| draw.one_of(TITLES));
    let phone = draw
        .chance(70)
        .then(|| format!("+{} 555 {:07}", company.country.calling, draw.below(10_000_000)));
    Contact {
        name,
        title,
        email,
        email_key,
        phone,
    }
}
