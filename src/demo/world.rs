//! The companies and people of the demo, and who works with whom.

mod partnerships;
mod people;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
pub(super) use people::local_part;

use guildhall_kernel::{InvitationId, MembershipId, OrgId, PartnershipId, UserId};
use guildhall_spine::access::{OrgKind, Role};

use super::{
    company::{Company, home, slug},
    draw::Draw,
    scale::Shape,
    vocabulary::{CATALOGUES, Catalogue, Country, Culture},
};

/// How long before the day of the load the first deal was registered.
pub(super) const HISTORY: TimeDelta = TimeDelta::days(3 * 365);

/// Everything that deals hang on.
#[derive(Debug)]
pub(super) struct World {
    /// Midnight of the day of the load; nothing has happened after it.
    pub(super) day: DateTime<Utc>,
    pub(super) vendors: Vec<Vendor>,
    pub(super) partners: Vec<Partner>,
    pub(super) people: Vec<Person>,
    pub(super) members: Vec<Member>,
    pub(super) partnerships: Vec<Partnership>,
    pub(super) invitations: Vec<Invitation>,
}

#[derive(Debug)]
pub(super) struct Org {
    pub(super) id: OrgId,
    pub(super) kind: OrgKind,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) domain: String,
    pub(super) culture: &'static Culture,
    pub(super) country: &'static Country,
    pub(super) created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Vendor {
    pub(super) org: Org,
    pub(super) catalogue: &'static Catalogue,
    /// Those who decide on deals.
    pub(super) managers: Vec<UserId>,
    /// Places of the partners that may register deals, the busiest first.
    pub(super) active: Vec<usize>,
    /// Places of the partners that have registered deals, the busiest first.
    pub(super) dealt: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Partner {
    pub(super) org: Org,
    /// Those who register deals.
    pub(super) sellers: Vec<UserId>,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) locale: &'static str,
    pub(super) operator: bool,
    pub(super) created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: MembershipId,
    pub(super) org: OrgId,
    pub(super) user: UserId,
    pub(super) role: Role,
    pub(super) created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Partnership {
    pub(super) id: PartnershipId,
    pub(super) vendor: OrgId,
    pub(super) partner: OrgId,
    pub(super) status: &'static str,
    pub(super) tier: &'static str,
    pub(super) manager: Option<UserId>,
    pub(super) created_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) id: InvitationId,
    pub(super) org: OrgId,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) token_hash: Vec<u8>,
    pub(super) invited_by: Option<UserId>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) revoked_at: Option<DateTime<Utc>>,
}

impl World {
    /// The world of `shape` on `day`.
    pub(super) fn create(draw: &mut Draw, shape: &Shape, day: DateTime<Utc>) -> Self {
        let mut world = Self {
            day,
            vendors: Vec::new(),
            partners: Vec::new(),
            people: Vec::new(),
            members: Vec::new(),
            partnerships: Vec::new(),
            invitations: Vec::new(),
        };
        world.found_vendors(draw, shape);
        world.found_partners(draw, shape);
        world.hire(draw, shape);
        world.sign_up(draw);
        world.invite(draw);
        world
    }

    /// The moment before which everything but the deals was set up.
    pub(super) fn opening(&self) -> DateTime<Utc> {
        self.day - HISTORY
    }

    fn found_vendors(&mut self, draw: &mut Draw, shape: &Shape) {
        for (catalogue, number) in CATALOGUES.iter().zip(1..=shape.vendors) {
            let Some((culture, country)) = home(draw) else { continue };
            let created_at = draw.moment(
                self.opening() - TimeDelta::days(900),
                self.opening() - TimeDelta::days(500),
            );
            let org = Org {
                id: draw.id(created_at),
                kind: OrgKind::Vendor,
                name: catalogue.vendor.to_owned(),
                slug: slug(catalogue.vendor),
                domain: format!("vendor{number}.example"),
                culture,
                country,
                created_at,
            };
            self.vendors.push(Vendor {
                org,
                catalogue,
                managers: Vec::new(),
                active: Vec::new(),
                dealt: Vec::new(),
            });
        }
    }

    fn found_partners(&mut self, draw: &mut Draw, shape: &Shape) {
        let mut slugs: HashSet<String> = self.vendors.iter().map(|vendor| vendor.org.slug.clone()).collect();
        while self.partners.len() < shape.partners {
            let Some((culture, country)) = home(draw) else { return };
            let company = Company::integrator(draw, culture, country);
            let name = company.written(draw);
            let slug = slug(&name);
            if slug.len() < 3 || !slugs.insert(slug.clone()) {
                continue;
            }
            let created_at = draw.moment(
                self.opening() - TimeDelta::days(400),
                self.opening() - TimeDelta::days(60),
            );
            let number = self.partners.len() + 1;
            let org = Org {
                id: draw.id(created_at),
                kind: OrgKind::Partner,
                name,
                slug,
                domain: format!("partner{number}.example"),
                culture,
                country,
                created_at,
            };
            self.partners.push(Partner {
                org,
                sellers: Vec::new(),
            });
        }
    }
}
