use guildhall_kernel::LeadRuleId;
use proptest::prelude::*;

use super::*;

fn org(number: usize) -> OrgId {
    OrgId::from(Uuid::from_u128(u128::try_from(number).unwrap() + 1))
}

fn partner(number: usize) -> Partner {
    Partner {
        id: org(number),
        tier: PartnerTier::Silver,
        countries: ["de".to_owned()].into(),
        products: ["gateway".to_owned()].into(),
        certifications: BTreeSet::new(),
        capacity: None,
        weight: 1,
        open: 0,
        won: 0,
        lost: 0,
    }
}

fn facts() -> Facts {
    Facts {
        country: Some("de".to_owned()),
        product: Some("gateway".to_owned()),
        industry: None,
        source: Source::Api,
        score: 50,
        amount: None,
        refused: BTreeSet::new(),
    }
}

fn rule(number: u128, choice: Choice) -> LeadRule {
    LeadRule {
        id: Some(LeadRuleId::from(Uuid::from_u128(number + 1))),
        name: format!("Rule {number}"),
        enabled: true,
        when: Conditions::default(),
        eligible: Eligibility::default(),
        choice,
        offer_minutes: None,
    }
}

fn floor(rules: Vec<LeadRule>, partners: Vec<Partner>) -> Floor {
    Floor {
        rules: Arc::new(rules),
        partners,
        ..Floor::default()
    }
}

fn shares(floor: &mut Floor, leads: usize) -> Vec<usize> {
    let mut shares = vec![0; floor.partners.len()];
    for _ in 0..leads {
        let decision = floor.hand_out(&facts());
        let place = floor
            .partners
            .iter()
            .position(|one| decision.partners == [one.id])
            .unwrap();
        shares[place] += 1;
    }
    shares
}

#[test]
fn weights_are_kept_exactly_and_smoothly() {
    let mut partners: Vec<Partner> = (0..3).map(partner).collect();
    for (place, weight) in [5, 1, 1].into_iter().enumerate() {
        partners[place].weight = weight;
    }
    let mut floor = floor(vec![rule(0, Choice::Weight)], partners);
    let order: Vec<OrgId> = (0..7).map(|_| floor.hand_out(&facts()).partners[0]).collect();
    let (a, b, c) = (org(0), org(1), org(2));
    assert_eq!(order, [a, a, b, a, c, a, a], "the order that nginx gives for 5, 1, 1");
    assert_eq!(shares(&mut floor, 700), [500, 100, 100]);
}

#[test]
fn win_rates_weigh_and_a_weight_of_nothing_gets_nothing() {
    let mut partners: Vec<Partner> = (0..2).map(partner).collect();
    (partners[0].won, partners[0].lost) = (8, 0);
    (partners[1].won, partners[1].lost) = (2, 6);
    assert_eq!((partners[0].win_rate(), partners[1].win_rate()), (900, 300));
    assert_eq!(
        shares(&mut floor(vec![rule(0, Choice::WinRate)], partners.clone()), 400),
        [300, 100]
    );
    partners[0].weight = 0;
    assert_eq!(
        shares(&mut floor(vec![rule(0, Choice::WeightAndWinRate)], partners), 10),
        [0, 10]
    );
}

#[test]
fn the_first_rule_with_an_eligible_partner_decides_and_says_why() {
    let mut strict = rule(0, Choice::BestScore);
    strict.eligible.tiers = vec![PartnerTier::Platinum];
    let mut other = rule(1, Choice::RoundRobin);
    other.when.countries = vec!["FR".to_owned()];
    let mut last = rule(2, Choice::BestScore);
    last.eligible.territory = true;
    let mut partners: Vec<Partner> = (0..3).map(partner).collect();
    partners[1].won = 5;
    partners[2].countries.clear();
    let mut floor = floor(vec![strict, other, last], partners);
    let decision = floor.hand_out(&facts());
    assert_eq!((decision.rule, decision.partners), (Some(2), vec![org(1)]));
    let [first, second, third] = decision.explanation.rules.as_slice() else {
        panic!()
    };
    assert_eq!(
        (first.out[0].reasons.as_slice(), first.out[0].count),
        ([Out::Tier].as_slice(), 3)
    );
    assert_eq!(second.missed, Some(Missed::Country));
    assert_eq!(third.out, [Left::of(vec![Out::Territory], vec![org(2)])]);
    assert_eq!(third.eligible.len(), 2);
}

