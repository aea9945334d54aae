//! What a registration is made of: forms, drafts, files, comments, amendments and history, as the two sides live them.

mod amendments;
mod comments;
mod drafts;
mod files;
mod history;

use axum::http::Method;
use guildhall_kernel::{OrgId, id_text};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, audited, deal_body};

/// The default program's form.
fn form_path(vendor: OrgId) -> String {
    format!("/api/v1/deal-forms/{}", id_text("prog", vendor.uuid()).unwrap())
}

pub(super) async fn publish(caller: &Caller, vendor: OrgId, fields: &Value) -> Answer {
    let path = form_path(vendor);
    let etag = caller.get(&path).await.header("etag");
    // Who doesn't see it can't know its version.
    let etag = if etag.is_empty() { "*".to_owned() } else { etag };
    let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
    caller
        .send(Method::PUT, &path, &headers, json!({"fields": fields}).to_string())
        .await
}

/// A form with every kind of field.
pub(super) fn fields() -> Value {
    json!([
        {"key": "use_case", "label": "Use case", "kind": "text", "max_length": 20},
        {"key": "seats", "label": "Seats", "kind": "number", "min": "1", "max": "5000"},
        {"key": "budget", "label": "Budget", "kind": "money", "required": true},
        {"key": "go_live", "label": "Go-live", "kind": "date", "min": "2026-01-01"},
        {"key": "hosting", "label": "Hosting", "kind": "choice", "options": [
            {"value": "cloud", "label": "Cloud"}, {"value": "own", "label": "Own"}]},
        {"key": "regions", "label": "Regions", "kind": "choice", "multiple": true, "options": [
            {"value": "north", "label": "North"}, {"value": "south", "label": "South"}]},
        {"key": "review", "label": "Security review", "kind": "text",
         "required_if": [{"field": "hosting", "one_of": ["own"]}, {"field": "amount", "at_least": "3000"}]},
        {"key": "vat", "label": "VAT number", "kind": "text", "required_if": [{"field": "country", "one_of": ["FR"]}]},
        {"key": "plan", "label": "Plan", "kind": "file"},
    ])
}

fn pointers(answer: &Answer) -> Vec<String> {
    let problem = answer.problem(422, "invalid_body");
    let errors = problem["errors"].as_array().unwrap();
    let mut pointers: Vec<String> = errors
        .iter()
        .map(|error| {
            format!(
                "{} {}",
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap()
            )
        })
        .collect();
    pointers.sort();
    pointers
}

async fn send_file(caller: &Caller, name: &str, bytes: impl Into<bytes::Bytes>) -> Answer {
    let path = format!("/api/v1/files?name={name}");
    caller.send(Method::POST, &path, &[], bytes).await
}

/// A registration with these answers.
fn with_custom(vendor: OrgId, customer: &str, custom: Value) -> Value {
    let mut body = deal_body(vendor, customer, &format!("{customer}.example"));
    body["custom"] = custom;
    body
}

/// The people who play, and an approved deal when asked for.
struct Stage {
    server: TestServer,
    scene: Scene,
    rep: Caller,
    manager: Caller,
}

