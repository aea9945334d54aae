use axum::http::Method;
use serde_json::json;

use super::{Owner, Record};
use crate::{openapi::world::Company, support::until};

/// A dry run that has ended, so that nothing moves by itself.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let mut records = Vec::new();
    let sides = [
        (vendor, "partner", partner.name, Owner::Vendor),
        (partner, "vendor", vendor.name, Owner::Partner),
    ];
    for (company, side, other, owner) in sides {
        let leader = &company.leader().caller;
        let file = format!(
            "{side},customer_name,customer_country,amount,currency,expected_close\n{other},Acme,DE,1,EUR,2027-01-31\n"
        );
        let headers = [("content-type", "text/csv")];
        let file = leader
            .send(Method::POST, "/api/v1/import-files", &headers, file)
            .await
            .ok();
        let file = file["id"].as_str().unwrap().to_owned();
        let asked = json!({"file_id": file, "kind": "deals", "mode": "per_row", "dry_run": true});
        let import = leader.post("/api/v1/imports", &asked).await.ok();
        let import = import["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/imports/{import}");
        until("the import ends", async || {
            let now = leader.get(&path).await.ok();
            (now["status"] == "finished").then_some(())
        })
        .await;
        records.push(("import-files", file, owner));
        records.push(("imports", import, owner));
    }
    records
}
