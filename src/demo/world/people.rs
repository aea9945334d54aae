//! Who works where.

use std::collections::HashSet;

use chrono::TimeDelta;
use guildhall_kernel::UserId;
use guildhall_spine::access::Role;

use super::{Invitation, Member, Org, Person, World};
use crate::demo::{
    company::{person, slug},
    draw::Draw,
    scale::Shape,
};

/// Everybody's place in a vendor and the name before the `@`.
const VENDOR_POSTS: &[(&str, Role)] = &[
    ("owner", Role::VendorOwner),
    ("manager", Role::ChannelManager),
    ("finance", Role::VendorFinance),
];

/// Everybody's place in a partner and the name before the `@`.
const PARTNER_POSTS: &[(&str, Role)] = &[("admin", Role::PartnerAdmin), ("rep", Role::PartnerSales)];

const VENDOR_ROLES: &[(Role, u64)] = &[
    (Role::ChannelManager, 40),
    (Role::Viewer, 20),
    (Role::VendorMarketing, 14),
    (Role::VendorFinance, 8),
    (Role::Content, 8),
    (Role::VendorAdmin, 6),
    (Role::Moderator, 4),
];

const PARTNER_ROLES: &[(Role, u64)] = &[
    (Role::PartnerSales, 46),
    (Role::PartnerTechnical, 20),
    (Role::PartnerMarketing, 14),
    (Role::PartnerFinance, 9),
    (Role::Learner, 6),
    (Role::PartnerAdmin, 5),
];

impl World {
    /// Gives every company its people, and fills up to the shape's number of users.
    pub(super) fn hire(&mut self, draw: &mut Draw, shape: &Shape) {
        let mut taken = HashSet::new();
        self.operator(draw);
        for place in 0..self.vendors.len() {
            for (local, role) in VENDOR_POSTS {
                self.vendor_post(draw, place, Some(local), *role, &mut taken);
            }
            for _ in 0..shape.vendor_staff {
                let role = draw.share(Role::Viewer, VENDOR_ROLES);
                self.vendor_post(draw, place, None, role, &mut taken);
            }
        }
        for place in 0..self.partners.len() {
            for (local, role) in PARTNER_POSTS {
                self.partner_post(draw, place, Some(local), *role, &mut taken);
            }
        }
        while self.people.len() < shape.users {
            let place = draw.index(self.partners.len());
            let role = draw.share(Role::PartnerSales, PARTNER_ROLES);
            self.partner_post(draw, place, None, role, &mut taken);
        }
    }

    /// The platform's own administrator, who belongs to no company.
    fn operator(&mut self, draw: &mut Draw) {
        let created_at = self.opening() - TimeDelta::days(1_000);
        self.people.push(Person {
            id: draw.id(created_at),
            email: "operator@guildhall.example".to_owned(),
            name: "Robin Wheelwright".to_owned(),
            locale: "en",
            operator: true,
            created_at,
        });
    }

    fn vendor_post(
        &mut self,
        draw: &mut Draw,
        place: usize,
        local: Option<&str>,
        role: Role,
        taken: &mut HashSet<String>,
    ) {
        let Some(vendor) = self.vendors.get_mut(place) else {
            return;
        };
        let (person, member) = employ(draw, &vendor.org, local, role, taken);
        if role == Role::ChannelManager {
            vendor.managers.push(person.id);
        }
        self.people.push(person);
        self.members.push(member);
    }

    fn partner_post(
        &mut self,
        draw: &mut Draw,
        place: usize,
        local: Option<&str>,
        role: Role,
        taken: &mut HashSet<String>,
    ) {
        let elsewhere = draw.index(self.partners.len());
        let Some(partner) = self.partners.get_mut(place) else {
            return;
        };
        let (person, member) = employ(draw, &partner.org, local, role, taken);
        if matches!(role, Role::PartnerSales | Role::PartnerAdmin) {
            partner.sellers.push(person.id);
        }
        // A few engineers work for two companies.
        if role == Role::PartnerTechnical
            && draw.chance(5)
            && elsewhere != place
            && let Some(second) = self.partners.get(elsewhere)
        {
            let created_at = member.created_at;
            let id = draw.id(created_at);
            self.members.push(Member {
                id,
                org: second.org.id,
                user: person.id,
                role,
                created_at,
            });
        }
        self.people.push(person);
        self.members.push(member);
    }

    /// Invitations that wait, and one taken back.
    pub(super) fn invite(&mut self, draw: &mut Draw) {
        let admin_of = |org| {
            self.members
                .iter()
                .find(|member| member.org == org)
                .map(|member| member.user)
        };
        let mut invitations = Vec::new();
        for partner in self.partners.iter().take(4) {
            let created_at = draw.moment(self.day - TimeDelta::days(4), self.day);
            let name = person(draw, partner.org.culture);
            invitations.push(Invitation {
                id: draw.id(created_at),
                org: partner.org.id,
                email: format!("new.{}@{}", local_part(&name), partner.org.domain),
                role: Role::PartnerSales,
                token_hash: draw.digest(),
                invited_by: admin_of(partner.org.id),
                created_at,
                expires_at: created_at + TimeDelta::days(7),
                revoked_at: None,
            });
        }
        if let Some(last) = invitations.last_mut() {
            last.revoked_at = Some(draw.moment(last.created_at, self.day));
        }
        self.invitations = invitations;
    }
}

fn employ(
    draw: &mut Draw,
    org: &Org,
    local: Option<&str>,
    role: Role,
    taken: &mut HashSet<String>,
) -> (Person, Member) {
    let created_at = draw.moment(org.created_at, org.created_at + TimeDelta::days(55));
    let name = person(draw, org.culture);
    let email = match local {
        Some(local) => format!("{local}@{}", org.domain),
        None => free_address(&local_part(&name), &org.domain, taken),
    };
    let id: UserId = draw.id(created_at);
    let member = Member {
        id: draw.id(created_at),
        org: org.id,
        user: id,
        role,
        created_at,
    };
    (
        Person {
            id,
            email,
            name,
            locale: org.culture.locale,
            operator: false,
            created_at,
        },
        member,
    )
}

/// `first.family`, as most companies form addresses.
pub(in crate::demo) fn local_part(name: &str) -> String {
    slug(name).replace('-', ".")
}

/// The address, with a number when somebody of that name already works there.
fn free_address(local: &str, domain: &str, taken: &mut HashSet<String>) -> String {
    let mut address = format!("{local}@{domain}");
    let mut number = 2;
    while !taken.insert(address.clone()) {
        address = format!("{local}{number}@{domain}");
        number += 1;
    }
    address
}
