//! A lead as one side may see it. The person, and what the person wrote, is for the vendor, and for the partner that
//! accepted the lead.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, LeadFormId, LeadId, OrgId};
use guildhall_spine::{
    access::{OrgKind, Permissions},
    http::Problem,
};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgExecutor, types::Json};
use utoipa::ToSchema;

use super::draft::{Contact, Source};
use super::stage::{Move, Stage};
use crate::deals::wire::in_currency;
use crate::leads::rules::{explain::Why, scoring::ScorePart};

/// A company by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadParty)]
pub(in crate::leads) struct Party {
    /// Its id.
    pub(in crate::leads) id: OrgId,
    /// Its name.
    #[schema(example = "Northwind Systems")]
    pub(in crate::leads) name: String,
}

/// The company that shows interest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadCompany)]
pub(in crate::leads) struct Company {
    /// Its name.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(in crate::leads) name: String,
    /// The registrable domain.
    #[schema(example = "contoso.example")]
    pub(in crate::leads) domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(in crate::leads) country: Option<String>,
    /// Its industry.
    #[schema(example = "manufacturing")]
    pub(in crate::leads) industry: Option<String>,
    /// How many people work there.
    #[schema(example = 250)]
    pub(in crate::leads) employees: Option<i32>,
}

/// An offer to the partner that reads.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadOwnOffer)]
pub(in crate::leads) struct OwnOffer {
    /// Whether others are asked too: then the first to accept has it.
    pool: bool,
    /// When it was made.
    offered_at: DateTime<Utc>,
    /// Until when it can be accepted.
    expires_at: DateTime<Utc>,
    /// Why it was made to this partner.
    why: Why,
}

/// What only the vendor sees of a lead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadVendorPart)]
pub(in crate::leads) struct VendorPart {
    /// How promising it is, 0 to 100.
    #[schema(example = 65)]
    pub(in crate::leads) score: i16,
    /// What the score is made of.
    score_parts: Vec<ScorePart>,
    /// How often the company showed interest.
    #[schema(example = 1)]
    touches: i32,
    /// How often it was handed out.
    #[schema(example = 1)]
    round: i32,
    /// Why it looks like spam: `honeypot`, `too_fast`, `links`.
    suspicions: Vec<String>,
    /// The web form that it came by.
    form_id: Option<LeadFormId>,
    /// The live deal that it is another sign of.
    existing_deal_id: Option<DealId>,
}

/// A lead.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct Lead {
    /// Its id.
    pub(in crate::leads) id: LeadId,
    /// Rises with each change of its stage; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(in crate::leads) version: i64,
    /// Where it stands.
    pub(in crate::leads) stage: Stage,
    /// Whose it is.
    pub(in crate::leads) vendor: Party,
    /// The partner that has it, or that alone is asked.
    pub(in crate::leads) partner: Option<Party>,
    /// The company.
    pub(in crate::leads) company: Company,
    /// The person; `null` for a partner that has not accepted.
    pub(in crate::leads) contact: Option<Contact>,
    /// What it is about.
    #[schema(example = "Edge gateway")]
    pub(in crate::leads) product: Option<String>,
    /// What it may be worth.
    #[schema(example = "15000.00")]
    pub(in crate::leads) amount: Option<Decimal>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(in crate::leads) currency: Option<String>,
    /// What was said; `null` for a partner that has not accepted.
    pub(in crate::leads) message: Option<String>,
    /// Where it comes from.
    pub(in crate::leads) source: Source,
    /// The campaign.
    #[schema(example = "spring-fair-2027")]
    pub(in crate::leads) campaign: Option<String>,
    /// What the source calls it.
    #[schema(example = "crm-48213")]
    pub(in crate::leads) reference: Option<String>,
    /// Until when the partner owes the first contact.
    pub(in crate::leads) contact_due_at: Option<DateTime<Utc>>,
    /// Why it was given back or given up.
    pub(in crate::leads) reason: Option<String>,
    /// The same in words.
    pub(in crate::leads) reason_note: Option<String>,
    /// The deal that was made of it.
    pub(in crate::leads) deal_id: Option<DealId>,
    /// For the vendor only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::leads) routing: Option<VendorPart>,
    /// For a partner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::leads) offer: Option<OwnOffer>,
    /// When it came in.
    pub(in crate::leads) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(in crate::leads) updated_at: DateTime<Utc>,
    /// The moves that this actor may make now.
    pub(in crate::leads) next: Vec<Move>,
}

