//! Credit on the wire, as each side may see it.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CreditAgreementId, DealId, OrgId};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::DealFacts;
use super::stored::{Agreement, Signature};
use super::{CreditRole, Share, rules};

/// Where an agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CreditAgreementStatus)]
pub enum AgreementStatus {
    /// Some have yet to sign.
    Proposed,
    /// Earnings go by it.
    InForce,
    /// Earnings went by it until another one came.
    Superseded,
    /// Somebody refused.
    Declined,
    /// Who made it took it back.
    Withdrawn,
    /// The deal was won before everyone had signed.
    Lapsed,
}

impl AgreementStatus {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

/// Where shares come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CreditSource)]
pub enum Source {
    /// Nothing was agreed: the partner that registered the deal has all of it.
    Default,
    /// Everyone whom it concerns signed.
    Agreement,
    /// The vendor decided a conflict of registrations.
    Decision,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Agreement => "agreement",
            Self::Decision => "decision",
        }
    }
}

/// A company by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditParty)]
pub(super) struct Party {
    /// Its id.
    id: OrgId,
    /// Its name.
    #[schema(example = "Alder Consulting")]
    name: String,
}

/// A part in a role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreditShare)]
pub(super) struct ShareView {
    /// What was done.
    role: CreditRole,
    /// Whose part; `null` for the rest, which a partner sees as one unless the program shows the shares of all.
    partner: Option<Party>,
    /// In percent, with two decimals; those of a role sum to 100.
    #[schema(example = "60.00")]
    percent: Decimal,
}

/// Somebody whom an agreement concerns.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreditSignature)]
pub(super) struct SignatureView {
    /// Who.
    party: Party,
    /// When it signed; `null` when it hasn't.
    signed_at: Option<DateTime<Utc>>,
}

/// An agreement on the credit of a deal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreditAgreement {
    /// Its id.
    pub(super) id: CreditAgreementId,
    /// The deal.
    deal_id: DealId,
    /// Rises with each signature that the reader may see, and each other change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// Which of the deal's agreements it is among those that came into force, from 1.
    revision: Option<i32>,
    /// Where it stands.
    status: AgreementStatus,
    /// Where it comes from.
    source: Source,
    /// Who proposed it; `null` when it was another partner whom this one does not see.
    proposed_by: Option<Party>,
    /// What was said with it.
    note: Option<String>,
    /// The shares.
    shares: Vec<ShareView>,
    /// Who has signed and who has yet to. A partner sees the vendor and itself, unless the program shows the shares of all.
    signatures: Vec<SignatureView>,
    /// How many of these have yet to sign. It stays `proposed` as long as anybody has to, shown or not.
    #[schema(example = 1)]
    unsigned: usize,
    /// When it was proposed.
    created_at: DateTime<Utc>,
    /// When it came into force.
    in_force_at: Option<DateTime<Utc>>,
}

/// What counts now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreditInForce {
    /// Where it comes from.
    source: Source,
    /// The agreement; `null` for the default of a deal that isn't won.
    agreement_id: Option<CreditAgreementId>,
    /// Which of the deal's agreements it is among those that came into force, from 1.
    revision: Option<i32>,
    /// The shares.
    shares: Vec<ShareView>,
}

/// How the credit of a deal is shared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealCredit {
    /// The deal.
    deal_id: DealId,
    /// Since when it is settled, because the deal was won.
    locked_at: Option<DateTime<Utc>>,
    /// What counts now; `null` for a partner that it doesn't concern.
    in_force: Option<CreditInForce>,
    /// What waits for signatures.
    proposals: Vec<CreditAgreement>,
    /// What was proposed or in force before, the newest first; the last 100 at most.
    history: Vec<CreditAgreement>,
}

/// Whose eyes look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Viewer {
    pub(super) org: OrgId,
    pub(super) vendor: OrgId,
    /// Whether the program shows the shares of all.
    pub(super) open: bool,
}

