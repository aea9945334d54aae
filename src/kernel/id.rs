//! Typed, prefixed identifiers: UUIDv7 in the database, TypeID outside.

use std::{
    fmt,
    hash::Hash,
    marker::PhantomData,
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sqlx::{Decode, Encode, Postgres, Type, postgres::PgArgumentBuffer};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::{Builder, Uuid};

use crate::{Clock, Entropy};

/// A kind of thing that has ids.
pub trait Entity: 'static {
    /// The prefix of its ids, lower-case letters.
    const PREFIX: &'static str;
    /// An id for documentation.
    const EXAMPLE: &'static str;
}

/// The id of an `E`: a UUIDv7 (RFC 9562 section 5.7), written as a TypeID (`deal_01h455vb4pex5vsknk084sn02q`).
/// Another kind's id does not parse, and swapped arguments do not compile.
pub struct Id<E: Entity> {
    uuid: Uuid,
    entity: PhantomData<fn() -> E>,
}

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind: expected {expected}_ followed by 26 characters, like {example}")]
pub struct IdFault {
    expected: &'static str,
    example: &'static str,
}

impl<E: Entity> Id<E> {
    /// A new id that sorts by `clock`'s time.
    #[must_use]
    pub fn generate(clock: &Clock, entropy: &Entropy) -> Self {
        Self::next(&IdSequence::default(), clock, entropy)
    }

    /// A new id that sorts by `clock`'s time, and after all that `sequence` gave before.
    #[must_use]
    pub fn next(sequence: &IdSequence, clock: &Clock, entropy: &Entropy) -> Self {
        let tick = sequence.advance(clock.now());
        let mut rest = entropy.bytes::<10>();
        let [.., high, low] = (tick & FRACTION).to_be_bytes();
        if let Some(fraction) = rest.first_chunk_mut() {
            *fraction = [high, low];
        }
        Builder::from_unix_timestamp_millis(tick >> FRACTION.count_ones(), &rest)
            .into_uuid()
            .into()
    }

    /// The UUID that the database holds.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

/// Makes the ids that are given one after the other rise, however many a moment has: the twelve bits after the
/// milliseconds hold the fraction of the millisecond, or one more than the last id had (RFC 9562 section 6.2,
/// method 3).
#[derive(Debug, Default)]
pub struct IdSequence(AtomicU64);

/// The bits of a tick that are less than a millisecond.
const FRACTION: u64 = 0xfff;

impl IdSequence {
    /// The tick of the next id: milliseconds since 1970 and 1/4096 parts of one.
    fn advance(&self, now: DateTime<Utc>) -> u64 {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let micros = u64::from(now.timestamp_subsec_micros() % 1000);
        let tick = (millis << FRACTION.count_ones()) | ((micros << FRACTION.count_ones()) / 1000);
        let next = |last: u64| Some(tick.max(last.saturating_add(1)));
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        last.ok().and_then(next).unwrap_or(tick)
    }
}

/// The text of an id whose kind is known by its prefix alone, as the event log keeps it. `None` when `prefix` is none.
#[must_use]
pub fn id_text(prefix: &str, uuid: Uuid) -> Option<String> {
    DynamicType::new(prefix)
        .ok()
        .map(|kind| TypeSafeId::from_type_and_uuid(kind, uuid).to_string())
}

/// The prefix and the UUID in `text`, an id of any kind.
#[must_use]
pub fn parse_id_text(text: &str) -> Option<(String, Uuid)> {
    let id = text.parse::<TypeSafeId<DynamicType>>().ok()?;
    Some((id.type_prefix().to_owned(), id.uuid()))
}

impl<E: Entity> From<Uuid> for Id<E> {
    fn from(uuid: Uuid) -> Self {
        Self {
            uuid,
            entity: PhantomData,
        }
    }
}

impl<E: Entity> From<Id<E>> for Uuid {
    fn from(id: Id<E>) -> Self {
        id.uuid
    }
}

impl<E: Entity> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DynamicType::new(E::PREFIX) {
            Ok(kind) => fmt::Display::fmt(&TypeSafeId::from_type_and_uuid(kind, self.uuid), f),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl<E: Entity> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: Entity> FromStr for Id<E> {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<Self, IdFault> {
        text.parse::<TypeSafeId<DynamicType>>()
            .ok()
            .filter(|id| id.type_prefix() == E::PREFIX)
            .map(|id| id.uuid().into())
            .ok_or(IdFault {
                expected: E::PREFIX,
                example: E::EXAMPLE,
            })
    }
}

impl<E: Entity> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E: Entity> Copy for Id<E> {}
impl<E: Entity> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<E: Entity> Eq for Id<E> {}
impl<E: Entity> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<E: Entity> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<E: Entity> Hash for Id<E> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<E: Entity> Serialize for Id<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, E: Entity> Deserialize<'de> for Id<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<E: Entity> Type<Postgres> for Id<E> {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <Uuid as Type<Postgres>>::type_info()
    }
}

