//! Three years of deal registrations.

mod content;
mod fate;
mod record;
mod rivalry;

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
};

use chrono::{DateTime, Utc};
use guildhall_sell::deals::{customer::NameKeys, state::DealStatus};

pub(super) use record::{Contact, Deal, Line, PartOf, Visit};
use rivalry::Claim;
pub(super) use rivalry::Pair;

use super::{
    company::{Company, home},
    draw::Draw,
    scale::Shape,
    vocabulary::{Country, Culture},
    world::{Partner, Vendor, World},
};

/// How many approved registrations per vendor are remembered for rivals and repeats.
const REMEMBERED: usize = 4_096;

/// Each vendor's share of the deals, by its place.
const VENDOR_SHARES: &[(usize, u64)] = &[(0, 34), (1, 25), (2, 18), (3, 13), (4, 10)];

/// The deals of a world in the order of their registration.
#[derive(Debug)]
pub(super) struct Deals<'w> {
    world: &'w World,
    draw: Draw,
    shape: Shape,
    next: u64,
    shares: Vec<(usize, u64)>,
    /// Who holds an approved registration for a vendor's customer, by the vendor's place and the domain's hash: a
    /// million domains would not fit as cheaply, and two that meet in one hash cost one domain.
    holders: HashMap<(usize, u64), usize>,
    claims: Vec<Vec<Claim>>,
    /// The customers that all deals are of, when they are given, and whether somebody's registration is approved.
    crowd: Vec<(Customer, bool)>,
}

#[derive(Clone, Debug)]
struct Customer {
    company: Company,
    domain: Option<String>,
}

impl Customer {
    fn found(draw: &mut Draw, culture: &'static Culture, country: &'static Country) -> Self {
        let company = Company::found(draw, culture, country);
        let domain = if draw.chance(94) { company.domain(draw) } else { None };
        Self { company, domain }
    }
}

/// A registration before its content: who claims whom.
struct Claimed {
    vendor: usize,
    partner: usize,
    customer: Customer,
    /// Somebody at the customer who was named before.
    contact: Option<Contact>,
    /// The registration that came first, another partner's.
    rival: Option<Claim>,
}

impl<'w> Deals<'w> {
    pub(super) fn of(world: &'w World, mut draw: Draw, shape: Shape) -> Self {
        let crowd: Vec<_> = (0..shape.customers.unwrap_or_default())
            .filter_map(|_| home(&mut draw).map(|(culture, country)| Customer::found(&mut draw, culture, country)))
            .map(|customer| (customer, false))
            .collect();
        let vendors = if crowd.is_empty() { world.vendors.len() } else { 1 };
        let shares = VENDOR_SHARES.iter().copied().take(vendors).collect();
        let claims = vec![Vec::new(); world.vendors.len()];
        Self {
            world,
            draw,
            shape,
            next: 0,
            shares,
            holders: HashMap::new(),
            claims,
            crowd,
        }
    }

    fn register(&mut self, number: u64) -> Option<Deal> {
        let count = self.shape.deals;
        let created_at = fate::registered_at(&mut self.draw, self.world.day, number, count);
        let (status, mut claimed) = if self.crowd.is_empty() {
            let status = fate::status(&mut self.draw, number, count);
            (status, self.claim(status, created_at)?)
        } else {
            self.claim_of_crowd()?
        };
        // A customer whose domain another holds was approved without one.
        if status == DealStatus::Approved && !self.hold(&claimed) {
            claimed.customer.domain = None;
        }
        let world = self.world;
        let (vendor, partner) = (world.vendors.get(claimed.vendor)?, world.partners.get(claimed.partner)?);
        let mut deal = self.write(&claimed, vendor, partner, status, created_at)?;
        deal.conflict = claimed.rival.as_ref().and_then(|rival| rival.conflict(&deal));
        if status == DealStatus::Approved {
            self.remember(claimed, &deal);
        }
        Some(deal)
    }

    fn claim(&mut self, status: DealStatus, created_at: DateTime<Utc>) -> Option<Claimed> {
        let vendor = self.draw.share(0, &self.shares);
        let rival = match status {
            DealStatus::Submitted | DealStatus::InfoRequested => self.draw.chance(self.shape.rivals),
            DealStatus::Rejected => self.draw.chance(40),
            _ => false,
        };
        if rival && let Some(claimed) = self.claim_of_rival(vendor, status, created_at) {
            return Some(claimed);
        }
        if self.draw.chance(8)
            && let Some(claimed) = self.claim_again(vendor, status)
        {
            return Some(claimed);
        }
        let partner = *self.draw_partner(vendor, status)?;
        let org = &self.world.partners.get(partner)?.org;
        let abroad = self.draw.chance(15);
        let (culture, country) = if abroad {
            home(&mut self.draw)?
        } else {
            (org.culture, org.country)
        };
        Some(Claimed {
            vendor,
            partner,
            customer: Customer::found(&mut self.draw, culture, country),
            contact: None,
            rival: None,
        })
    }

