use guildhall_kernel::OrgId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn vendor(number: u128) -> OrgId {
    Uuid::from_u128(number).into()
}

fn keys(name: &str) -> BTreeSet<i64> {
    let name = NameKey::from_legal_name(name, "US").unwrap();
    NameKeys::new(vendor(1), &name).to_stored().into_iter().collect()
}

fn meet(one: &str, other: &str) -> bool {
    !keys(one).is_disjoint(&keys(other))
}

#[test]
fn what_people_make_of_one_name_meets() {
    for other in [
        "Contosso Robotics",
        "Contos Robotics",
        "Contoxo Robotics",
        "Cnotoso Robotics",
        "Robotics Contoso",
        "Contoso",
        "ContosoRobotics",
        "Contoso Holding Europe",
        "Contosoft",
        "contoso robotics gmbh",
    ] {
        assert!(meet("Contoso Robotics", other), "{other}");
    }
}

#[test]
fn strangers_do_not_meet() {
    assert!(!meet("Contoso Robotics", "Fabrikam Logistics"));
    assert!(!meet("ABC", "ABD"));
}

#[test]
fn another_vendors_keys_are_others() {
    let name = NameKey::from_legal_name("Contoso", "DE").unwrap();
    let one = NameKeys::new(vendor(1), &name).to_stored();
    let other = NameKeys::new(vendor(2), &name).to_stored();
    assert!(one.iter().all(|key| !other.contains(key)));
}

#[test]
fn stored_keys_stay_what_they_are() {
    let name = NameKey::from_legal_name("ABC", "DE").unwrap();
    let keys = NameKeys::new(vendor(1), &name);
    assert_eq!(
        (keys.telling, keys.words),
        (vec![3_107_633_689_593_665_372], vec![3_107_633_692_848_376_483])
    );
}

proptest! {
    #[test]
    fn one_slip_in_a_brand_is_found(brand in "[a-z]{6,14}", at in 0usize..6, letter in "[a-z]") {
        let original = format!("{brand} works");
        for slip in [
            format!("{}{letter}{}", &brand[..at], &brand[at + 1..]),
            format!("{}{letter}{}", &brand[..at], &brand[at..]),
            format!("{}{}", &brand[..at], &brand[at + 1..]),
        ] {
            prop_assert!(meet(&original, &slip), "{original} and {slip}");
        }
    }

    #[test]
    fn no_name_has_many_keys(name in "\\PC{0,200}") {
        if let Ok(name) = NameKey::from_legal_name(&name, "US") {
            let keys = NameKeys::new(vendor(1), &name);
            prop_assert_eq!(keys.near.len(), keys.near_word.len());
            prop_assert!((1..=45).contains(&keys.to_stored().len()));
        }
    }
}
