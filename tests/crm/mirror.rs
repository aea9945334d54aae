//! The vendor's own sales in its CRM conflict with what partners register.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::Desk;
use super::stub::KEY_FIELD;
use crate::support::{deal_body, until};

impl Desk {
    async fn mirrors(&self, mirror: &Value) {
        let etag = self.owner.etag(&self.at).await;
        let changed = self.owner.patch(&self.at, &etag, &json!({"mirror": mirror})).await.ok();
        assert_eq!(changed["mirror"].is_null(), mirror.is_null());
    }

    /// Polls once more, and waits until the accounts that are worked on have these names.
    async fn polled(&self, open: &[&str]) -> Vec<Value> {
        self.server.clock.advance(TimeDelta::seconds(61));
        until("the accounts are up to date", async || {
            let page = self.owner.get("/api/v1/direct-accounts?limit=100").await.ok();
            let mut items = page["items"].as_array().unwrap().clone();
            items.retain(|account| account["stage"] == "open");
            items.sort_by_key(|account| account["name"].as_str().unwrap().to_owned());
            let names: Vec<_> = items.iter().map(|account| account["name"].as_str().unwrap()).collect();
            (names == open).then_some(items)
        })
        .await
    }

    async fn registered(&self, customer: &str, domain: &str) -> (String, Value) {
        let body = deal_body(self.scene.northwind, customer, domain);
        let made = self.rep.post("/api/v1/deals", &body).await;
        (made.header("location"), made.ok())
    }
}

fn sale(customer: &str, more: &Value) -> Value {
    let domain = format!("{}.example", customer.to_lowercase());
    let mut sale = json!({"Name": "100 licences", "IsClosed": false, "Amount": 120_000.5, "Owner": {"Name": "Mara Lindqvist"},
        "Account": {"attributes": {"type": "Account"}, "Name": customer, "Website": domain, "BillingCountry": "de"}});
    sale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sale
}

fn germany() -> Value {
    json!({"country": "FR", "countries": {"Deutschland": "DE"}, "currency": "EUR"})
}

#[tokio::test]
async fn a_registration_of_the_vendors_own_customer_conflicts_and_tells_the_partner_only_how_much() {
    let desk = Desk::salesforce(true, "newest").await;
    desk.crm.customer(
        "001A",
        json!({"Name": "Contoso Robotics GmbH", "Website": "https://www.contoso.example/de",
            "BillingCountry": "Deutschland", "Owner": {"Name": "Jon Aas"}}),
    );
    let odd = json!({"Name": "Lucerne", "Website": "ask them", "BillingCountry": null, "Owner": null});
    desk.crm.customer("001B", odd);
    desk.crm.customer("001C", json!({"Name": "  ", "Website": null}));
    desk.crm.edit("006A", sale("Fabrikam", &json!({})));
    desk.crm.edit("006B", sale("Tailspin", &json!({"IsClosed": true})));
    desk.mirrors(&germany()).await;
    let open = desk.polled(&["Contoso Robotics GmbH", "Fabrikam", "Lucerne"]).await;
    let seen: Vec<Value> = open
        .iter()
        .map(|one| {
            json!([
                one["external_ref"],
                one["kind"],
                one["domain"],
                one["country"],
                one["owner_name"],
                one["amount"]
            ])
        })
        .collect();
    assert_eq!(
        seen[0],
        json!(["001A", "account", "contoso.example", "DE", "Jon Aas", null])
    );
    assert_eq!(seen[2], json!(["001B", "account", null, "FR", null, null]));
    assert_eq!(
        json!([seen[1][0], seen[1][1], seen[1][2], seen[1][3], seen[1][4]]),
        json!(["006A", "opportunity", "fabrikam.example", "DE", "Mara Lindqvist"])
    );
    assert!(seen[1][5].as_str().unwrap().starts_with("120000.5"), "{}", seen[1]);
    for (customer, domain, record) in [
        ("Contoso Robotics", "contoso.example", "001A"),
        ("Fabrikam", "fabrikam.example", "006A"),
    ] {
        let (path, mine) = desk.registered(customer, domain).await;
        assert_eq!(mine["conflict_level"], "certain", "{mine}");
        let told = mine.to_string();
        for hidden in [record, "Jon Aas", "Mara", "120000", "licences"] {
            assert!(!told.contains(hidden), "{told}");
        }
        let conflicts = format!("{path}/conflicts");
        desk.rep.get(&conflicts).await.problem(403, "forbidden");
        let found = desk.owner.get(&conflicts).await.ok();
        assert_eq!(found["items"][0]["account"]["external_ref"], record);
    }
    let (_, free) = desk.registered("Tailspin", "tailspin.example").await;
    assert_eq!(free["conflict_level"], "none");
}

