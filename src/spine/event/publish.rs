//! Writing events.

use std::net::IpAddr;

use guildhall_kernel::{ApiKeyId, Entity, EventId, Id, OrgId, SessionId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Position;
use crate::{access::Permission, db::Tx, http::Problem};

/// What an event is about, in the wide: the unit of subscription and of permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Deal registrations.
    Deals,
    /// Partnerships.
    Partnerships,
    /// Programs: forms, policies, stages, rates.
    Programs,
    /// Products and prices.
    Catalogue,
    /// Leads.
    Leads,
    /// Shared opportunities and the credit of deals.
    CoSell,
    /// CRM connections.
    Crm,
    /// Webhook endpoints.
    Webhooks,
    /// Bulk imports.
    Imports,
    /// Incentive plans.
    Plans,
    /// Sales, and what is earned by them.
    Earnings,
    /// Payouts, and where they go.
    Payouts,
    /// What the user has earned as a person.
    Rewards,
    /// The organisation, its members, invitations and API keys.
    Organisation,
    /// The user's own account and sessions.
    Account,
}

impl Topic {
    /// Every topic.
    pub const ALL: &'static [Self] = &[
        Self::Deals,
        Self::Partnerships,
        Self::Programs,
        Self::Catalogue,
        Self::Leads,
        Self::CoSell,
        Self::Crm,
        Self::Webhooks,
        Self::Imports,
        Self::Plans,
        Self::Earnings,
        Self::Payouts,
        Self::Rewards,
        Self::Organisation,
        Self::Account,
    ];

    /// The name in the database and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deals => "deals",
            Self::Partnerships => "partnerships",
            Self::Programs => "programs",
            Self::Catalogue => "catalogue",
            Self::Leads => "leads",
            Self::CoSell => "co_sell",
            Self::Crm => "crm",
            Self::Webhooks => "webhooks",
            Self::Imports => "imports",
            Self::Plans => "plans",
            Self::Earnings => "earnings",
            Self::Payouts => "payouts",
            Self::Rewards => "rewards",
            Self::Organisation => "organisation",
            Self::Account => "account",
        }
    }

    /// The topic that `name` means.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|topic| topic.as_str() == name)
    }

    /// What an organisation's member needs to hear of it; `None` is for the user's own eyes.
    #[must_use]
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Deals => Some(Permission::DealRead),
            Self::Partnerships => Some(Permission::PartnershipRead),
            Self::Programs => Some(Permission::ProgramRead),
            Self::Catalogue => Some(Permission::CatalogueRead),
            Self::Leads => Some(Permission::LeadRead),
            Self::CoSell => Some(Permission::CoSellRead),
            Self::Crm => Some(Permission::CrmRead),
            Self::Webhooks => Some(Permission::WebhookManage),
            Self::Imports => Some(Permission::ImportManage),
            Self::Plans => Some(Permission::PlanRead),
            Self::Earnings => Some(Permission::EarningRead),
            Self::Payouts => Some(Permission::PayoutRead),
            Self::Organisation => Some(Permission::MemberRead),
            Self::Rewards | Self::Account => None,
        }
    }
}

/// A kind of event: its payload is the type. The payload must be safe for every audience: what only one side may
/// know is another event.
pub trait Event: Serialize + JsonSchema + Send + Sync {
    /// Its name, `<thing>.<past participle>`.
    const KIND: &'static str;
    /// Its topic.
    const TOPIC: Topic;
}

/// The thing that an event happened to.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its id's prefix.
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
}

impl<E: Entity> From<Id<E>> for Subject {
    fn from(id: Id<E>) -> Self {
        Self {
            kind: E::PREFIX,
            id: id.uuid(),
        }
    }
}

/// An event type as the documentation shows it.
#[derive(Clone, Debug)]
pub struct EventDoc {
    /// Its kind.
    pub kind: &'static str,
    /// Its topic.
    pub topic: Topic,
    /// The JSON Schema of its payload.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl EventDoc {
    /// The documentation of `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            kind: E::KIND,
            topic: E::TOPIC,
            schema: |generator| generator.subschema_for::<E>(),
        }
    }
}

