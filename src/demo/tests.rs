use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_sell::deals::{
    customer::{EmailKey, NameKey, RegistrableDomain},
    state::DealStatus,
};
use rust_decimal::Decimal;

use super::{
    Scale,
    copy::{Copied, Rows},
    deals::{Deal, Deals},
    draw::Draw,
    load::{SEED, deal_draw},
    scale::Shape,
    world::World,
    world_rows::Account,
};

/// More than in life, to meet every case.
const RIVALS: u64 = 30;

fn day() -> DateTime<Utc> {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn world(scale: Scale) -> World {
    World::create(&mut Draw::seeded(SEED), &scale.shape(), day())
}

fn deals(world: &World, count: u64) -> Vec<Deal> {
    let shape = Shape {
        deals: count,
        rivals: RIVALS,
        ..Scale::Large.shape()
    };
    Deals::of(world, deal_draw(), shape).collect()
}

fn written(scale: Scale, count: u64) -> Vec<u8> {
    let world = world(scale);
    let deals = deals(&world, count);
    let mut rows = Rows::default();
    for deal in &deals {
        deal.write(&mut rows);
    }
    let accounts = Rows::of(world.people.iter().map(|person| Account {
        person,
        password_hash: "",
    }));
    [
        Rows::of(world.orgs()).as_bytes(),
        accounts.as_bytes(),
        Rows::of(&world.members).as_bytes(),
        Rows::of(&world.partnerships).as_bytes(),
        Rows::of(&world.invitations).as_bytes(),
        rows.as_bytes(),
    ]
    .concat()
}

#[test]
fn the_same_day_brings_the_same_bytes() {
    assert!(written(Scale::Small, 400) == written(Scale::Small, 400));
    assert!(written(Scale::Large, 2_000) == written(Scale::Large, 2_000));
}

#[test]
fn the_scales_have_the_announced_numbers() {
    for scale in [Scale::Small, Scale::Large] {
        let (shape, world) = (scale.shape(), world(scale));
        let vendors = usize::try_from(shape.vendors).unwrap();
        assert_eq!((world.vendors.len(), world.partners.len()), (vendors, shape.partners));
        assert_eq!(world.people.len(), shape.users);
        assert_eq!(deals(&world, 400).len(), 400);
    }
}

#[test]
fn what_must_be_unique_is() {
    let world = world(Scale::Large);
    let mut seen = HashSet::new();
    for person in &world.people {
        assert!(
            EmailKey::parse(&person.email).is_ok() && seen.insert(person.email.clone()),
            "{}",
            person.email
        );
    }
    for org in world.orgs() {
        assert!(seen.insert(org.slug.clone()), "{}", org.slug);
        assert!(seen.insert(org.domain.clone()), "{}", org.domain);
        assert!((3..=60).contains(&org.slug.len()), "{}", org.slug);
    }
    let pairs: HashSet<_> = world.partnerships.iter().map(|one| (one.vendor, one.partner)).collect();
    assert_eq!(pairs.len(), world.partnerships.len());
    let memberships: HashSet<_> = world.members.iter().map(|one| (one.org, one.user)).collect();
    assert_eq!(memberships.len(), world.members.len());
}

#[test]
fn the_people_of_the_tour_are_there() {
    let world = world(Scale::Small);
    let role = |email: &str| {
        let person = world.people.iter().find(|person| person.email == email).unwrap();
        world
            .members
            .iter()
            .find(|member| member.user == person.id)
            .map(|member| member.role.as_str())
    };
    assert_eq!(role("operator@guildhall.example"), None);
    for number in 1..=3 {
        assert_eq!(role(&format!("owner@vendor{number}.example")), Some("owner"));
        assert_eq!(
            role(&format!("manager@vendor{number}.example")),
            Some("channel_manager")
        );
        assert_eq!(role(&format!("finance@vendor{number}.example")), Some("finance"));
    }
    for number in 1..=12 {
        assert_eq!(role(&format!("rep@partner{number}.example")), Some("sales"));
        assert_eq!(role(&format!("admin@partner{number}.example")), Some("admin"));
    }
    for vendor in world.vendors.iter().take(2) {
        for partner in world.partners.iter().take(2) {
            let same = |one: &&super::world::Partnership| one.vendor == vendor.org.id && one.partner == partner.org.id;
            assert_eq!(
                world.partnerships.iter().find(same).map(|one| one.status),
                Some("active")
            );
        }
    }
}

#[test]
fn deals_obey_the_rules_of_registration() {
    let world = world(Scale::Large);
    let opening = world.opening();
    let mut holders = HashMap::new();
    for deal in deals(&world, 20_000) {
        let key = NameKey::from_legal_name(&deal.customer_name, deal.customer_country).unwrap();
        assert_eq!(key.as_str(), deal.customer_key);
        if let Some(domain) = &deal.customer_domain {
            assert_eq!(RegistrableDomain::parse_customer(domain).unwrap().as_str(), domain);
            if deal.status == DealStatus::Approved {
                let holder = *holders
                    .entry((deal.vendor_id, domain.clone()))
                    .or_insert(deal.partner_id);
                assert_eq!(holder, deal.partner_id, "two partners hold {domain}");
            }
        }
        assert_eq!(deal.amount, deal.lines.iter().map(|line| line.amount).sum::<Decimal>());
        assert!(
            !deal.lines.is_empty()
                && deal
                    .lines
                    .iter()
                    .all(|line| line.amount == line.quantity * line.unit_amount)
        );
        let products: HashSet<_> = deal.lines.iter().map(|line| line.product).collect();
        assert_eq!(products.len(), deal.lines.len());
        assert!(
            deal.contacts
                .iter()
                .all(|one| EmailKey::parse(&one.email).unwrap().as_str() == one.email_key)
        );
        assert_eq!(deal.outcome.decided_at.is_some(), deal.outcome.decided_by.is_some());
        let times = [
            Some(opening - chrono::TimeDelta::days(2)),
            Some(deal.created_at),
            deal.outcome.decided_at,
        ];
        let times: Vec<_> = times
            .into_iter()
            .flatten()
            .chain([deal.outcome.updated_at, day()])
            .collect();
        assert!(times.is_sorted(), "{times:?}");
        assert!(!deal.status.is_live() || deal.expected_close > day().date_naive());
    }
}

#[test]
fn what_was_decided_is_told_as_the_server_tells_it() {
    let world = world(Scale::Large);
    let mut taken = 0;
    for deal in deals(&world, 20_000) {
        let outcome = &deal.outcome;
        assert_eq!(deal.customer_keys.is_empty(), !deal.status.is_live());
        assert_eq!(outcome.decision_reason.is_some(), deal.status == DealStatus::Rejected);
        assert_eq!(outcome.decided_at.is_none(), deal.status == DealStatus::Submitted);
        assert_eq!(outcome.version == 1, deal.status == DealStatus::Submitted);
        if deal.status == DealStatus::Withdrawn {
            assert_eq!(outcome.decided_by, Some(deal.submitted_by));
        }
        if let Some(conflict) = &deal.conflict {
            assert_ne!(deal.status, DealStatus::Approved);
            assert!(conflict.other != deal.id && conflict.score.score > 0);
            taken += usize::from(outcome.decision_reason == Some("already_registered"));
        }
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn statuses_come_in_believable_shares() {
    let world = world(Scale::Large);
    let deals = deals(&world, 50_000);
    let expected = [
        (DealStatus::Submitted, 60),
        (DealStatus::InfoRequested, 20),
        (DealStatus::Approved, 264),
        (DealStatus::Rejected, 140),
        (DealStatus::Withdrawn, 100),
        (DealStatus::Expired, 82),
        (DealStatus::Won, 211),
        (DealStatus::Lost, 124),
    ];
    for (status, permille) in expected {
        let found = deals.iter().filter(|deal| deal.status == status).count() * 1_000 / deals.len();
        assert!(
            found.abs_diff(permille) <= 12,
            "{status}: {found} of 1000, expected {permille}"
        );
    }
}

#[test]
fn customers_are_many_and_different() {
    let world = world(Scale::Large);
    let deals = deals(&world, 50_000);
    let names: HashSet<_> = deals.iter().map(|deal| deal.customer_key.as_str()).collect();
    assert!(
        names.len() * 100 > deals.len() * 75,
        "{} names of {} deals",
        names.len(),
        deals.len()
    );
    let countries: HashSet<_> = deals.iter().map(|deal| deal.customer_country).collect();
    assert!(countries.len() >= 30, "{}", countries.len());
}

#[test]
fn a_crowd_is_live_with_one_vendor_and_of_so_many_customers() {
    let world = world(Scale::Crowded);
    let shape = Shape {
        deals: 5_000,
        customers: Some(1_000),
        ..Scale::Crowded.shape()
    };
    let deals: Vec<Deal> = Deals::of(&world, deal_draw(), shape).collect();
    let vendors: HashSet<_> = deals.iter().map(|deal| deal.vendor_id).collect();
    assert_eq!((deals.len(), vendors.len()), (5_000, 1));
    assert!(deals.iter().all(|deal| deal.status.is_live()));
    let approved = deals.iter().filter(|deal| deal.status == DealStatus::Approved).count();
    assert!((985..=1_000).contains(&approved), "{approved}");
    let names: HashSet<_> = deals.iter().map(|deal| deal.customer_key.as_str()).collect();
    // Some go by more than one name.
    assert!((700..1_300).contains(&names.len()), "{}", names.len());
}

#[test]
fn copied_text_is_escaped() {
    let mut rows = Rows::default();
    rows.text("a\tb\\N\r\n").text_or_null(None).bytes(&[0, 255]).end();
    assert_eq!(rows.as_bytes(), b"a\\tb\\\\N\\r\\n\t\\N\t\\\\x00ff\n");
}
