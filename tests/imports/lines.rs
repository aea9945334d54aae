//! Imported deals of several lines, by words and by the catalogue.

use serde_json::{Value, json};

use super::{Play, counts, deal, import};
use crate::catalogue::{list, product};

const HEADER: &str = "partner,customer_name,customer_country,currency,expected_close,status,closed_on,amount,product,sku,quantity,unit_amount,product_2,sku_2,quantity_2,unit_amount_2";

fn asked(mode: &str) -> Value {
    json!({"kind": "deals", "mode": mode})
}

/// Northwind sells two products for euros, and has retired one.
async fn set() -> Play {
    let play = Play::set().await;
    let edge = product(&play.manager, "E-1", "Edge gateway", "Edge").await;
    product(&play.manager, "N-1", "Not priced", "Edge").await;
    let old = product(&play.manager, "O-1", "Old router", "Edge").await;
    let retire = format!("/api/v1/products/{}/retire", old["id"].as_str().unwrap());
    play.manager.post_at(&retire, "\"v1\"", &json!({})).await.ok();
    let body = json!({"name": "Euros", "currency": "EUR"});
    list(&play.manager, body, &[(&edge, "349.50")]).await;
    play
}

#[tokio::test]
async fn a_row_has_several_lines_with_products_of_the_catalogue() {
    let play = set().await;
    let file = format!(
        "{HEADER}\n\
         alder,Ash,DE,EUR,2027-01-31,submitted,,,,E-1,40,,Installation,,2,99.90\n\
         alder,Elm,DE,EUR,2024-01-31,won,2024-02-01,1200,Edge,E-1,,1000,,O-1,2,100\n\
         birch,Oak,DE,USD,2027-01-31,,,7.50,Support,,,,,,,\n\
         birch,Yew,DE,JPY,2027-01-31,,,,,E-1,0.5,3\n"
    );
    let file = file.replace(",E-1,0.5,3\n", ",E-1,0.5,3,,,,\n");
    let (ended, faults) = import(&play.manager, file, asked("all_or_nothing")).await;
    assert_eq!((counts(&ended), faults), ((4, 0, 4), Vec::new()));
    let ash = deal(&play.manager, "Ash").await;
    let lines = |deal: &Value| -> Vec<Value> {
        let lines = deal["products"].as_array().unwrap().iter();
        lines
            .map(|line| {
                json!([
                    line["name"],
                    line["product_id"].is_string(),
                    line["quantity"],
                    line["unit_amount"],
                    line["amount"]
                ])
            })
            .collect()
    };
    assert_eq!(ash["amount"], "14179.80");
    assert_eq!(
        lines(&ash),
        [
            json!(["Edge gateway", true, "40", "349.50", "13980.00"]),
            json!(["Installation", false, "2", "99.90", "199.80"]),
        ]
    );
    assert_eq!(
        lines(&deal(&play.manager, "Elm").await),
        [
            json!(["Edge", true, "1", "1000.00", "1000.00"]),
            json!(["Old router", true, "2", "100.00", "200.00"]),
        ]
    );
    assert_eq!(
        lines(&deal(&play.manager, "Oak").await),
        [json!(["Support", false, "1", "7.50", "7.50"])]
    );
    assert_eq!(deal(&play.manager, "Yew").await["amount"], "2");
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_named_by_its_column() {
    let play = set().await;
    let file = format!(
        "{HEADER}\n\
         alder,Ash,DE,EUR,2027-01-31,,,,,E-1,-3,,Installation,,0,-1\n\
         alder,Elm,DE,USD,2027-01-31,,,,,E-1,1,,,N-1,1,\n\
         alder,Oak,DE,EUR,2027-01-31,,,,,X-9,1,5,,O-1,1,\n\
         alder,Yew,DE,EUR,2027-01-31,,,13,,E-1,1,12,,,,\n\
         alder,Fir,DE,EUR,2027-01-31,,,,,,,,,,,\n\
         alder,Box,DE,EUR,2027-01-31,,,,Words,,2,,,,,\n\
         alder,Bay,DE,EUR,2027-01-31,,,-2,,,,,,,,\n\
         alder,Low,DE,XXY,2027-01-31,,,,,E-1,1,1,,,,\n"
    );
    let (ended, mut faults) = import(&play.manager, file, asked("per_row")).await;
    assert_eq!(counts(&ended), (8, 8, 0), "{faults:?}");
    faults.sort();
    assert_eq!(
        faults,
        [
            "2 quantity decimal",
            "2 quantity_2 quantity",
            "2 unit_amount_2 decimal",
            "3 unit_amount no_price",
            "3 unit_amount_2 no_price",
            "4 sku unknown_product",
            "4 unit_amount_2 no_price",
            "5 amount sum",
            "6 amount missing",
            "7 unit_amount missing",
            "8 amount decimal",
            "9 currency unknown",
        ]
    );
    // A partner sells nothing that is retired, and finds no other vendor's products.
    let other = play.server.login("owner@southgate.example").await;
    product(&other, "S-1", "South", "South").await;
    let alder = play.server.login("admin@alder.example").await;
    let header = HEADER.replace("partner,", "vendor,");
    let file = format!(
        "{header}\n\
         northwind,Ash,DE,EUR,2027-01-31,,,,,O-1,1,5,,,,\n\
         northwind,Elm,DE,EUR,2027-01-31,,,,,S-1,1,5,,,,\n\
         northwind,Oak,DE,EUR,2027-01-31,,,,,E-1,2,,,,,\n"
    );
    let (ended, faults) = import(&alder, file, asked("per_row")).await;
    assert_eq!(counts(&ended), (3, 2, 1));
    assert_eq!(faults, ["2 sku unknown_product", "3 sku unknown_product"]);
    assert_eq!(deal(&alder, "Oak").await["amount"], "699.00");
}
