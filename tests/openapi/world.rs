//! Two tenants that know nothing of each other, each with a record behind every kind of path id.

use std::collections::BTreeMap;

use axum::http::Method;
use guildhall_kernel::{Clock, Entropy, OrgId, id_text, parse_id_text};
use guildhall_spine::access::{OrgKind, Permission, Role};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Document, OPERATOR, Operation,
    furnish::{self, Owner},
};
use crate::support::{Answer, Caller, Scene, TestServer, audited, consumed, deal_body, until};

/// Someone of a company, and what they may do.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) caller: Caller,
    pub(super) scopes: Vec<String>,
}

/// A company with its people, and an id of its own for every collection that addresses have.
pub(super) struct Company {
    pub(super) name: &'static str,
    pub(super) kind: OrgKind,
    pub(super) org: OrgId,
    pub(super) people: BTreeMap<&'static str, Person>,
    records: BTreeMap<&'static str, String>,
}

/// The server with everyone on it. Northwind and Alder work together, and Southgate and Cedar; Birch is another
/// partner of Northwind's.
pub(super) struct World {
    pub(super) server: TestServer,
    pub(super) operator: Person,
    pub(super) northwind: Company,
    pub(super) alder: Company,
    pub(super) birch: Company,
    pub(super) southgate: Company,
    pub(super) cedar: Company,
    pub(super) operations: Vec<Operation>,
    pub(super) document: Document,
}

impl World {
    pub(super) async fn make() -> Self {
        let server = TestServer::start().await;
        let scene = Scene::set(&server).await;
        // So that there are payouts at once.
        let mut db = server.database.connect().await;
        sqlx::query("UPDATE payout_platform SET cooling_off_hours = 0")
            .execute(&mut db)
            .await
            .unwrap();
        let mut northwind = Company::of(&server, "northwind", OrgKind::Vendor, scene.northwind).await;
        let mut alder = Company::of(&server, "alder", OrgKind::Partner, scene.alder).await;
        let mut southgate = Company::of(&server, "southgate", OrgKind::Vendor, scene.southgate).await;
        let mut cedar = Company::of(&server, "cedar", OrgKind::Partner, scene.cedar).await;
        let birch = Company::of(&server, "birch", OrgKind::Partner, scene.birch).await;
        work_together(&mut northwind, &mut alder).await;
        work_together(&mut southgate, &mut cedar).await;
        let operator = server.login("operator@guildhall.example").await;
        let operator = Person {
            name: "operator".to_owned(),
            caller: operator,
            scopes: vec![],
        };
        let document = Document::of(&server).await;
        let operations = document.operations();
        audited(&mut server.database.connect().await).await;
        Self {
            server,
            operator,
            northwind,
            alder,
            birch,
            southgate,
            cedar,
            operations,
            document,
        }
    }

    /// Asserts that every table holds what it held at the snapshot.
    pub(super) async fn assert_unchanged(&self, before: &BTreeMap<String, String>) {
        let now = self.snapshot().await;
        let changed: Vec<&String> = now
            .keys()
            .filter(|table| now.get(*table) != before.get(*table))
            .collect();
        assert!(changed.is_empty(), "{changed:?}");
    }

    /// What every table holds, but for what moves by itself.
    pub(super) async fn snapshot(&self) -> BTreeMap<String, String> {
        let mut db = self.server.database.connect().await;
        audited(&mut db).await;
        consumed(&mut db, "incentives").await;
        no_crm_is_called(&mut db).await;
        sqlx::query("SELECT pipeline_fold(1000000)")
            .execute(&mut db)
            .await
            .unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
             AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'event_consumer'",
        )
        .fetch_all(&mut db)
        .await
        .unwrap();
        assert!(tables.len() > 20, "{tables:?}");
        let mut sums = BTreeMap::new();
        for table in tables {
            sums.insert(table.clone(), sum(&mut db, &table).await);
        }
        sums
    }
}

/// Waits until no worker has anything to write of CRMs. The connections are off, so that none begins.
async fn no_crm_is_called(db: &mut PgConnection) {
    consumed(db, "crm").await;
    let idle = "SELECT NOT EXISTS (SELECT FROM crm_work WHERE leased_until IS NOT NULL)";
    until("no CRM is called", async || {
        let idle: bool = sqlx::query_scalar(idle).fetch_one(&mut *db).await.unwrap();
        idle.then_some(())
    })
    .await;
}

