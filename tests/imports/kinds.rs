//! Products and leads.

use serde_json::{Value, json};

use super::{Play, counts, every, import};
use crate::support::until;

const SETUP: &str = "sku,name,family,unit,is_service\n\
                     EG-1,Edge gateway,Gateways,,no\n\
                     SV-1,Set-up,,hour,YES\n";

#[tokio::test]
async fn products_come_in_by_sku_and_are_changed_when_they_come_again() {
    let play = Play::set().await;
    let bad = format!("{SETUP}EG-1,Again,,,\nXX-1,,,,\nYY-1,Odd,,,maybe\n");
    let asked = |mode: &str, dry_run: bool| json!({"kind": "products", "mode": mode, "dry_run": dry_run});
    let faulty = ["4 - repeated", "5 name missing", "6 is_service unknown"];
    for (mode, dry_run, status) in [
        ("per_row", true, "finished"),
        ("all_or_nothing", true, "finished"),
        ("all_or_nothing", false, "refused"),
    ] {
        let (ended, faults) = import(&play.manager, bad.clone(), asked(mode, dry_run)).await;
        assert_eq!(
            (&ended["status"], counts(&ended), &faults[..]),
            (&json!(status), (5, 3, 0), &faulty.map(str::to_owned)[..])
        );
        assert_eq!(play.count("product").await, 0, "{mode} {dry_run}");
    }
    let (ended, faults) = import(&play.manager, bad, asked("per_row", false)).await;
    assert_eq!(
        (counts(&ended), &faults[..]),
        ((5, 3, 2), &faulty.map(str::to_owned)[..])
    );
    let shown = async || {
        let all = every(&play.manager, "/api/v1/products").await;
        let text = |one: &Value| {
            format!("{} {} {} {}", one["sku"], one["name"], one["unit"], one["is_service"]).replace('"', "")
        };
        all.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, ["EG-1 Edge gateway unit false", "SV-1 Set-up hour true"]);
    let again = SETUP.replace("Set-up", "Set-up on site");
    let (ended, _) = import(&play.manager, again, asked("all_or_nothing", false)).await;
    assert_eq!((&ended["status"], counts(&ended)), (&json!("finished"), (2, 0, 2)));
    assert_eq!(
        shown().await,
        ["EG-1 Edge gateway unit false", "SV-1 Set-up on site hour true"]
    );
    let imported = until("both imports are announced", async || {
        let page = play.manager.get("/api/v1/events?since=1-0&topics=catalogue").await.ok();
        let events = page["items"].as_array().unwrap().clone();
        let numbers = |event: &Value| (event["data"]["created"].clone(), event["data"]["changed"].clone());
        let imported = events.iter().filter(|event| event["kind"] == "product.imported");
        let imported: Vec<_> = imported.map(numbers).collect();
        (imported.len() == 2).then_some(imported)
    })
    .await;
    assert_eq!(imported, [(json!(2), json!(0)), (json!(0), json!(1))]);
    assert_eq!(
        every(&play.server.login("owner@southgate.example").await, "/api/v1/products").await,
        Vec::<Value>::new()
    );
}

#[tokio::test]
async fn leads_come_in_and_a_company_that_is_known_makes_no_second_one() {
    let play = Play::set().await;
    let good = "company_name,company_domain,company_country,contact_name,contact_email,employees,amount,currency,campaign\n\
                Fabrikam GmbH,fabrikam.example,DE,Jo Doe,jo@fabrikam.example,250,1500,EUR,spring\n\
                Tailspin,tailspin.example,US,,,,,,\n";
    let bad = format!("{good}Odd,no domain,Atlantis,,nobody,many,5,,\n,,DE,,,,,,\n");
    let asked = |mode: &str, dry_run: bool| json!({"kind": "leads", "mode": mode, "dry_run": dry_run});
    for (mode, dry_run, status) in [("per_row", true, "finished"), ("all_or_nothing", false, "refused")] {
        let (ended, mut faults) = import(&play.manager, bad.clone(), asked(mode, dry_run)).await;
        faults.sort();
        assert_eq!((&ended["status"], counts(&ended)), (&json!(status), (4, 2, 0)));
        assert_eq!(
            faults,
            [
                "4 company_country country",
                "4 company_domain domain_white_space",
                "4 contact_email email_at_sign",
                "4 currency missing",
                "4 employees number",
                "5 company_name missing",
            ]
        );
        assert_eq!(play.count("lead").await, 0);
    }
    let (ended, _) = import(&play.manager, bad, asked("per_row", false)).await;
    assert_eq!(counts(&ended), (4, 2, 2));
    let again = format!("{good}Wingtip,wingtip.example,SE,,,,,,\n");
    let (ended, _) = import(&play.manager, again, asked("all_or_nothing", false)).await;
    assert_eq!((&ended["status"], counts(&ended)), (&json!("finished"), (3, 0, 3)));
    let leads = every(&play.manager, "/api/v1/leads").await;
    let mut shown: Vec<String> = leads
        .iter()
        .map(|lead| format!("{} {}", lead["company"]["name"], lead["source"]).replace('"', ""))
        .collect();
    shown.sort();
    assert_eq!(shown, ["Fabrikam GmbH import", "Tailspin import", "Wingtip import"]);
    let fabrikam = leads
        .iter()
        .find(|lead| lead["company"]["name"] == "Fabrikam GmbH")
        .unwrap();
    let path = format!("/api/v1/leads/{}", fabrikam["id"].as_str().unwrap());
    let fabrikam = play.manager.get(&path).await.ok();
    assert_eq!(
        json!([
            fabrikam["contact"]["email"],
            fabrikam["company"]["employees"],
            fabrikam["currency"],
            fabrikam["campaign"]
        ]),
        json!(["jo@fabrikam.example", 250, "EUR", "spring"])
    );
    assert_eq!(every(&play.manager, &format!("{path}/touches")).await.len(), 2);
}

#[tokio::test]
async fn products_and_leads_take_the_permission_that_they_take_one_by_one_and_a_vendor() {
    let play = Play::set().await;
    let owner = play.server.login("owner@northwind.example").await;
    let key = json!({"name": "Key", "scopes": ["imports:manage"]});
    let key = owner.post("/api/v1/api-keys", &key).await.ok();
    let key = play.server.with_token(key["secret"].as_str().unwrap());
    let partner = play.server.login("admin@alder.example").await;
    for (kind, text) in [("products", "sku,name\nA,B\n"), ("leads", "company_name\nA\n")] {
        let file = super::upload(&owner, text).await.ok();
        let asked = json!({"file_id": file["id"], "kind": kind, "mode": "per_row"});
        key.post("/api/v1/imports", &asked).await.problem(403, "forbidden");
        let problem = partner
            .post("/api/v1/imports", &asked)
            .await
            .problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/kind");
    }
}
