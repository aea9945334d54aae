//! Where the vendor pays from, and where partners and their people are paid.

use std::fmt::Write;

use guildhall_kernel::UserId;
use guildhall_payouts::api::{let_persons_be_paid, set_payee, set_payer};
use guildhall_spine::App;
use serde_json::json;

use super::story::{Payee, Story};
use crate::demo::{
    DemoFault,
    draw::Draw,
    teller::Teller,
    world::{Org, Partner},
};

/// Countries whose account numbers may be all digits, and how many (SWIFT, IBAN registry).
#[rustfmt::skip]
const DIGITS: &[(&str, usize)] = &[
    ("AT", 16), ("BE", 12), ("CH", 17), ("CZ", 20), ("DE", 18), ("DK", 14), ("ES", 20), ("FI", 14), ("FR", 23), ("LU", 16),
    ("NO", 11), ("PL", 24), ("PT", 21), ("SE", 20),
];

/// The account that the vendor's files draw on.
pub(super) async fn set_debtor(teller: &mut Teller<'_>, app: &App, story: &Story<'_>) -> Result<(), DemoFault> {
    let org = &story.vendor.org;
    let body = json!({
        "debtor": {"name": org.name, "country": org.country.code, "iban": iban(&mut teller.draw, org)},
        "minimums": {"EUR": "50.00"},
    });
    set_payer(app, teller.tx, org.id, story.owner, body).await?;
    Ok(())
}

/// The accounts of a partner and of the first who sells there, whom vendors may pay in person; once for all vendors.
pub(super) async fn set_accounts(teller: &mut Teller<'_>, app: &App, payee: &Payee<'_>) -> Result<(), DemoFault> {
    let Partner { org, sellers } = payee.partner;
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM payout_profile WHERE partner_id = $1) AS "known!""#,
        org.id.uuid()
    )
    .fetch_one(&mut **teller.tx)
    .await?;
    if known {
        return Ok(());
    }
    let body = profile(&mut teller.draw, org, &org.name, "100.00");
    set_payee(app, teller.tx, Some(org.id), payee.admin, body).await?;
    let_persons_be_paid(teller.tx, org.id, payee.admin).await?;
    for seller in sellers.iter().filter(|seller| **seller != payee.admin).take(1) {
        let name = name(teller, *seller).await?;
        let body = profile(&mut teller.draw, org, &name, "0.00");
        set_payee(app, teller.tx, None, *seller, body).await?;
    }
    Ok(())
}

async fn name(teller: &mut Teller<'_>, user: UserId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM user_account WHERE id = $1", user.uuid())
        .fetch_one(&mut **teller.tx)
        .await
}

fn profile(draw: &mut Draw, org: &Org, holder: &str, minimum: &str) -> serde_json::Value {
    let country = org.country.code;
    json!({
        "password": "is not asked for",
        "destination": {"type": "iban", "iban": iban(draw, org), "holder": holder, "country": country},
        "currency": "EUR", "minimum_payout": minimum, "country": country, "tax_form": "none",
    })
}

/// An account number at a bank that doesn't exist, at home where that can be written, else in Germany.
fn iban(draw: &mut Draw, org: &Org) -> String {
    let at_home = DIGITS.iter().find(|(country, _)| *country == org.country.code);
    let (country, length) = at_home.copied().unwrap_or(("DE", 18));
    // All zeros stand for no bank.
    let mut number = "0".repeat(8);
    while number.len() < length {
        // Writing to a String does not fail.
        let _ = write!(number, "{}", draw.below(10));
    }
    format!("{country}{:02}{number}", check_digits(country, &number))
}

/// ISO 13616-1: 98 less the remainder by 97, letters as 10 to 35.
fn check_digits(country: &str, number: &str) -> u32 {
    let digits = format!("{number}{country}00");
    let remainder = digits.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, digit| {
        let shift = if digit > 9 { 100 } else { 10 };
        (rest * shift + digit) % 97
    });
    98 - remainder
}
