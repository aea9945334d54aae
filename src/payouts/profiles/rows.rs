//! Reading and writing profiles.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{OrgId, PayoutProfileId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Owner, PayoutProfile, TaxForm};
use crate::method::{DestinationKind, Named};

impl Owner {
    fn company(self) -> Option<Uuid> {
        match self {
            Self::Company(partner) => Some(partner.uuid()),
            Self::Person(_) => None,
        }
    }

    fn person(self) -> Option<Uuid> {
        match self {
            Self::Company(_) => None,
            Self::Person(user) => Some(user.uuid()),
        }
    }
}

/// What is said of where to pay, besides the destination.
pub(super) struct Facts<'a> {
    pub(super) currency: &'a str,
    pub(super) minimum: Decimal,
    pub(super) country: &'a str,
    pub(super) tax_form: TaxForm,
    pub(super) tax_secret: Option<Uuid>,
}

/// The profile of a company or a person.
pub(super) async fn find(conn: &mut PgConnection, owner: Owner) -> Result<Option<PayoutProfile>, sqlx::Error> {
    let profile = sqlx::query_as!(
        PayoutProfile,
        r#"SELECT p.id AS "id: PayoutProfileId", p.version, p.partner_id AS "partner_id: OrgId",
                  p.user_id AS "user_id: UserId", d.method AS "method: DestinationKind", d.masked AS destination,
                  p.currency, p.minimum_payout, p.country, p.tax_form AS "tax_form: TaxForm",
                  p.tax_secret_id IS NOT NULL AS "tax_id!", p.usable_from, p.created_at, p.updated_at
           FROM payout_profile p JOIN payout_destination d ON d.id = p.destination_id
           WHERE ($1::uuid IS NOT NULL AND p.partner_id = $1) OR ($2::uuid IS NOT NULL AND p.user_id = $2)"#,
        owner.company(),
        owner.person()
    )
    .fetch_optional(conn)
    .await?;
    Ok(profile.map(PayoutProfile::shown))
}

/// What is stored of a profile that is about to change.
pub(super) struct Stored {
    pub(super) id: PayoutProfileId,
    pub(super) secret_id: Uuid,
    pub(super) tax_secret_id: Option<Uuid>,
}

/// Locks the profile of a company or a person until the transaction ends. Without one, whoever else sets it waits.
pub(super) async fn lock(tx: &mut Tx, owner: Owner) -> Result<Option<Stored>, sqlx::Error> {
    let whose = owner.company().or(owner.person()).unwrap_or_default();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 9))",
        format!("payout_profile {whose}")
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query_as!(
        Stored,
        r#"SELECT p.id AS "id: PayoutProfileId", d.secret_id, p.tax_secret_id
           FROM payout_profile p JOIN payout_destination d ON d.id = p.destination_id
           WHERE ($1::uuid IS NOT NULL AND p.partner_id = $1) OR ($2::uuid IS NOT NULL AND p.user_id = $2)
           FOR NO KEY UPDATE OF p"#,
        owner.company(),
        owner.person()
    )
    .fetch_optional(&mut **tx)
    .await
}

/// A destination to be added.
pub(super) struct NewDestination<'a> {
    pub(super) kind: DestinationKind,
    pub(super) secret: Uuid,
    pub(super) masked: &'a str,
    pub(super) by: UserId,
}

/// Adds a destination to a profile, which is stored by the end of the transaction.
pub(super) async fn add_destination(
    tx: &mut Tx,
    profile: PayoutProfileId,
    destination: &NewDestination<'_>,
) -> Result<Uuid, Problem> {
    let (id, at) = (PayoutProfileId::from(tx.new_id()).uuid(), tx.now());
    sqlx::query!(
        "INSERT INTO payout_destination (id, profile_id, method, secret_id, masked, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        profile.uuid(),
        destination.kind.as_str(),
        destination.secret,
        destination.masked,
        destination.by.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// When a destination that is new now may be used.
pub(super) async fn rests_until(tx: &mut Tx) -> Result<DateTime<Utc>, Problem> {
    let hours = sqlx::query_scalar!("SELECT cooling_off_hours FROM payout_platform")
        .fetch_one(&mut **tx)
        .await?;
    Ok(tx.now() + TimeDelta::hours(hours.into()))
}

/// Stores a new profile.
pub(super) async fn insert(
    tx: &mut Tx,
    id: PayoutProfileId,
    owner: Owner,
    facts: &Facts<'_>,
    (destination, usable_from): (Uuid, DateTime<Utc>),
) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO payout_profile (id, partner_id, user_id, destination_id, currency, minimum_payout, country, tax_form,
                                     tax_secret_id, usable_from, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        id.uuid(),
        owner.company(),
        owner.person(),
        destination,
        facts.currency,
        facts.minimum,
        facts.country,
        facts.tax_form.as_str(),
        facts.tax_secret,
        usable_from,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rewrites a profile; the destination only when there is a new one.
pub(super) async fn update(
    tx: &mut Tx,
    id: PayoutProfileId,
    facts: &Facts<'_>,
    destination: Option<(Uuid, DateTime<Utc>)>,
) -> Result<(), Problem> {
    let at = tx.now();
    let (destination, usable_from) = destination.unzip();
    // What a vendor has verified is the form of then.
    sqlx::query!(
        "UPDATE payout_tax_form f SET status = 'missing', note = NULL FROM payout_profile p
         WHERE p.id = $1 AND f.profile_id = p.id AND (p.country, p.tax_form, p.tax_secret_id) IS DISTINCT FROM ($2, $3, $4)",
        id.uuid(),
        facts.country,
        facts.tax_form.as_str(),
        facts.tax_secret,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE payout_profile SET destination_id = coalesce($2, destination_id), usable_from = coalesce($3, usable_from),
                currency = $4, minimum_payout = $5, country = $6, tax_form = $7, tax_secret_id = $8,
                version = version + 1, updated_at = $9
         WHERE id = $1",
        id.uuid(),
        destination,
        usable_from,
        facts.currency,
        facts.minimum,
        facts.country,
        facts.tax_form.as_str(),
        facts.tax_secret,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