/// A lead as the database has it, for one side.
#[derive(Debug)]
pub(in crate::leads) struct View {
    pub(in crate::leads) id: LeadId,
    pub(in crate::leads) version: i64,
    pub(in crate::leads) stage: Stage,
    pub(in crate::leads) vendor_id: OrgId,
    pub(in crate::leads) vendor_name: String,
    pub(in crate::leads) partner_id: Option<OrgId>,
    pub(in crate::leads) partner_name: Option<String>,
    pub(in crate::leads) company_name: String,
    pub(in crate::leads) domain: Option<String>,
    pub(in crate::leads) country: Option<String>,
    pub(in crate::leads) industry: Option<String>,
    pub(in crate::leads) employees: Option<i32>,
    pub(in crate::leads) contact_name: Option<String>,
    pub(in crate::leads) contact_title: Option<String>,
    pub(in crate::leads) contact_email: Option<String>,
    pub(in crate::leads) contact_phone: Option<String>,
    pub(in crate::leads) product: Option<String>,
    pub(in crate::leads) amount: Option<Decimal>,
    pub(in crate::leads) currency: Option<String>,
    pub(in crate::leads) message: Option<String>,
    pub(in crate::leads) source: Source,
    pub(in crate::leads) campaign: Option<String>,
    pub(in crate::leads) reference: Option<String>,
    pub(in crate::leads) contact_due_at: Option<DateTime<Utc>>,
    pub(in crate::leads) reason: Option<String>,
    pub(in crate::leads) reason_note: Option<String>,
    pub(in crate::leads) deal_id: Option<DealId>,
    pub(in crate::leads) score: i16,
    pub(in crate::leads) score_parts: Json<Vec<ScorePart>>,
    pub(in crate::leads) touches: i32,
    pub(in crate::leads) round: i32,
    pub(in crate::leads) suspicions: Vec<String>,
    pub(in crate::leads) form_id: Option<LeadFormId>,
    pub(in crate::leads) existing_deal_id: Option<DealId>,
    pub(in crate::leads) created_at: DateTime<Utc>,
    pub(in crate::leads) updated_at: DateTime<Utc>,
    pub(in crate::leads) pool: Option<bool>,
    pub(in crate::leads) state: Option<String>,
    pub(in crate::leads) offered_at: Option<DateTime<Utc>>,
    pub(in crate::leads) expires_at: Option<DateTime<Utc>>,
    pub(in crate::leads) why: Option<Json<Why>>,
}

/// `$1` is the organisation acted for; its live offer, if it is a partner's, comes along.
macro_rules! views {
    ($from:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            View,
            r#"SELECT l.id AS "id: LeadId", l.version, l.stage AS "stage: Stage", l.vendor_id AS "vendor_id: OrgId",
                      (SELECT name FROM organisation WHERE id = l.vendor_id) AS "vendor_name!",
                      l.partner_id AS "partner_id: OrgId",
                      (SELECT name FROM organisation WHERE id = l.partner_id) AS partner_name,
                      l.company_name, l.domain, l.country, l.industry, l.employees, l.contact_name, l.contact_title,
                      l.contact_email, l.contact_phone, l.product, l.amount, l.currency, l.message,
                      l.source AS "source: Source", l.campaign, l.reference, l.contact_due_at, l.reason, l.reason_note,
                      l.deal_id AS "deal_id: DealId", l.score, l.score_parts AS "score_parts: Json<Vec<ScorePart>>",
                      l.touches, l.round, l.suspicions, l.form_id AS "form_id: LeadFormId",
                      l.existing_deal_id AS "existing_deal_id: DealId", l.created_at, l.updated_at,
                      o.pool AS "pool?", o.state AS "state?", o.offered_at AS "offered_at?",
                      o.expires_at AS "expires_at?", o.why AS "why?: Json<Why>"
               FROM "# + $from,
            $($argument),+
        )
    };
}
pub(in crate::leads) use views;

