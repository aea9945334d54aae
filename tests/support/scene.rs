//! Companies and people that tests play with.

use std::sync::OnceLock;

use guildhall_kernel::{
    Clock, Entropy, Id, OrgId, UserId,
    entity::{Membership, Org, Partnership, User},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::TestServer;

/// Everyone's password.
pub(crate) const PASSWORD: &str = "a fine test password";

/// Two vendors that know nothing of each other. Northwind's program has two partners, Alder and Birch; Southgate's
/// has one, Cedar. Each company has its people, named `<role>@<company>.example`.
pub(crate) struct Scene {
    pub(crate) northwind: OrgId,
    pub(crate) southgate: OrgId,
    pub(crate) alder: OrgId,
    pub(crate) birch: OrgId,
    pub(crate) cedar: OrgId,
}

const VENDOR_ROLES: &[&str] = &[
    "owner",
    "admin",
    "channel_manager",
    "finance",
    "marketing",
    "content",
    "moderator",
    "viewer",
];
const PARTNER_ROLES: &[&str] = &["admin", "sales", "marketing", "technical", "finance", "learner"];

fn new_id<E: guildhall_kernel::Entity>() -> Id<E> {
    Id::generate(&Clock::system(), &Entropy::system())
}

/// Hashing once is enough.
async fn password_hash(server: &TestServer) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return hash.clone();
    }
    let hash = server.app().passwords.hash(PASSWORD.to_owned()).await.unwrap();
    HASH.get_or_init(|| hash).clone()
}

impl Scene {
    pub(crate) async fn set(server: &TestServer) -> Self {
        let hash = password_hash(server).await;
        let mut db = server.database.connect().await;
        let northwind = company(&mut db, "vendor", "Northwind", VENDOR_ROLES, &hash).await;
        let southgate = company(&mut db, "vendor", "Southgate", VENDOR_ROLES, &hash).await;
        let alder = company(&mut db, "partner", "Alder", PARTNER_ROLES, &hash).await;
        let birch = company(&mut db, "partner", "Birch", PARTNER_ROLES, &hash).await;
        let cedar = company(&mut db, "partner", "Cedar", PARTNER_ROLES, &hash).await;
        for (vendor, partner) in [(northwind, alder), (northwind, birch), (southgate, cedar)] {
            sqlx::query(
                "INSERT INTO partnership (id, vendor_id, partner_id, status, tier, created_at, updated_at)
                 VALUES ($1, $2, $3, 'active', 'registered', now(), now())",
            )
            .bind(new_id::<Partnership>())
            .bind(vendor)
            .bind(partner)
            .execute(&mut db)
            .await
            .unwrap();
        }
        person(&mut db, "operator@guildhall.example", "Operator", &hash, true).await;
        Self {
            northwind,
            southgate,
            alder,
            birch,
            cedar,
        }
    }
}

async fn company(db: &mut PgConnection, kind: &str, name: &str, roles: &[&str], hash: &str) -> OrgId {
    let id: OrgId = new_id::<Org>();
    let slug = name.to_lowercase();
    sqlx::query(
        "INSERT INTO organisation (id, kind, name, slug, country, domain, created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'DE', $5, now(), now())",
    )
    .bind(id)
    .bind(kind)
    .bind(name)
    .bind(&slug)
    .bind(format!("{slug}.example"))
    .execute(&mut *db)
    .await
    .unwrap();
    for role in roles {
        let user = person(
            db,
            &format!("{role}@{slug}.example"),
            &format!("{name} {role}"),
            hash,
            false,
        )
        .await;
        sqlx::query(
            "INSERT INTO membership (id, org_id, user_id, role, created_at, updated_at) VALUES ($1, $2, $3, $4, now(), now())",
        )
        .bind(new_id::<Membership>())
        .bind(id)
        .bind(user)
        .bind(role)
        .execute(&mut *db)
        .await
        .unwrap();
    }
    id
}

async fn person(db: &mut PgConnection, email: &str, name: &str, hash: &str, operator: bool) -> UserId {
    let id: UserId = new_id::<User>();
    sqlx::query(
        "INSERT INTO user_account (id, email, name, password_hash, email_verified_at, operator, created_at, updated_at)
         VALUES ($1, $2, $3, $4, now(), $5, now(), now())",
    )
    .bind(id)
    .bind(email)
    .bind(name)
    .bind(hash)
    .bind(operator)
    .execute(db)
    .await
    .unwrap();
    id
}

/// A registration that is accepted, for this vendor and customer.
pub(crate) fn deal_body(vendor: OrgId, customer: &str, domain: &str) -> Value {
    let close = Clock::system().now().date_naive() + chrono::Days::new(60);
    json!({
        "vendor_id": vendor,
        "customer": {"name": customer, "domain": domain, "country": "DE"},
        "currency": "EUR",
        "expected_close": close,
        "products": [{"name": "Gateway", "quantity": "3", "unit_amount": "1200.50"}],
        "contacts": [{"name": "Jo Doe", "email": format!("jo@{domain}")}],
    })
}
