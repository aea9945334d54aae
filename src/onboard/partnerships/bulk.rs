//! Many partners at once: their records and partnerships, with a few statements whatever their number.

use std::collections::HashMap;

use guildhall_kernel::{OrgId, PartnershipId, ProgramId, UserId};
use guildhall_spine::{
    App,
    access::{OrgKind, Role},
    db::Tx,
    event::{self, Batched, Origin},
    http::{Checks, FieldError, Problem},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{PartnershipStatus, Tier, events::PartnershipInvited};
use crate::{
    accounts::canonical_email,
    invitations::{self, Invited},
    organisations::{canonical_domain, check_domain, events::OrganisationCreated, slug},
};

/// A company that isn't here yet, to be a partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkPartner {
    /// Its name.
    pub name: String,
    /// Where it is, ISO 3166-1 alpha-2.
    pub country: String,
    /// Its domain.
    pub domain: Option<String>,
    /// The program level to begin at.
    pub tier: Option<Tier>,
    /// Who is to be its admin.
    pub admin_email: Option<String>,
}

/// Who invites the admins of new partners.
#[derive(Clone, Copy, Debug)]
pub struct Inviter {
    /// The person, if it is one.
    pub by: Option<UserId>,
}

impl BulkPartner {
    /// The partner as it is stored: its domain in the canonical form.
    ///
    /// # Errors
    /// Every field at fault, by its name.
    pub fn check(mut self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/name", &self.name, 1, 200, false);
        checks.country("/country", &self.country);
        check_domain(&mut checks, "/domain", self.domain.as_deref());
        if let Some(email) = &self.admin_email {
            checks.email("/admin_email", email);
        }
        if !checks.faults().is_empty() {
            return Err(checks.faults().to_vec());
        }
        self.domain = self.domain.as_deref().and_then(canonical_domain);
        Ok(self)
    }
}

/// Those of `domains`, in their canonical form, that a partner in the vendor's program has.
///
/// # Errors
/// When the database fails.
pub async fn domains_in_program(
    conn: &mut PgConnection,
    vendor: OrgId,
    domains: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT o.domain AS "domain!" FROM organisation o
           JOIN partnership p ON p.vendor_id = $1 AND p.partner_id = o.id
           WHERE o.domain = ANY($2) AND p.status <> 'ended'"#,
        vendor.uuid(),
        domains
    )
    .fetch_all(conn)
    .await
}

/// The other side of a partnership, by a name that it has.
#[derive(Clone, Debug)]
pub struct NamedPartner {
    /// The name: an id (as text of its UUID), a domain or a slug.
    pub name: String,
    /// The organisation.
    pub org: OrgId,
    /// The program.
    pub program: ProgramId,
    /// Where the partnership stands. That of a company that is suspended itself is suspended.
    pub status: PartnershipStatus,
}

/// The other sides of `org`'s partnerships that have one of these names. A domain that two have names neither, unless only
/// one of them is a partner still.
///
/// # Errors
/// When the database fails.
pub async fn partners_named(
    conn: &mut PgConnection,
    org: OrgId,
    kind: OrgKind,
    names: &[String],
) -> Result<Vec<NamedPartner>, sqlx::Error> {
    let found = sqlx::query_as!(
        NamedPartner,
        r#"WITH named AS (
               SELECT n.name, o.id, o.status FROM unnest($3::text[]) n (name) JOIN organisation o ON o.id::text = n.name
                   WHERE n.name ~ '^[0-9a-f]{8}-'
               UNION SELECT n.name, o.id, o.status FROM unnest($3::text[]) n (name) JOIN organisation o ON o.slug = n.name
               UNION SELECT n.name, o.id, o.status FROM unnest($3::text[]) n (name) JOIN organisation o ON o.domain = n.name
           )
           SELECT named.name AS "name!", named.id AS "org!: OrgId", p.program_id AS "program: ProgramId",
                  CASE WHEN named.status = 'suspended' AND p.status <> 'ended' THEN 'suspended' ELSE p.status END
                      AS "status!: PartnershipStatus"
           FROM named JOIN partnership p ON (($2 AND p.vendor_id = $1 AND p.partner_id = named.id)
                                          OR (NOT $2 AND p.partner_id = $1 AND p.vendor_id = named.id))"#,
        org.uuid(),
        kind == OrgKind::Vendor,
        names
    )
    .fetch_all(conn)
    .await?;
    let mut counts: HashMap<(String, bool), usize> = HashMap::new();
    let over = |one: &NamedPartner| one.status == PartnershipStatus::Ended;
    for one in &found {
        *counts.entry((one.name.clone(), over(one))).or_default() += 1;
    }
    let count = |name: &str, over| counts.get(&(name.to_owned(), over)).copied().unwrap_or(0);
    let told = |one: &NamedPartner| match count(&one.name, false) {
        0 => count(&one.name, true) == 1,
        current => current == 1 && !over(one),
    };
    Ok(found.into_iter().filter(told).collect())
}

