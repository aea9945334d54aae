//! What the feature announces. Whole shares go to the vendor; each partner hears its own.

use guildhall_kernel::{CreditAgreementId, DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::stored::Agreement;
use super::view::AgreementStatus;
use super::{CreditRole, Share};

/// How the credit of a deal is shared from now on. For the vendor.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreditNow {
    /// The deal.
    pub deal_id: DealId,
    /// Whose deal.
    pub vendor_id: OrgId,
    /// The agreement that is in force.
    pub agreement_id: CreditAgreementId,
    /// Which one of the deal's that is, from 1.
    pub revision: i32,
    /// Whether the deal is won, so that earnings go by it.
    pub locked: bool,
    /// The shares; those of a role sum to 100.
    pub shares: Vec<Share>,
}

/// How much of the credit of a deal is a partner's from now on. For that partner.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OwnCreditNow {
    /// The deal.
    pub deal_id: DealId,
    /// Whose deal.
    pub vendor_id: OrgId,
    /// The partner.
    pub partner_id: OrgId,
    /// The agreement that is in force.
    pub agreement_id: CreditAgreementId,
    /// Which one of the deal's that is, from 1.
    pub revision: i32,
    /// Whether the deal is won, so that earnings go by it.
    pub locked: bool,
    /// The partner's shares; none when it has no part any more.
    pub shares: Vec<OwnShare>,
}

/// A partner's part in a role.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OwnShare {
    /// What it did.
    pub role: CreditRole,
    /// In percent, with two decimals.
    pub percent: String,
}

/// A proposal right after a change. For those whom it concerns, without their names, shares and signatures: each reads
/// in the agreement what it may know of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProposalNow {
    /// The proposed agreement.
    pub agreement_id: CreditAgreementId,
    /// The deal.
    pub deal_id: DealId,
    /// Whose deal.
    pub vendor_id: OrgId,
    /// Where it stands.
    pub status: AgreementStatus,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($facts:ident) = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub $facts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::CoSell;
            }

            impl From<$facts> for $name {
                fn from(facts: $facts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)* EventDoc::of::<CreditRulesChanged>()];
    };
}

events! {
    /// The deal was won: its credit is locked as it stands.
    CreditLocked(CreditNow) = "credit.locked";
    /// The deal was won: the partner's credit is locked as it stands.
    OwnCreditLocked(OwnCreditNow) = "credit.own_locked";
    /// Another way of sharing the credit came into force.
    CreditAgreed(CreditNow) = "credit.agreed";
    /// Another way of sharing the credit came into force, as it concerns the partner.
    OwnCreditAgreed(OwnCreditNow) = "credit.own_agreed";
    /// An agreement on credit was proposed.
    CreditProposed(ProposalNow) = "credit.proposed";
    /// Somebody signed a proposal that others have yet to sign. For the vendor, the signer, and those who see that
    /// signature.
    CreditSigned(ProposalNow) = "credit.signed";
    /// Somebody refused a proposal.
    CreditDeclined(ProposalNow) = "credit.declined";
    /// Who made a proposal took it back.
    CreditWithdrawn(ProposalNow) = "credit.withdrawn";
}

/// What a program says of credit was changed. For the vendor.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CreditRulesChanged {
    /// The program.
    pub program_id: guildhall_kernel::ProgramId,
    /// Whose program.
    pub vendor_id: OrgId,
    /// The roles that credit is given for.
    pub roles: Vec<CreditRole>,
    /// Whether partners see each other's shares.
    pub shares_open: bool,
    /// The version of the rules after the change.
    pub version: i64,
}

impl Event for CreditRulesChanged {
    const KIND: &'static str = "program.credit_rules_changed";
    const TOPIC: Topic = Topic::Programs;
}

/// Announces a change of a proposal to everyone whom it concerns.
pub(super) async fn proposal<E>(tx: &mut Tx, origin: &Origin, agreement: &Agreement) -> Result<(), Problem>
where
    E: Event + From<ProposalNow>,
{
    tell::<E>(tx, origin, agreement, |_| true).await
}

/// Announces that `by` signed, to those who may know: a partner's signature is shown to other partners only when the
/// program shows the shares of all (`open`).
pub(super) async fn signed(
    tx: &mut Tx,
    origin: &Origin,
    agreement: &Agreement,
    by: OrgId,
    open: bool,
) -> Result<(), Problem> {
    let vendor = agreement.vendor_id;
    let hears = |org: OrgId| open || by == vendor || org == vendor || org == by;
    tell::<CreditSigned>(tx, origin, agreement, hears).await
}

async fn tell<E>(
    tx: &mut Tx,
    origin: &Origin,
    agreement: &Agreement,
    hears: impl Fn(OrgId) -> bool,
) -> Result<(), Problem>
where
    E: Event + From<ProposalNow>,
{
    let concerned = agreement.signatures.iter().map(|one| one.org_id);
    let audiences: Vec<_> = concerned.filter(|org| hears(*org)).map(OrgId::uuid).collect();
    let now = ProposalNow {
        agreement_id: agreement.id,
        deal_id: agreement.deal_id,
        vendor_id: agreement.vendor_id,
        status: agreement.status,
    };
    event::append(tx, origin, agreement.deal_id, &audiences, &E::from(now)).await?;
    Ok(())
}

/// Announces what is in force: whole to the vendor, and to each partner what is its own.
pub(super) async fn in_force<W, O>(
    tx: &mut Tx,
    origin: &Origin,
    agreement: &Agreement,
    locked: bool,
) -> Result<(), Problem>
where
    W: Event + From<CreditNow>,
    O: Event + From<OwnCreditNow>,
{
    let (deal_id, vendor_id, agreement_id) = (agreement.deal_id, agreement.vendor_id, agreement.id);
    let revision = agreement.revision.unwrap_or_default();
    let shares = agreement.shares.clone();
    let whole = CreditNow {
        deal_id,
        vendor_id,
        agreement_id,
        revision,
        locked,
        shares,
    };
    event::append(tx, origin, deal_id, &[vendor_id.uuid()], &W::from(whole)).await?;
    for partner in agreement
        .signatures
        .iter()
        .map(|one| one.org_id)
        .filter(|org| *org != vendor_id)
    {
        let own = agreement.shares.iter().filter(|share| share.partner_id == partner);
        let shares = own.map(|share| OwnShare {
            role: share.role,
            percent: share.percent.to_string(),
        });
        let own = OwnCreditNow {
            deal_id,
            vendor_id,
            partner_id: partner,
            agreement_id,
            revision,
            locked,
            shares: shares.collect(),
        };
        event::append(tx, origin, deal_id, &[partner.uuid()], &O::from(own)).await?;
    }
    Ok(())
}