#[tokio::test]
async fn what_is_closed_or_deleted_in_the_crm_conflicts_no_more() {
    let desk = Desk::salesforce(true, "newest").await;
    for (id, customer) in [("006A", "Contoso"), ("006B", "Fabrikam"), ("006C", "Tailspin")] {
        desk.crm.edit(id, sale(customer, &json!({})));
    }
    desk.mirrors(&germany()).await;
    desk.polled(&["Contoso", "Fabrikam", "Tailspin"]).await;
    desk.crm
        .with(|state| state.records.get_mut("006A").unwrap().deleted = true);
    desk.crm.edit("006A", json!({}));
    desk.crm.edit("006B", json!({"IsClosed": true}));
    desk.polled(&["Tailspin"]).await;
    let (_, free) = desk.registered("Contoso", "contoso.example").await;
    assert_eq!(free["conflict_level"], "none");
    desk.crm.edit("006B", json!({"IsClosed": false}));
    desk.polled(&["Fabrikam", "Tailspin"]).await;
    desk.mirrors(&Value::Null).await;
    desk.polled(&[]).await;
}

#[tokio::test]
async fn the_opportunities_of_deals_are_not_the_vendors_own() {
    let mut desk = Desk::salesforce(true, "newest").await;
    let (path, _) = desk.linked("Contoso").await;
    let elsewhere = json!({KEY_FIELD: "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"});
    desk.crm.edit("006K", sale("Adatum", &elsewhere));
    desk.crm.edit("006Z", sale("Fabrikam", &json!({})));
    desk.mirrors(&germany()).await;
    desk.polled(&["Fabrikam"]).await;
    assert_eq!(desk.owner.get(&path).await.ok()["conflict"], Value::Null);
}

#[tokio::test]
async fn a_deal_that_is_linked_with_a_mirrored_opportunity_takes_its_place_and_protects_it_once() {
    let mut desk = Desk::salesforce(true, "newest").await;
    desk.crm.edit("006A", sale("Fabrikam", &json!({})));
    desk.mirrors(&germany()).await;
    let account = desk.polled(&["Fabrikam"]).await[0]["id"].clone();
    let (path, deal) = desk.registered("Fabrikam", "fabrikam.example").await;
    assert_eq!(desk.owner.get(&path).await.ok()["conflict"]["level"], "certain");
    let link = json!({"deal_id": deal["id"], "record_id": "006A"});
    let made = desk.owner.post(&format!("{}/links", desk.at), &link).await;
    assert_eq!(made.status, 201);
    assert_eq!(desk.owner.get(&path).await.ok()["conflict"], Value::Null);
    assert_eq!(
        desk.events("deal.account_linked").await,
        [json!({"deal_id": deal["id"], "vendor_id": desk.scene.northwind, "account_id": account})]
    );
    desk.settled().await;
    let (later, _) = desk.registered("Halden", "halden.example").await;
    for (path, link) in [(&path, false), (&later, true)] {
        if link {
            let etag = desk.owner.etag(path).await;
            let link = json!({"account_id": account});
            desk.owner
                .post_at(&format!("{path}/link-account"), &etag, &link)
                .await
                .ok();
        }
        let etag = desk.owner.etag(path).await;
        let approved = desk.owner.post_at(&format!("{path}/approve"), &etag, &json!({})).await;
        if link {
            approved.problem(409, "opportunity_protected");
        } else {
            approved.ok();
        }
    }
    desk.crm.edit("006A", json!({"Name": "200 licences"}));
    desk.crm.edit("006Z", sale("Tailspin", &json!({})));
    desk.polled(&["Tailspin"]).await;
}