/// The number of rows and a checksum. When a key was last used is no business of anyone's.
async fn sum(db: &mut PgConnection, table: &str) -> String {
    let query = format!(
        "SELECT count(*) || ' rows ' || coalesce(md5(string_agg(row, ' ' ORDER BY row)), '')
         FROM (SELECT md5((to_jsonb(t) - 'last_used_at')::text) AS row FROM \"{table}\" t) rows"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(db).await.unwrap()
}

async fn work_together(vendor: &mut Company, partner: &mut Company) {
    let body = deal_body(
        vendor.org,
        &format!("Customer of {}", partner.name),
        &format!("customer-of-{}.example", partner.name),
    );
    let deal = partner.people["sales"].caller.post("/api/v1/deals", &body).await.ok();
    let partnerships = vendor.leader().caller.get("/api/v1/partnerships").await.ok();
    let partnerships = partnerships["items"].as_array().unwrap();
    let ours = partnerships
        .iter()
        .find(|one| one["partner"]["id"] == json!(partner.org))
        .unwrap();
    for (collection, record) in [("deals", &deal["id"]), ("partnerships", &ours["id"])] {
        let id = record.as_str().unwrap().to_owned();
        vendor.records.insert(collection, id.clone());
        partner.records.insert(collection, id);
    }
    for (collection, id, owner) in furnish::records(vendor, partner).await {
        // The side that has no such record has an id of nothing.
        let nothing = unknown_like(&id);
        for (company, has) in [
            (&mut *vendor, owner != Owner::Partner),
            (&mut *partner, owner != Owner::Vendor),
        ] {
            if has {
                company.records.insert(collection, id.clone());
            } else {
                company.records.entry(collection).or_insert_with(|| nothing.clone());
            }
        }
    }
}

impl Company {
    async fn of(server: &TestServer, name: &'static str, kind: OrgKind, org: OrgId) -> Self {
        let mut people = BTreeMap::new();
        for role in Role::ALL.iter().filter(|role| role.kind() == kind) {
            let caller = server.login(&format!("{}@{name}.example", role.as_str())).await;
            let scopes = role
                .permissions()
                .iter()
                .map(|permission| permission.scope().to_owned())
                .collect();
            people.insert(
                role.as_str(),
                Person {
                    name: format!("{}@{name}", role.as_str()),
                    caller,
                    scopes,
                },
            );
        }
        let mut company = Self {
            name,
            kind,
            org,
            people,
            records: BTreeMap::new(),
        };
        company.furnish(server).await;
        company
    }

    async fn furnish(&mut self, server: &TestServer) {
        let leader = self.leader().caller.clone();
        let members = leader.get("/api/v1/members?limit=100").await.ok();
        let is_plain = |member: &&Value| member["role"] == "finance";
        let member = members["items"].as_array().unwrap().iter().find(is_plain).unwrap();
        let invited = json!({"email": format!("new@{}.example", self.name), "role": "finance"});
        let invitation = leader.post("/api/v1/invitations", &invited).await.ok();
        let key = leader
            .post("/api/v1/api-keys", &json!({"name": "Key", "scopes": self.key_scopes()}))
            .await
            .ok();
        // The leader's session on another device.
        server
            .login(&format!("{}@{}.example", self.leader_role(), self.name))
            .await;
        let sessions = leader.get("/api/v1/auth/sessions").await.ok();
        let is_other = |session: &&Value| session["current"] == false;
        let session = sessions["items"].as_array().unwrap().iter().find(is_other).unwrap();
        let secret = key["secret"].as_str().unwrap();
        let person = Person {
            name: format!("key@{}", self.name),
            caller: server.with_token(secret),
            scopes: self.key_scopes(),
        };
        self.people.insert("key", person);
        for (collection, record) in [
            ("members", member),
            ("invitations", &invitation),
            ("api-keys", &key["key"]),
            ("sessions", session),
        ] {
            self.records
                .insert(collection, record["id"].as_str().unwrap().to_owned());
        }
        self.records
            .insert("users", member["user"]["id"].as_str().unwrap().to_owned());
    }

    /// What an API key of this kind of company can be given at most.
    fn key_scopes(&self) -> Vec<String> {
        let all = Permission::ALL.iter().filter(|one| one.suits_key(self.kind));
        all.map(|permission| permission.scope().to_owned()).collect()
    }

    const fn leader_role(&self) -> &'static str {
        match self.kind {
            OrgKind::Vendor => "owner",
            OrgKind::Partner => "admin",
        }
    }

    /// One of its people who may do it, the key if it may, and one who may not.
    pub(super) fn tryers(&self, operation: &Operation) -> Vec<&Person> {
        let able = self.people.values().find(|person| person.may(operation));
        let unable = self.people.values().find(|person| !person.may(operation));
        let key = &self.people["key"];
        let mut tryers: Vec<&Person> = able.into_iter().chain(unable).collect();
        if tryers.iter().all(|person| person.name != key.name) {
            tryers.push(key);
        }
        tryers
    }

    /// Who may do the most.
    pub(super) fn leader(&self) -> &Person {
        &self.people[self.leader_role()]
    }

    /// The company's own record behind the id in the operation's path.
    pub(super) fn record(&self, operation: &Operation) -> String {
        match operation.collection() {
            None => String::new(),
            Some("vendors") => self.org.to_string(),
            Some(collection) => match self.records.get(collection) {
                Some(id) => id.clone(),
                None => panic!(
                    "{}: tell World which record stands behind {}",
                    operation.id, operation.path
                ),
            },
        }
    }

    /// A record of the company's own whose ids have this prefix.
    pub(super) fn record_of_kind(&self, prefix: &str) -> String {
        if prefix == "org" {
            return self.org.to_string();
        }
        let found = self.records.values().find(|id| id.starts_with(&format!("{prefix}_")));
        found
            .unwrap_or_else(|| panic!("tell World which record has an id that begins with {prefix}_"))
            .clone()
    }
}

impl Person {
    /// Whether the matrix lets them do it.
    pub(super) fn may(&self, operation: &Operation) -> bool {
        if OPERATOR.contains(&operation.id.as_str()) {
            return self.name == "operator";
        }
        let scopes = operation.scopes.as_deref().unwrap_or_default();
        scopes.iter().all(|scope| self.scopes.contains(scope))
    }

    /// Calls an operation as the document describes it.
    pub(super) async fn call(&self, operation: &Operation, path: &str, body: Option<&Value>) -> Answer {
        call(&self.caller, operation, path, body.map(Value::to_string)).await
    }
}

/// Calls an operation with everything that it asks for.
pub(super) async fn call(caller: &Caller, operation: &Operation, path: &str, body: Option<String>) -> Answer {
    let mut headers = Vec::new();
    if operation.is_conditional() {
        headers.push(("if-match", "\"v1\""));
    }
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    caller
        .send(operation.method.clone(), path, &headers, body.unwrap_or_default())
        .await
}

impl Operation {
    /// The document's example of a body, with a date that stays in the future and a role that all companies have.
    pub(super) fn example(&self) -> Option<Value> {
        let mut body = self.body.clone()?;
        if let Some(date) = body.get_mut("expected_close") {
            *date = json!(Clock::system().now().date_naive() + chrono::Days::new(60));
        }
        if let Some(role) = body.get_mut("role") {
            *role = "marketing".into();
        }
        Some(body)
    }

    pub(super) fn reads(&self) -> bool {
        self.method == Method::GET
    }
}

/// An id of the same kind that nothing has.
pub(super) fn unknown_like(id: &str) -> String {
    parse_id_text(id).map_or_else(String::new, |(prefix, _)| unknown_id(&prefix))
}

/// An id of this kind that nothing has.
pub(super) fn unknown_id(prefix: &str) -> String {
    id_text(prefix, uuid::Uuid::from_bytes(Entropy::system().bytes())).unwrap()
}

/// What an answer says, without what differs between any two, and without the id that was asked for.
pub(super) fn essence(answer: &Answer, id: &str) -> (u16, String) {
    let file = answer.header("content-type").starts_with("text/csv");
    let mut body = if file { Value::Null } else { answer.json() };
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    let body = if file {
        String::from_utf8_lossy(&answer.body).into_owned()
    } else {
        body.to_string()
    };
    (
        answer.status.as_u16(),
        if id.is_empty() { body } else { body.replace(id, "<id>") },
    )
}