impl<'q, E: Entity> Encode<'q, Postgres> for Id<E> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        <Uuid as Encode<Postgres>>::encode_by_ref(&self.uuid, buffer)
    }
}

impl<'r, E: Entity> Decode<'r, Postgres> for Id<E> {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        <Uuid as Decode<Postgres>>::decode(value).map(Self::from)
    }
}

impl<E: Entity> utoipa::PartialSchema for Id<E> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", E::PREFIX)))
            .examples([E::EXAMPLE])
            .into()
    }
}

impl<E: Entity> utoipa::ToSchema for Id<E> {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Owned(format!("{}_id", E::PREFIX))
    }
}

impl<E: Entity> schemars::JsonSchema for Id<E> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Owned(format!("{}_id", E::PREFIX))
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", E::PREFIX),
            "examples": [E::EXAMPLE],
        })
    }
}

macro_rules! entities {
    ($($(#[$doc:meta])* $marker:ident, $alias:ident, $prefix:literal;)*) => {$(
        #[doc = concat!("Marks ids that begin with `", $prefix, "_`.")]
        #[derive(Debug)]
        pub enum $marker {}
        impl Entity for $marker {
            const PREFIX: &'static str = $prefix;
            const EXAMPLE: &'static str = concat!($prefix, "_01kaqv6r3gf5ht2x0m8c9ezw4n");
        }
        $(#[$doc])*
        pub type $alias = Id<$marker>;
    )*};
}

entities! {
    /// A person's one identity.
    User, UserId, "user";
    /// A vendor or a partner company.
    Org, OrgId, "org";
    /// A user's place in an organisation.
    Membership, MembershipId, "mem";
    /// An invitation to join an organisation.
    Invitation, InvitationId, "inv";
    /// A signed-in device.
    Session, SessionId, "ses";
    /// An integrator's key.
    ApiKey, ApiKeyId, "key";
    /// A partner's standing in a vendor's program.
    Partnership, PartnershipId, "psp";
    /// An event of the log.
    Event, EventId, "evt";
    /// An entry of the audit log.
    AuditEntry, AuditEntryId, "aud";
    /// A message to be sent by mail.
    Mail, MailId, "mail";
    /// A deal registration.
    Deal, DealId, "deal";
    /// A vendor's program, that partnerships stand in.
    Program, ProgramId, "prog";
    /// A stored file.
    File, FileId, "file";
    /// A version of a program's registration form.
    DealForm, DealFormId, "form";
    /// A registration that has not been submitted yet.
    DealDraft, DealDraftId, "draft";
    /// A comment on a deal.
    Comment, CommentId, "cmt";
    /// A proposed change of an approved deal.
    Amendment, AmendmentId, "amd";
    /// A request for a longer protection.
    Extension, ExtensionId, "ext";
    /// A rule of an approval policy.
    ApprovalRule, ApprovalRuleId, "apr";
    /// A step of an approval chain on one deal.
    ApprovalStep, ApprovalStepId, "step";
    /// Somebody's approvals lent to another for a time.
    Delegation, DelegationId, "dlg";
    /// A partner's objection to a refusal.
    Appeal, AppealId, "apl";
    /// A case on the conflict desk.
    ConflictCase, ConflictCaseId, "case";
    /// A customer's request to be released from a partner's protection.
    Release, ReleaseId, "rel";
    /// A customer of the vendor's own sales team.
    DirectAccount, DirectAccountId, "acct";
    /// A lead.
    Lead, LeadId, "lead";
    /// A rule that assigns leads.
    LeadRule, LeadRuleId, "lrul";
    /// An offer of a lead to a partner.
    LeadOffer, LeadOfferId, "offer";
    /// A public web form that makes leads.
    LeadForm, LeadFormId, "lform";
    /// An opportunity that a vendor and partners work on together.
    CoSell, CoSellId, "cos";
    /// A task of a joint plan.
    PlanTask, PlanTaskId, "task";
    /// A note in a shared opportunity.
    CoSellNote, CoSellNoteId, "note";
    /// A recorded agreement on how a deal's credit is shared.
    CreditAgreement, CreditAgreementId, "agr";
    /// A stage of a program's pipeline.
    Stage, StageId, "stg";
    /// A product of a vendor's catalogue.
    Product, ProductId, "prod";
    /// A price list.
    PriceList, PriceListId, "plist";
    /// A connection to a vendor's CRM.
    CrmConnection, CrmConnectionId, "crm";
    /// A record of a CRM that a record here is linked to.
    CrmLink, CrmLinkId, "crml";
    /// An entry of a CRM connection's sync log.
    CrmSync, CrmSyncId, "sync";
    /// A value on which a deal and its record in a CRM disagree.
    CrmDifference, CrmDifferenceId, "crmd";
    /// An integrator's webhook endpoint.
    WebhookEndpoint, WebhookEndpointId, "wep";
    /// A message to a webhook endpoint.
    WebhookMessage, WebhookMessageId, "msg";
    /// A bulk import.
    Import, ImportId, "imp";
    /// An incentive plan.
    Plan, PlanId, "plan";
    /// A version of an incentive plan.
    PlanVersion, PlanVersionId, "pver";
    /// A sale that earnings are made of.
    Sale, SaleId, "sale";
    /// A refund, a chargeback, or a chargeback that was won.
    SaleReversal, SaleReversalId, "rev";
    /// A line of what a partner or a person has earned.
    Earning, EarningId, "earn";
    /// An entry of the incentive ledger.
    LedgerEntry, LedgerEntryId, "led";
    /// A run that computes earnings anew.
    Recalculation, RecalculationId, "recalc";
    /// A manual adjustment of what a partner has earned.
    Adjustment, AdjustmentId, "adj";
    /// A partner's objection to an earning.
    Dispute, DisputeId, "dsp";
    /// A claim of a SPIFF, with its proof.
    SpiffClaim, SpiffClaimId, "clm";
    /// A fund of market development money.
    Fund, FundId, "fund";
    /// A reservation of market development money.
    FundReservation, FundReservationId, "mdfr";
    /// Where a partner or a person is paid.
    PayoutProfile, PayoutProfileId, "pprof";
    /// A batch of payouts.
    PayoutBatch, PayoutBatchId, "batch";
    /// One payout.
    Payout, PayoutId, "pay";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_an_id_of_its_kind() {
        assert_eq!(DealId::from_str(Deal::EXAMPLE).unwrap().to_string(), Deal::EXAMPLE);
        assert_eq!(UserId::from_str(User::EXAMPLE).unwrap().to_string(), User::EXAMPLE);
    }

    #[test]
    fn another_kinds_id_does_not_parse() {
        assert!(
            DealId::from_str(User::EXAMPLE)
                .unwrap_err()
                .to_string()
                .contains("expected deal_")
        );
    }

    #[test]
    fn ids_of_one_moment_rise_and_keep_its_time() {
        let start = DateTime::from_timestamp(1_795_430_000, 123_999_000).unwrap();
        let (clock, entropy, sequence) = (Clock::manual(start), Entropy::seeded(1), IdSequence::default());
        let mut ids: Vec<DealId> = (0..3).map(|_| Id::next(&sequence, &clock, &entropy)).collect();
        let moment = ids[0].uuid().get_timestamp().unwrap().to_unix();
        assert_eq!(moment, (1_795_430_000, 123_000_000));
        // More than the rest of the millisecond has ticks.
        ids.extend((0..9000).map(|_| Id::<Deal>::next(&sequence, &clock, &entropy)));
        clock.advance(chrono::Duration::microseconds(-50));
        ids.push(Id::next(&sequence, &clock, &entropy));
        assert!(ids.is_sorted_by(|one, other| one.uuid() < other.uuid()));
        assert_eq!(ids[0].uuid().get_version_num(), 7);
    }

    proptest::proptest! {
        #[test]
        fn text_and_uuid_are_one(bits in proptest::num::u128::ANY) {
            let id = DealId::from(Uuid::from_u128(bits));
            proptest::prop_assert_eq!(id.to_string().parse::<DealId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            if let Ok(id) = text.parse::<DealId>() {
                proptest::prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
