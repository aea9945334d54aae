//! Imported rows of partners who aren't, or aren't any more.

use serde_json::{Value, json};

use super::{Play, counts, every, import};

const ROWS: &str = "customer_name,customer_country,amount,currency,expected_close,status,closed_on";

fn asked(mode: &str) -> Value {
    json!({"kind": "deals", "mode": mode})
}

impl Play {
    async fn stands(&self, partner: &str, status: &str) {
        let all = every(&self.manager, "/api/v1/partnerships").await;
        let named = |one: &&Value| {
            one["partner"]["name"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .starts_with(partner)
        };
        let id = all.iter().find(named).unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/partnerships/{id}");
        let etag = self.manager.etag(&path).await;
        self.manager.patch(&path, &etag, &json!({"status": status})).await.ok();
    }

    async fn company(&self, name: &str, status: &str) {
        let mut db = self.server.database.connect().await;
        sqlx::query("UPDATE organisation SET status = $2 WHERE slug = $1")
            .bind(name)
            .bind(status)
            .execute(&mut db)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_vendor_imports_no_registration_of_a_partner_who_is_suspended_gone_or_anothers() {
    let play = Play::set().await;
    let (alder, cedar) = (play.scene.alder, play.scene.cedar);
    let nobody = guildhall_kernel::id_text("org", uuid::Uuid::from_u128(7)).unwrap();
    let file = format!(
        "partner,{ROWS}\n\
         alder,Ash,DE,1,EUR,2027-01-31,submitted,\n\
         alder,Elm,DE,1,EUR,2027-01-31,approved,\n\
         {alder},Oak,DE,1,EUR,2025-01-31,won,2025-01-31\n\
         alder.example,Yew,DE,1,EUR,2025-01-31,lost,2025-01-31\n\
         {cedar},Fir,DE,1,EUR,2027-01-31,submitted,\n\
         {nobody},Box,DE,1,EUR,2027-01-31,submitted,\n\
         deal_01kaqv6r3gf5ht2x0m8c9ezw4n,Bay,DE,1,EUR,2027-01-31,submitted,\n"
    );
    let strangers = ["6 partner not_found", "7 partner not_found", "8 partner not_found"];
    let with_strangers =
        |own: &[&str]| -> Vec<String> { own.iter().chain(&strangers).map(|one| (*one).to_owned()).collect() };
    let open = ["2 partner partnership_suspended", "3 partner partnership_suspended"];
    play.stands("alder", "suspended").await;
    let (ended, faults) = import(&play.manager, file.clone(), asked("all_or_nothing")).await;
    assert_eq!((&ended["status"], faults), (&json!("refused"), with_strangers(&open)));
    play.stands("alder", "active").await;
    play.company("alder", "suspended").await;
    let (ended, faults) = import(&play.manager, file.clone(), asked("per_row")).await;
    assert_eq!((counts(&ended), faults), ((7, 5, 2), with_strangers(&open)));
    play.company("alder", "active").await;
    play.stands("alder", "ended").await;
    let mut again = asked("per_row");
    again["again"] = json!(true);
    let (ended, faults) = import(&play.manager, file, again).await;
    let over = [2, 3, 4, 5].map(|row| format!("{row} partner partnership_ended"));
    assert_eq!(
        (counts(&ended), faults),
        ((7, 7, 0), with_strangers(&over.each_ref().map(String::as_str)))
    );
}

#[tokio::test]
async fn a_partner_imports_nothing_with_a_vendor_who_suspended_it_or_parted() {
    let play = Play::set().await;
    let alder = play.server.login("admin@alder.example").await;
    let file = format!("vendor,{ROWS}\nnorthwind,Ash,DE,1,EUR,2027-01-31,,\nsouthgate,Elm,DE,1,EUR,2027-01-31,,\n");
    for (status, code) in [("suspended", "partnership_suspended"), ("ended", "partnership_ended")] {
        play.stands("alder", status).await;
        let (ended, faults) = import(&alder, file.clone(), asked("per_row")).await;
        assert_eq!(counts(&ended), (2, 2, 0));
        assert_eq!(faults, [format!("2 vendor {code}"), "3 vendor not_found".to_owned()]);
    }
}

#[tokio::test]
async fn numbers_and_currencies_of_leads_are_named_when_they_are_none() {
    let play = Play::set().await;
    let file = "company_name,amount,currency,employees\n\
                Ash,-1,EUR,-5\n\
                Elm,1.234,EUR,1.5\n\
                Oak,1,XXY,\n\
                Yew,1,JPY,10\n";
    let (ended, mut faults) = import(&play.manager, file, json!({"kind": "leads", "mode": "per_row"})).await;
    assert_eq!(counts(&ended), (4, 3, 1), "{faults:?}");
    faults.sort();
    assert_eq!(
        faults,
        [
            "2 amount amount",
            "2 employees range",
            "3 amount amount",
            "3 employees number",
            "4 currency unknown",
        ]
    );
}