    /// One of the given customers; the first registration of each is approved.
    fn claim_of_crowd(&mut self) -> Option<(DealStatus, Claimed)> {
        let vendor = self.draw.share(0, &self.shares);
        let place = self.draw.index(self.crowd.len());
        let (customer, taken) = self.crowd.get_mut(place)?;
        let (customer, taken) = (customer.clone(), std::mem::replace(taken, true));
        let waiting = &[(DealStatus::Submitted, 8), (DealStatus::InfoRequested, 2)];
        let status = if taken {
            self.draw.share(DealStatus::Submitted, waiting)
        } else {
            DealStatus::Approved
        };
        let claimed = Claimed {
            vendor,
            partner: *self.draw_partner(vendor, status)?,
            customer,
            contact: None,
            rival: None,
        };
        Some((status, claimed))
    }

    /// Another partner's customer, known by another spelling or without the domain.
    fn claim_of_rival(&mut self, vendor: usize, status: DealStatus, created_at: DateTime<Utc>) -> Option<Claimed> {
        let partner = *self.draw_partner(vendor, status)?;
        let claims = self.claims.get(vendor)?;
        let claim = claims.get(self.draw.index(claims.len()))?.clone();
        if claim.partner == partner || claim.created_at >= created_at {
            return None;
        }
        let mut customer = claim.customer.clone();
        if self.draw.chance(25) {
            customer.domain = None;
        }
        let contact = claim.contact.clone().filter(|_| self.draw.chance(35));
        Some(Claimed {
            vendor,
            partner,
            customer,
            contact,
            rival: Some(claim),
        })
    }

    /// More for a customer that the partner already holds.
    fn claim_again(&mut self, vendor: usize, status: DealStatus) -> Option<Claimed> {
        let claims = self.claims.get(vendor)?;
        let claim = claims.get(self.draw.index(claims.len()))?.clone();
        let may = status != DealStatus::Rejected && self.world.vendors.get(vendor)?.active.contains(&claim.partner);
        may.then_some(Claimed {
            vendor,
            partner: claim.partner,
            customer: claim.customer,
            contact: claim.contact,
            rival: None,
        })
    }

    /// A place among the partners; live deals belong to those whose partnership is active.
    fn draw_partner(&mut self, vendor: usize, status: DealStatus) -> Option<&'w usize> {
        let world = self.world;
        let vendor = world.vendors.get(vendor)?;
        let partners = if status.is_live() {
            &vendor.active
        } else {
            &vendor.dealt
        };
        partners.get(self.draw.index_from_front(partners.len()))
    }

    /// Takes the customer for the partner; false when another holds it.
    fn hold(&mut self, claimed: &Claimed) -> bool {
        let Some(domain) = &claimed.customer.domain else {
            return true;
        };
        let mut hasher = DefaultHasher::new();
        domain.hash(&mut hasher);
        match self.holders.entry((claimed.vendor, hasher.finish())) {
            Entry::Occupied(holder) => *holder.get() == claimed.partner,
            Entry::Vacant(free) => {
                free.insert(claimed.partner);
                true
            }
        }
    }

    fn remember(&mut self, claimed: Claimed, deal: &Deal) {
        let Some(claims) = self.claims.get_mut(claimed.vendor) else {
            return;
        };
        let claim = Claim::of(deal, claimed.partner, claimed.customer);
        if claims.len() < REMEMBERED {
            claims.push(claim);
        } else if let Some(forgotten) = claims.get_mut(self.draw.index(REMEMBERED)) {
            *forgotten = claim;
        }
    }

    fn write(
        &mut self,
        claimed: &Claimed,
        vendor: &Vendor,
        partner: &Partner,
        status: DealStatus,
        created_at: DateTime<Utc>,
    ) -> Option<Deal> {
        let (draw, day) = (&mut self.draw, self.world.day);
        let Customer { company, domain } = &claimed.customer;
        let submitted_by = *partner.sellers.get(draw.index_from_front(partner.sellers.len()))?;
        let voices = fate::Voices { vendor, submitted_by };
        let outcome = fate::outcome(draw, &voices, status, claimed.rival.is_some(), created_at, day);
        let customer_name = company.written(draw);
        let key = company.key(&customer_name)?;
        // A deal that is over has let go of its name keys.
        let keys = status.is_live().then(|| NameKeys::new(vendor.org.id, &key).to_stored());
        let lines = content::lines(draw, vendor.catalogue, company.country);
        Some(Deal {
            id: draw.id(created_at),
            vendor_id: vendor.org.id,
            partner_id: partner.org.id,
            submitted_by,
            status,
            customer_key: key.as_str().to_owned(),
            customer_keys: keys.unwrap_or_default(),
            customer_name,
            customer_domain: domain.clone(),
            customer_country: company.country.code,
            currency: company.country.currency,
            amount: lines.iter().map(|line| line.amount).sum(),
            expected_close: fate::expected_close(draw, status, created_at, day),
            note: content::note(draw),
            outcome,
            conflict: None,
            created_at,
            contacts: content::contacts(draw, company, domain.as_deref(), claimed.contact.clone()),
            lines,
        })
    }
}

impl Iterator for Deals<'_> {
    type Item = Deal;

    fn next(&mut self) -> Option<Deal> {
        let number = self.next;
        if number == self.shape.deals {
            return None;
        }
        self.next += 1;
        self.register(number)
    }
}