#[test]
fn a_full_partner_and_one_that_refused_are_passed_over_unless_the_rule_says_so() {
    let mut partners: Vec<Partner> = (0..3).map(partner).collect();
    (partners[0].capacity, partners[0].open) = (Some(1), 1);
    let mut lead = facts();
    lead.refused.insert(org(1));
    let chosen = |eligible: Eligibility| {
        let mut pool = rule(0, Choice::Pool);
        pool.eligible = eligible;
        floor(vec![pool], partners.clone()).hand_out(&lead).partners
    };
    assert_eq!(chosen(Eligibility::default()), [org(2)]);
    let lenient = Eligibility {
        again: true,
        over_capacity: true,
        ..Eligibility::default()
    };
    assert_eq!(chosen(lenient), [org(0), org(1), org(2)]);
}

#[test]
fn capacity_fills_as_leads_are_handed_out() {
    let mut partners: Vec<Partner> = (0..2).map(partner).collect();
    partners[0].capacity = Some(2);
    partners[1].capacity = Some(1);
    let mut floor = floor(vec![rule(0, Choice::RoundRobin)], partners);
    let handed: Vec<usize> = (0..5).map(|_| floor.hand_out(&facts()).partners.len()).collect();
    assert_eq!(handed, [1, 1, 1, 0, 0]);
}

#[test]
fn amounts_match_in_their_currency_only() {
    let mut big = rule(0, Choice::RoundRobin);
    big.when.amount = Some(super::super::rule::AmountRange {
        currency: Currency::EUR,
        from: Some(Decimal::from(100)),
        below: Some(Decimal::from(200)),
    });
    let mut floor = floor(vec![big], vec![partner(0)]);
    let mut matched = |amount: Option<(i64, Currency)>| {
        let mut lead = facts();
        lead.amount = amount.map(|(amount, currency)| (Decimal::from(amount), currency));
        floor.hand_out(&lead).rule.is_some()
    };
    assert!(matched(Some((100, Currency::EUR))) && matched(Some((199, Currency::EUR))));
    assert!(!matched(Some((200, Currency::EUR))) && !matched(Some((150, Currency::USD))) && !matched(None));
}

#[test]
fn ten_thousand_leads_pass_fifty_rules() {
    let rules: Vec<LeadRule> = (0..50)
        .map(|number| {
            let mut one = rule(
                number,
                [Choice::RoundRobin, Choice::WeightAndWinRate, Choice::BestScore][usize::try_from(number % 3).unwrap()],
            );
            // All but the last rules are for other leads, or for partners that there are none of.
            if number % 2 == 0 && number < 48 {
                one.when.countries = vec!["FR".to_owned()];
            } else if number < 48 {
                one.eligible.certifications = vec!["none".to_owned()];
            }
            one
        })
        .collect();
    let mut floor = floor(rules, (0..40).map(partner).collect());
    let handed = (0..10_000)
        .filter(|_| !floor.hand_out(&facts()).partners.is_empty())
        .count();
    assert_eq!(handed, 10_000);
}

proptest! {
    #[test]
    fn round_robin_is_fair_whoever_is_there(there in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 4), 1..60)) {
        let mut floor = floor(vec![rule(0, Choice::RoundRobin)], (0..4).map(partner).collect());
        let mut waited = [0_usize; 4];
        for present in there {
            let mut lead = facts();
            lead.refused = (0..4).filter(|number| !present[*number]).map(org).collect();
            let chosen = floor.hand_out(&lead).partners;
            prop_assert_eq!(chosen.is_empty(), lead.refused.len() == 4);
            for number in 0..4 {
                if chosen == [org(number)] {
                    waited[number] = 0;
                } else if present[number] {
                    waited[number] += 1;
                }
                // With four partners nobody stands by while served thrice elsewhere.
                prop_assert!(waited[number] <= 3, "{:?}", waited);
            }
        }
    }

    #[test]
    fn weighted_shares_are_right_within_one_round(weights in proptest::collection::vec(0_i64..10, 2..6)) {
        let total: i64 = weights.iter().sum();
        prop_assume!(total > 0);
        let mut partners: Vec<Partner> = (0..weights.len()).map(partner).collect();
        for (one, weight) in partners.iter_mut().zip(&weights) {
            one.weight = *weight;
        }
        let given = shares(&mut floor(vec![rule(0, Choice::Weight)], partners), usize::try_from(total * 3).unwrap());
        let expected: Vec<usize> = weights.iter().map(|weight| usize::try_from(weight * 3).unwrap()).collect();
        prop_assert_eq!(given, expected);
    }
}