impl Viewer {
    fn sees_all(self) -> bool {
        self.open || self.org == self.vendor
    }

    fn sees(self, org: OrgId) -> bool {
        self.sees_all() || org == self.org || org == self.vendor
    }

    fn shares(self, shares: &[Share], signatures: &[Signature]) -> Vec<ShareView> {
        let named = |org| party(org, signatures);
        if self.sees_all() {
            let all = shares.iter().map(|share| ShareView {
                role: share.role,
                partner: Some(named(share.partner_id)),
                percent: share.percent,
            });
            return all.collect();
        }
        let seen = rules::seen_by(self.org, shares).into_iter();
        seen.map(|(role, partner, percent)| ShareView {
            role,
            partner: partner.map(named),
            percent,
        })
        .collect()
    }

    /// The version that this reader sees, and changes it by: signatures that are not shown to it don't count. A
    /// proposer's came with the proposal and never did.
    pub(super) fn version(self, agreement: &Agreement) -> i64 {
        let others = agreement
            .signatures
            .iter()
            .filter(|one| !self.sees(one.org_id) && one.org_id != agreement.proposed_by);
        let hidden = others.filter(|one| one.signed_at.is_some()).count();
        agreement.version - i64::try_from(hidden).unwrap_or_default()
    }

    /// An agreement as it is seen.
    pub(super) fn agreement(self, agreement: &Agreement) -> CreditAgreement {
        let signatures = || agreement.signatures.iter().filter(|one| self.sees(one.org_id));
        let proposer = agreement.proposed_by;
        CreditAgreement {
            id: agreement.id,
            deal_id: agreement.deal_id,
            version: self.version(agreement),
            revision: agreement.revision,
            status: agreement.status,
            source: agreement.source,
            proposed_by: self.sees(proposer).then(|| party(proposer, &agreement.signatures)),
            note: agreement.note.clone(),
            shares: self.shares(&agreement.shares, &agreement.signatures),
            signatures: signatures()
                .map(|one| SignatureView {
                    party: party(one.org_id, &agreement.signatures),
                    signed_at: one.signed_at,
                })
                .collect(),
            unsigned: signatures().filter(|one| one.signed_at.is_none()).count(),
            created_at: agreement.created_at,
            in_force_at: agreement.in_force_at,
        }
    }

    /// The credit of a deal as it is seen; `registrant` is the partner that registered it, by name.
    pub(super) fn deal(
        self,
        deal: &DealFacts,
        registrant: Signature,
        agreements: &[Agreement],
        settled: bool,
    ) -> DealCredit {
        let current = agreements.iter().find(|one| one.status == AgreementStatus::InForce);
        let in_force = current.map(|one| CreditInForce {
            source: one.source,
            agreement_id: Some(one.id),
            revision: one.revision,
            shares: self.shares(&one.shares, &one.signatures),
        });
        let by_default = || {
            let shares = rules::by_default(deal.partner_id, &deal.roles);
            CreditInForce {
                source: Source::Default,
                agreement_id: None,
                revision: None,
                shares: self.shares(&shares, std::slice::from_ref(&registrant)),
            }
        };
        let of = |open: bool| {
            let wanted = agreements
                .iter()
                .filter(move |one| (one.status == AgreementStatus::Proposed) == open)
                .filter(|one| one.status != AgreementStatus::InForce);
            wanted.map(|one| self.agreement(one)).collect()
        };
        DealCredit {
            deal_id: deal.id,
            locked_at: deal.locked_at,
            in_force: in_force.or_else(|| (!settled).then(by_default)),
            proposals: of(true),
            history: of(false),
        }
    }
}

fn party(org: OrgId, signatures: &[Signature]) -> Party {
    let name = signatures
        .iter()
        .find(|one| one.org_id == org)
        .map(|one| one.name.clone());
    Party {
        id: org,
        name: name.unwrap_or_default(),
    }
}