/// Who caused an event, and by which request. For the audit log; not sent to clients.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<ApiKeyId>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The organisation acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<OrgId>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The client's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

/// Writes `event` into the log as part of `tx`, for the organisations and users in `audiences`.
///
/// # Errors
/// When the database fails; the transaction must then be dropped.
pub async fn append<E: Event>(
    tx: &mut Tx,
    origin: &Origin,
    subject: impl Into<Subject>,
    audiences: &[Uuid],
    event: &E,
) -> Result<Position, Problem> {
    let subject = subject.into();
    let id: EventId = tx.new_id();
    let at = tx.now();
    let data = serde_json::to_value(event).map_err(Problem::internal)?;
    let origin = serde_json::to_value(origin).map_err(Problem::internal)?;
    let mut audiences = audiences.to_vec();
    audiences.sort_unstable();
    audiences.dedup();
    let place = sqlx::query!(
        r#"WITH written AS (
               INSERT INTO event (id, at, kind, topic, subject_kind, subject_id, audiences, origin, data)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               RETURNING tx, seq, at, topic, subject_id
           ), announced AS (
               INSERT INTO event_audience (audience, tx, seq, at, topic, subject_id)
               SELECT audience, tx, seq, at, topic, subject_id FROM written, unnest($7::uuid[]) audience
           )
           SELECT tx AS "tx!", seq AS "seq!" FROM written"#,
        id.uuid(),
        at,
        E::KIND,
        E::TOPIC.as_str(),
        subject.kind,
        subject.id,
        &audiences,
        origin,
        data,
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.published = true;
    Ok(Position {
        tx: place.tx,
        seq: place.seq,
    })
}

/// An event of many that are written together.
#[derive(Debug)]
pub struct Batched<E> {
    /// What it happened to.
    pub subject: Subject,
    /// Organisations and users that hear of it.
    pub audiences: Vec<Uuid>,
    /// The payload.
    pub event: E,
}

/// Writes events of one kind into the log as part of `tx`, in their order and with one statement whatever their number.
///
/// # Errors
/// When the database fails; the transaction must then be dropped.
pub async fn append_all<E: Event>(tx: &mut Tx, origin: &Origin, events: &[Batched<E>]) -> Result<(), Problem> {
    let at = tx.now();
    let origin = serde_json::to_value(origin).map_err(Problem::internal)?;
    let mut rows = Columns::default();
    for one in events {
        let mut audiences = one.audiences.clone();
        audiences.sort_unstable();
        audiences.dedup();
        let audiences: Vec<String> = audiences.iter().map(Uuid::to_string).collect();
        rows.ids.push(EventId::from(tx.new_id()).uuid());
        rows.subject_kinds.push(one.subject.kind.to_owned());
        rows.subjects.push(one.subject.id);
        rows.audiences.push(format!("{{{}}}", audiences.join(",")));
        rows.data
            .push(serde_json::to_value(&one.event).map_err(Problem::internal)?);
    }
    sqlx::query!(
        r#"WITH written AS (
               INSERT INTO event (id, at, kind, topic, subject_kind, subject_id, audiences, origin, data)
               SELECT e.id, $1, $2, $3, e.subject_kind, e.subject_id, e.audiences::uuid[], $4, e.data
               FROM unnest($5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::jsonb[])
                    WITH ORDINALITY e (id, subject_kind, subject_id, audiences, data, no)
               ORDER BY e.no
               RETURNING tx, seq, at, topic, subject_id, audiences
           )
           INSERT INTO event_audience (audience, tx, seq, at, topic, subject_id)
           SELECT audience, tx, seq, at, topic, subject_id FROM written, unnest(audiences) audience"#,
        at,
        E::KIND,
        E::TOPIC.as_str(),
        origin,
        &rows.ids,
        &rows.subject_kinds,
        &rows.subjects,
        &rows.audiences,
        &rows.data,
    )
    .execute(&mut **tx)
    .await?;
    tx.published = true;
    Ok(())
}

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    subject_kinds: Vec<String>,
    subjects: Vec<Uuid>,
    audiences: Vec<String>,
    data: Vec<serde_json::Value>,
}