impl Stage {
    async fn set() -> Self {
        Self::on(TestServer::start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        let rep = server.login("sales@alder.example").await;
        let manager = server.login("channel_manager@northwind.example").await;
        Self {
            server,
            scene,
            rep,
            manager,
        }
    }

    /// A registration; its address.
    async fn deal(&self, customer: &str) -> String {
        let body = deal_body(self.scene.northwind, customer, &format!("{customer}.example"));
        let made = self.rep.post("/api/v1/deals", &body).await;
        made.ok();
        made.header("location")
    }

    async fn approved(&self, customer: &str) -> String {
        let path = self.deal(customer).await;
        let etag = self.manager.etag(&path).await;
        self.manager
            .post_at(&format!("{path}/approve"), &etag, &json!({}))
            .await
            .ok();
        path
    }

    async fn user(&self, email: &str) -> String {
        let caller = self.server.login(email).await;
        caller.get("/api/v1/me").await.ok()["user"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// All that the caller may read of the log.
    async fn events(&self, caller: &Caller) -> Vec<Value> {
        audited(&mut self.server.database.connect().await).await;
        let events = caller.get("/api/v1/events?since=0-0&limit=100").await.ok();
        events["items"].as_array().unwrap().clone()
    }

    /// The kinds of events that the caller heard of and that begin like this.
    async fn heard(&self, caller: &Caller, prefix: &str) -> Vec<String> {
        let events = self.events(caller).await;
        let kinds = events.iter().map(|event| event["kind"].as_str().unwrap().to_owned());
        kinds.filter(|kind| kind.starts_with(prefix)).collect()
    }
}

#[tokio::test]
async fn answers_are_checked_by_the_form_and_every_fault_is_named() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    publish(&stage.manager, vendor, &fields()).await.ok();
    let submit = async |custom: Value| {
        let body = with_custom(vendor, "answers", custom);
        stage.rep.post("/api/v1/deals", &body).await
    };
    let bare = deal_body(vendor, "Bare", "bare.example");
    assert_eq!(
        pointers(&stage.rep.post("/api/v1/deals", &bare).await),
        ["/custom/budget missing"]
    );
    let wrong = submit(json!({
        "use_case": "x".repeat(21), "seats": "0", "budget": "1.005", "go_live": "31.12.2027", "hosting": "moon",
        "regions": ["north", "east"], "plan": "file_x", "colour": "red",
    }))
    .await;
    assert_eq!(
        pointers(&wrong),
        [
            "/custom/budget decimal",
            "/custom/colour unknown",
            "/custom/go_live date",
            "/custom/hosting choice",
            "/custom/plan unknown_file",
            "/custom/regions choice",
            "/custom/seats range",
            "/custom/use_case length",
        ]
    );
    // The registration is of 3601.50 EUR.
    let own = submit(json!({"budget": "100", "hosting": "own"})).await;
    assert_eq!(pointers(&own), ["/custom/review missing"]);
    let mut french = with_custom(vendor, "french", json!({"budget": "100"}));
    french["customer"]["country"] = "FR".into();
    assert_eq!(
        pointers(&stage.rep.post("/api/v1/deals", &french).await),
        ["/custom/vat missing"]
    );
    let deal = submit(json!({
        "budget": "0100".trim_start_matches('0'), "seats": "12.50", "regions": ["south", "north", "south"],
        "use_case": null, "hosting": "cloud",
    }))
    .await
    .ok();
    assert_eq!(
        deal["custom"],
        json!({"budget": "100", "seats": "12.5", "regions": ["north", "south"], "hosting": "cloud"})
    );
    assert_eq!(deal["form"]["version"], 1);
}

#[tokio::test]
async fn a_fault_that_ends_with_the_forms_question_has_one_mark() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    let asking = json!([{"key": "site", "label": "Where will it run?", "kind": "text", "required": true}]);
    publish(&stage.manager, vendor, &asking).await.ok();
    let bare = deal_body(vendor, "Bare", "bare.example");
    let refused = stage.rep.post("/api/v1/deals", &bare).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["detail"],
        "One field was refused. /custom/site: is needed: Where will it run?"
    );
}