/// The lead, if `org` may see it.
pub(in crate::leads) async fn load(
    db: impl PgExecutor<'_>,
    id: LeadId,
    org: OrgId,
) -> Result<Option<View>, sqlx::Error> {
    views!(
        "lead l LEFT JOIN lead_offer o ON o.lead_id = l.id AND o.partner_id = $1
                                          AND o.state IN ('open', 'accepted', 'done')
         WHERE l.id = $2
           AND (l.vendor_id = $1
                OR (o.id IS NOT NULL AND EXISTS (SELECT FROM partnership s WHERE s.vendor_id = l.vendor_id
                                                 AND s.partner_id = $1 AND s.status = 'active')))",
        org.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The lead just written, for the answer.
pub(in crate::leads) async fn reload(db: impl PgExecutor<'_>, id: LeadId, org: OrgId) -> Result<View, Problem> {
    load(db, id, org)
        .await?
        .ok_or_else(|| Problem::internal("a lead vanished inside its own transaction"))
}

impl View {
    /// The lead on the wire, for this kind of company and an actor with these permissions.
    pub(in crate::leads) fn into_lead(self, kind: OrgKind, may: Permissions) -> Lead {
        let known = kind == OrgKind::Vendor || self.state.as_deref().is_some_and(|state| state != "open");
        let offer = self.own_offer(kind);
        let contact = Contact {
            name: self.contact_name,
            title: self.contact_title,
            email: self.contact_email,
            phone: self.contact_phone,
        };
        let routing = (kind == OrgKind::Vendor).then_some(VendorPart {
            score: self.score,
            score_parts: self.score_parts.0,
            touches: self.touches,
            round: self.round,
            suspicions: self.suspicions,
            form_id: self.form_id,
            existing_deal_id: self.existing_deal_id,
        });
        let currency = self.currency;
        Lead {
            id: self.id,
            version: self.version,
            stage: self.stage,
            vendor: Party {
                id: self.vendor_id,
                name: self.vendor_name,
            },
            partner: self
                .partner_id
                .zip(self.partner_name)
                .map(|(id, name)| Party { id, name }),
            company: Company {
                name: self.company_name,
                domain: self.domain,
                country: self.country,
                industry: self.industry,
                employees: self.employees,
            },
            contact: Some(contact).filter(|contact| known && *contact != Contact::default()),
            product: self.product,
            amount: self
                .amount
                .map(|amount| in_currency(amount, currency.as_deref().unwrap_or_default())),
            currency,
            message: self.message.filter(|_| known),
            source: self.source,
            campaign: self.campaign,
            reference: self.reference,
            contact_due_at: self.contact_due_at,
            reason: self.reason,
            reason_note: self.reason_note,
            deal_id: self.deal_id,
            routing,
            offer,
            created_at: self.created_at,
            updated_at: self.updated_at,
            next: Move::open_to(self.stage, kind, may),
        }
    }

    fn own_offer(&self, kind: OrgKind) -> Option<OwnOffer> {
        if kind == OrgKind::Vendor {
            return None;
        }
        Some(OwnOffer {
            pool: self.pool?,
            offered_at: self.offered_at?,
            expires_at: self.expires_at?,
            why: self.why.as_ref()?.0.clone(),
        })
    }
}