#[tokio::test]
async fn hubspots_companies_and_deals_are_mirrored_and_what_was_deleted_goes() {
    let mut desk = Desk::hubspot(true).await;
    desk.crm.customer(
        "77",
        json!({"name": "Contoso", "domain": "contoso.example", "country": "Deutschland"}),
    );
    let open =
        json!({"dealname": "100 licences", "hs_is_closed": "false", "amount": "5000", "deal_currency_code": "USD"});
    desk.crm.edit("77", open.clone());
    desk.crm.edit("78", open.clone());
    desk.crm.edit("79", open);
    desk.crm.edit("79", json!({"hs_is_closed": "true"}));
    desk.crm
        .with(|state| state.customer_of.insert("77".to_owned(), "77".to_owned()));
    let etag = desk.owner.etag(&desk.at).await;
    let often = json!({"poll_seconds": 60, "mirror": germany()});
    desk.owner.patch(&desk.at, &etag, &often).await.ok();
    let found = desk.polled(&["100 licences", "Contoso", "Contoso"]).await;
    let of_sale: Vec<_> = found.iter().filter(|one| one["kind"] == "opportunity").collect();
    assert_eq!(of_sale.len(), 2);
    let contoso = of_sale.iter().find(|one| one["name"] == "Contoso").unwrap();
    assert_eq!(
        json!([contoso["domain"], contoso["country"], contoso["currency"]]),
        json!(["contoso.example", "DE", "USD"])
    );
    let (_, mine) = desk.registered("Contoso", "contoso.example").await;
    assert_eq!(mine["conflict_level"], "certain");
    desk.crm.with(|state| {
        state.records.get_mut("77").unwrap().deleted = true;
        state.customers.get_mut("77").unwrap().deleted = true;
    });
    desk.server.clock.advance(TimeDelta::seconds(3601));
    desk.owner = desk.server.login("owner@northwind.example").await;
    desk.polled(&["100 licences"]).await;
}

#[tokio::test]
async fn a_mirror_that_cannot_be_is_refused() {
    let desk = Desk::salesforce(false, "newest").await;
    let etag = desk.owner.etag(&desk.at).await;
    let wrong = json!({"mirror": {"country": "Germany", "country_field": "a b", "countries": {"Germany": "XX"}}});
    let problem = desk
        .owner
        .patch(&desk.at, &etag, &wrong)
        .await
        .problem(422, "invalid_body");
    let mut pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/mirror/countries", "/mirror/country", "/mirror/country_field"]
    );
    let hook = Desk::webhook("newest").await;
    let etag = hook.owner.etag(&hook.at).await;
    let problem = hook
        .owner
        .patch(&hook.at, &etag, &json!({"mirror": germany()}))
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/mirror");
}

#[tokio::test]
async fn the_mirror_of_a_deleted_connection_is_closed() {
    let desk = Desk::salesforce(true, "newest").await;
    desk.crm.edit("006A", sale("Contoso", &json!({})));
    desk.mirrors(&germany()).await;
    desk.polled(&["Contoso"]).await;
    assert_eq!(desk.owner.delete(&desk.at).await.status, 204);
    desk.polled(&[]).await;
}

#[tokio::test]
async fn the_log_reaches_ninety_days_back() {
    let mut desk = Desk::salesforce(true, "newest").await;
    let etag = desk.owner.etag(&desk.at).await;
    let seldom = json!({"poll_seconds": 86_400});
    desk.owner.patch(&desk.at, &etag, &seldom).await.ok();
    desk.linked("Contoso").await;
    desk.settled().await;
    desk.server.clock.advance(TimeDelta::days(89));
    desk.owner = desk.server.login("owner@northwind.example").await;
    // One that is older than the other, in one go with which the upkeep would take it as well.
    sqlx::query(
        "INSERT INTO crm_sync SELECT gen_random_uuid(), connection_id, deal_id, record_id, direction, 'stale', error, fields,
                at - interval '2 days' FROM crm_sync WHERE outcome = 'created'",
    )
    .execute(&mut desk.db)
    .await
    .unwrap();
    desk.server.clock.advance(TimeDelta::minutes(51));
    desk.owner = desk.server.login("owner@northwind.example").await;
    until("the older one is forgotten", async || {
        (!desk.outcomes().await.contains(&"stale".to_owned())).then_some(())
    })
    .await;
    assert!(desk.outcomes().await.contains(&"created".to_owned()));
    desk.server.clock.advance(TimeDelta::days(2));
    desk.owner = desk.server.login("owner@northwind.example").await;
    until("the log is empty again", async || {
        (!desk.outcomes().await.contains(&"created".to_owned())).then_some(())
    })
    .await;
}