#[tokio::test]
async fn a_deal_keeps_the_form_that_it_was_registered_with() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    let early = stage.deal("early").await;
    publish(&stage.manager, vendor, &fields()).await.ok();
    let body = with_custom(vendor, "first", json!({"budget": "10"}));
    let first = stage.rep.post("/api/v1/deals", &body).await.header("location");
    let next = json!([{"key": "region", "label": "Region", "kind": "text", "required": true}]);
    assert_eq!(publish(&stage.manager, vendor, &next).await.ok()["version"], 2);

    let patch = async |path: &str, custom: Value| {
        let etag = stage.rep.etag(path).await;
        stage.rep.patch(path, &etag, &json!({"custom": custom})).await
    };
    let changed = patch(&first, json!({"budget": "20", "use_case": "pilot"})).await.ok();
    assert_eq!(changed["custom"], json!({"budget": "20", "use_case": "pilot"}));
    assert_eq!(
        pointers(&patch(&first, json!({"region": "x"})).await),
        ["/custom/region unknown"]
    );
    assert_eq!(
        pointers(&patch(&first, json!({"budget": null})).await),
        ["/custom/budget missing"]
    );
    assert_eq!(
        pointers(&patch(&early, json!({"budget": "1"})).await),
        ["/custom/budget unknown"]
    );
    let form = stage.manager.get(&format!("{first}/form")).await.ok();
    assert_eq!(
        (&form["version"], &form["fields"][2]["key"]),
        (&json!(1), &json!("budget"))
    );
    assert_eq!(stage.rep.get(&format!("{early}/form")).await.ok()["version"], 0);
    let late = deal_body(vendor, "Late", "late.example");
    assert_eq!(
        pointers(&stage.rep.post("/api/v1/deals", &late).await),
        ["/custom/region missing"]
    );
    let events = stage.events(&stage.rep).await;
    let changes = events.iter().filter(|event| event["kind"] == "deal.changed");
    let changes: Vec<&Value> = changes.map(|event| &event["data"]["changed"]).collect();
    assert_eq!(changes, [&json!(["custom"])]);
}

#[tokio::test]
async fn a_form_that_makes_no_sense_is_refused_with_all_its_faults() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    let wrong = json!([
        {"key": "a", "label": "A", "kind": "text", "min": "1", "options": [{"value": "x", "label": "X"}]},
        {"key": "a", "label": " ", "kind": "number", "min": "5", "max": "4", "multiple": true},
        {"key": "Amount", "label": "B", "kind": "choice"},
        {"key": "currency", "label": "C", "kind": "date", "min": "tomorrow"},
        {"key": "d", "label": "D", "kind": "text", "min_length": 9, "max_length": 8, "required_if": [
            {"field": "nowhere", "one_of": ["x"]}, {"field": "country", "one_of": ["XX"]}, {"field": "amount"},
            {"field": "a", "at_least": "1"}, {"field": "d", "one_of": ["x"]}]},
        {"key": "e", "label": "E", "kind": "file", "required": true, "required_if": [{"field": "a", "one_of": ["x"]}]},
    ]);
    assert_eq!(
        pointers(&publish(&stage.manager, vendor, &wrong).await),
        [
            "/fields/0/min not_allowed",
            "/fields/0/options not_allowed",
            "/fields/1/key duplicate",
            "/fields/1/label length",
            "/fields/1/max range",
            "/fields/1/multiple not_allowed",
            "/fields/2/key key",
            "/fields/2/options length",
            "/fields/3/key reserved",
            "/fields/3/min value",
            "/fields/4/max_length range",
            "/fields/4/required_if/0/field unknown_field",
            "/fields/4/required_if/1/one_of/0 value",
            "/fields/4/required_if/2 missing",
            "/fields/4/required_if/3/at_least not_allowed",
            "/fields/4/required_if/4/field own_field",
            "/fields/5/required_if not_allowed",
        ]
    );
    assert_eq!(stage.manager.get(&form_path(vendor)).await.ok()["version"], 0);
}

#[tokio::test]
async fn of_two_publications_of_one_version_one_is_stale() {
    let stage = Stage::set().await;
    let vendor = stage.scene.northwind;
    let path = form_path(vendor);
    let headers = [("content-type", "application/json"), ("if-match", "\"v0\"")];
    let send = async |key: &str| {
        let body = json!({"fields": [{"key": key, "label": "L", "kind": "text"}]});
        stage.manager.send(Method::PUT, &path, &headers, body.to_string()).await
    };
    let (one, other) = tokio::join!(send("one"), send("other"));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    // Partners in the program read it; others don't know of it.
    let shown = stage.rep.get(&path).await.ok();
    assert_eq!(shown["version"], 1);
    let list = stage.rep.get("/api/v1/deal-forms").await.ok();
    assert_eq!(list["items"], json!([shown]));
    let stranger = stage.server.login("sales@cedar.example").await;
    stranger.get(&path).await.problem(404, "not_found");
    let rival = stage.server.login("owner@southgate.example").await;
    publish(&rival, vendor, &json!([])).await.problem(404, "not_found");
    publish(&stage.rep, vendor, &json!([])).await.problem(403, "forbidden");
}