/// The tiers of these partners in the vendor's program; those that are in none are left out.
///
/// # Errors
/// When the database fails.
pub async fn tiers_of(
    conn: &mut PgConnection,
    vendor: OrgId,
    partners: &[OrgId],
) -> Result<HashMap<OrgId, Tier>, sqlx::Error> {
    let partners: Vec<Uuid> = partners.iter().map(|partner| partner.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT partner_id, tier AS "tier: Tier" FROM partnership
           WHERE vendor_id = $1 AND partner_id = ANY($2) AND status <> 'ended'"#,
        vendor.uuid(),
        &partners,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.partner_id.into(), row.tier)).collect())
}

/// Makes the records of companies that aren't here yet, and invites them to the vendor's program. Their admins get
/// letters when there is an inviter.
///
/// # Errors
/// When the database fails.
pub async fn add_partners(
    app: &App,
    tx: &mut Tx,
    origin: &Origin,
    vendor: (OrgId, &str),
    partners: &[BulkPartner],
    inviter: Option<Inviter>,
) -> Result<(), Problem> {
    let mut made: Vec<(OrgId, PartnershipId)> = Vec::with_capacity(partners.len());
    for _ in partners {
        made.push((tx.new_id(), tx.new_id()));
    }
    insert(tx, vendor.0, partners, &made).await?;
    announce(tx, origin, vendor.0, partners, &made).await?;
    let Some(inviter) = inviter else { return Ok(()) };
    for (partner, (org, _)) in partners.iter().zip(&made) {
        let Some(email) = &partner.admin_email else { continue };
        let admin = Invited {
            organisation: *org,
            organisation_name: vendor.1,
            email: &canonical_email(email),
            role: Role::PartnerAdmin,
            by: inviter.by,
        };
        invitations::invite(app, tx, origin, &admin).await?;
    }
    Ok(())
}

async fn insert(
    tx: &mut Tx,
    vendor: OrgId,
    partners: &[BulkPartner],
    made: &[(OrgId, PartnershipId)],
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let orgs: Vec<Uuid> = made.iter().map(|(org, _)| org.uuid()).collect();
    let partnerships: Vec<Uuid> = made.iter().map(|(_, partnership)| partnership.uuid()).collect();
    let names: Vec<String> = partners.iter().map(|one| one.name.trim().to_owned()).collect();
    let slugs: Vec<String> = made
        .iter()
        .zip(&names)
        .map(|((org, _), name)| slug::of_name(name, *org))
        .collect();
    let countries: Vec<String> = partners.iter().map(|one| one.country.clone()).collect();
    let domains: Vec<String> = partners
        .iter()
        .map(|one| one.domain.clone().unwrap_or_default())
        .collect();
    let tiers: Vec<String> = partners.iter().map(|one| tier(one).as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO organisation (id, kind, name, slug, country, domain, created_at, updated_at)
         SELECT n.id, 'partner', n.name, n.slug, n.country, nullif(n.domain, ''), $1, $1
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) n (id, name, slug, country, domain)",
        now,
        &orgs,
        &names,
        &slugs,
        &countries,
        &domains,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO partnership (id, vendor_id, partner_id, status, tier, created_at, updated_at)
         SELECT n.id, $2, n.partner_id, 'invited', n.tier, $1, $1
         FROM unnest($3::uuid[], $4::uuid[], $5::text[]) n (id, partner_id, tier)",
        now,
        vendor.uuid(),
        &partnerships,
        &orgs,
        &tiers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn tier(partner: &BulkPartner) -> Tier {
    partner.tier.unwrap_or(Tier::Registered)
}

async fn announce(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    partners: &[BulkPartner],
    made: &[(OrgId, PartnershipId)],
) -> Result<(), Problem> {
    let created: Vec<_> = made
        .iter()
        .map(|(org, _)| Batched {
            subject: (*org).into(),
            audiences: vec![org.uuid()],
            event: OrganisationCreated {
                organisation_id: *org,
                kind: OrgKind::Partner,
            },
        })
        .collect();
    event::append_all(tx, origin, &created).await?;
    let invited: Vec<_> = made
        .iter()
        .zip(partners)
        .map(|((org, partnership), partner)| Batched {
            subject: (*partnership).into(),
            audiences: vec![vendor.uuid(), org.uuid()],
            event: PartnershipInvited {
                partnership_id: *partnership,
                vendor_id: vendor,
                partner_id: *org,
                status: PartnershipStatus::Invited,
                tier: tier(partner),
                // New partners stand in the vendor's first program, which has the vendor's UUID.
                program_id: vendor.uuid().into(),
                account_manager_id: None,
                version: 1,
            },
        })
        .collect();
    event::append_all(tx, origin, &invited).await
}
