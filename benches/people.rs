//! The demo people the scenarios act as.

use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::Failure;
use crate::client::{Client, get, post};

/// Everybody's password in the demo data.
pub(crate) const PASSWORD: &str = "guildhall-demo";
/// The channel manager of a vendor with a fifth of all deals.
pub(crate) const MANAGER: &str = "manager@vendor1.example";

/// Somebody who is signed in, for the ten minutes an access token lives.
#[derive(Clone)]
pub(crate) struct Person {
    /// The access token.
    pub(crate) token: Arc<str>,
    /// A vendor the person may register deals with; a partner's first.
    pub(crate) vendor: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

#[derive(Deserialize)]
struct Partnerships {
    items: Vec<Partnership>,
}

#[derive(Deserialize)]
struct Partnership {
    vendor: Organisation,
}

#[derive(Deserialize)]
struct Organisation {
    id: String,
}

/// Signs one person in; none when the person's organisation has no active partnership, or none with `vendor`.
async fn try_sign_in(client: &mut Client, email: &str, vendor: Option<&str>) -> Result<Option<Person>, Failure> {
    let body = json!({ "email": email, "password": PASSWORD });
    let tokens: Tokens = client.json(post("/api/v1/auth/login", None, None, &body)?).await?;
    let request = get(
        "/api/v1/partnerships?status=active&limit=100",
        Some(&tokens.access_token),
    )?;
    let partnerships: Partnerships = client.json(request).await?;
    let mut vendors = partnerships.items.into_iter().map(|one| one.vendor.id);
    let found = vendors.find(|id| vendor.is_none_or(|wanted| wanted == id));
    Ok(found.map(|vendor| Person {
        token: tokens.access_token.into(),
        vendor,
    }))
}

/// Signs one person in.
pub(crate) async fn sign_in(client: &mut Client, email: &str) -> Result<Person, Failure> {
    let person = try_sign_in(client, email, None).await?;
    person.ok_or_else(|| format!("{email} has no active partnership: load the data with demo --scale large").into())
}

/// Signs in one representative each of `count` partners that have an active partnership, with `vendor` when it is given.
pub(crate) async fn representatives(
    address: SocketAddr,
    count: u32,
    vendor: Option<&str>,
) -> Result<Vec<Person>, Failure> {
    let mut client = Client::connect(address).await?;
    let wanted = usize::try_from(count)?;
    let mut people = Vec::with_capacity(wanted);
    let mut number = 0;
    while people.len() < wanted {
        number += 1;
        people.extend(try_sign_in(&mut client, &format!("rep@partner{number}.example"), vendor).await?);
    }
    Ok(people)
}
