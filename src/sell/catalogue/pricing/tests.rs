use proptest::prelude::*;

use super::*;

fn id<T: From<uuid::Uuid>>(n: u128) -> T {
    uuid::Uuid::from_u128(n).into()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn list(n: u128, tier: Option<Tier>, program: Option<u128>) -> List {
    List {
        id: id(n),
        name: format!("list {n}"),
        currency: Currency::EUR,
        tier,
        program: program.map(id),
        discounts: Vec::new(),
    }
}

fn entry(list: u128, min_quantity: &str, unit_amount: &str) -> Entry {
    Entry {
        list: id(list),
        min_quantity: decimal(min_quantity),
        unit_amount: decimal(unit_amount),
    }
}

fn buyer(tier: Option<Tier>, program: Option<u128>) -> Audience {
    Audience {
        vendor: id(99),
        tier,
        program: program.map(id),
    }
}

#[test]
fn the_most_particular_list_that_has_the_product_gives_the_price() {
    let lists = [
        list(1, None, None),
        list(2, Some(Tier::Gold), None),
        list(3, None, Some(7)),
        list(4, Some(Tier::Gold), Some(7)),
    ];
    let gold = Some(Tier::Gold);
    // The lists that have the product, who asks, the list that gives the price.
    let table: &[(&[u128], Audience, Option<u128>)] = &[
        (&[1, 2, 3, 4], buyer(gold, Some(7)), Some(4)),
        (&[1, 2, 3], buyer(gold, Some(7)), Some(3)),
        (&[1, 2], buyer(gold, Some(7)), Some(2)),
        (&[1], buyer(gold, Some(7)), Some(1)),
        (&[1, 2, 3, 4], buyer(gold, Some(8)), Some(2)),
        (&[1, 2, 3, 4], buyer(Some(Tier::Silver), Some(7)), Some(3)),
        (&[1, 2, 3, 4], buyer(Some(Tier::Silver), Some(8)), Some(1)),
        (&[1, 2, 3, 4], buyer(None, None), Some(1)),
        (&[2, 4], buyer(Some(Tier::Silver), Some(7)), None),
        (&[3, 4], buyer(gold, Some(8)), None),
        (&[], buyer(gold, Some(7)), None),
    ];
    for (having, audience, expected) in table {
        let entries: Vec<Entry> = having.iter().map(|list| entry(*list, "0", "10")).collect();
        let priced = price(audience, (id(5), None), Currency::EUR, &lists, &entries);
        assert_eq!(
            priced.map(|priced| priced.list.id),
            expected.map(id),
            "{having:?} {audience:?}"
        );
    }
    let entries = [entry(1, "0", "10")];
    assert!(price(&buyer(None, None), (id(5), None), Currency::USD, &lists, &entries).is_none());
}

#[test]
fn the_most_particular_discount_applies() {
    let discount = |product: Option<u128>, family: Option<&str>, tier: Option<Tier>, percent: &str| Discount {
        product: product.map(id),
        family: family.map(str::to_owned),
        tier,
        percent: decimal(percent),
    };
    let mut one = list(1, None, None);
    one.discounts = vec![
        discount(None, None, None, "1"),
        discount(None, None, Some(Tier::Gold), "2"),
        discount(None, Some("Gateways"), None, "3"),
        discount(None, Some("Gateways"), Some(Tier::Gold), "4"),
        discount(Some(5), None, None, "5"),
        discount(Some(5), None, Some(Tier::Gold), "6"),
    ];
    let lists = [one];
    let entries = [entry(1, "0", "100.00")];
    let table = [
        (5, Some("Gateways"), Tier::Gold, "94.00"),
        (5, Some("Gateways"), Tier::Silver, "95.00"),
        (6, Some("Gateways"), Tier::Gold, "96.00"),
        (6, Some("Gateways"), Tier::Silver, "97.00"),
        (6, Some("Sensors"), Tier::Gold, "98.00"),
        (6, None, Tier::Silver, "99.00"),
    ];
    for (product, family, tier, expected) in table {
        let audience = buyer(Some(tier), None);
        let priced = price(&audience, (id(product), family), Currency::EUR, &lists, &entries).unwrap();
        let step = priced.at(Decimal::ONE).unwrap();
        assert_eq!(step.unit_amount.to_string(), expected, "{product} {family:?} {tier:?}");
        assert_eq!(step.list_amount.to_string(), "100.00");
    }
}

#[test]
fn a_price_is_rounded_half_to_even_at_the_minor_unit() {
    let table = [
        (Currency::EUR, "0.25", "50", "0.12"),
        (Currency::EUR, "0.35", "50", "0.18"),
        (Currency::EUR, "10.05", "33.33", "6.70"),
        (Currency::JPY, "5", "50", "2"),
        (Currency::JPY, "7", "50", "4"),
        (Currency::KWD, "0.001", "50", "0.000"),
        (Currency::KWD, "0.003", "50", "0.002"),
        (Currency::EUR, "9.99", "100", "0.00"),
    ];
    for (currency, amount, percent, expected) in table {
        let mut one = list(1, None, None);
        one.currency = currency;
        one.discounts = vec![Discount {
            product: None,
            family: None,
            tier: None,
            percent: decimal(percent),
        }];
        let entries = [entry(1, "0", amount)];
        let lists = [one];
        let priced = price(&buyer(None, None), (id(5), None), currency, &lists, &entries).unwrap();
        assert_eq!(
            priced.at(Decimal::ONE).unwrap().unit_amount.to_string(),
            expected,
            "{amount} less {percent} %"
        );
    }
}

#[test]
fn a_quantity_gets_the_highest_step_that_it_reaches() {
    let lists = [list(1, None, None)];
    let entries = [entry(1, "10", "9"), entry(1, "1", "10"), entry(1, "100", "8")];
    let audience = buyer(None, None);
    let priced = price(&audience, (id(5), None), Currency::EUR, &lists, &entries).unwrap();
    for (quantity, expected) in [
        ("0.5", None),
        ("1", Some("10")),
        ("9.9999", Some("10")),
        ("10", Some("9")),
        ("99", Some("9")),
        ("100", Some("8")),
        ("1000000", Some("8")),
    ] {
        let got = priced.at(decimal(quantity)).map(|step| step.unit_amount);
        assert_eq!(got, expected.map(decimal), "{quantity}");
    }
}

proptest! {
    #[test]
    fn a_discount_never_raises_a_price_nor_takes_more_than_it(
        cents in 0i64..1_000_000_000_000,
        percent in 1i64..=10_000,
    ) {
        let mut one = list(1, None, None);
        one.discounts = vec![Discount { product: None, family: None, tier: None, percent: Decimal::new(percent, 2) }];
        let lists = [one];
        let entries = [Entry { list: id(1), min_quantity: Decimal::ZERO, unit_amount: Decimal::new(cents, 2) }];
        let audience = buyer(None, None);
        let priced = price(&audience, (id(5), None), Currency::EUR, &lists, &entries).unwrap();
        let step = priced.at(Decimal::ONE).unwrap();
        prop_assert!(step.unit_amount <= step.list_amount && step.unit_amount >= Decimal::ZERO);
        let exact = step.list_amount * (Decimal::ONE_HUNDRED - Decimal::new(percent, 2)) / Decimal::ONE_HUNDRED;
        prop_assert!((step.unit_amount - exact).abs() <= Decimal::new(5, 3));
    }
}
