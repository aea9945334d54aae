use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn weekends_stand_still_when_asked() {
    // 2026-11-20 is a Friday.
    let table = [
        ("2026-11-20T12:00:00Z", 48, false, "2026-11-22T12:00:00Z"),
        ("2026-11-20T12:00:00Z", 48, true, "2026-11-24T12:00:00Z"),
        ("2026-11-20T12:00:00Z", 12, true, "2026-11-21T00:00:00Z"),
        ("2026-11-21T12:00:00Z", 1, true, "2026-11-23T01:00:00Z"),
        ("2026-11-23T00:00:00Z", 120, true, "2026-11-28T00:00:00Z"),
        ("2026-11-23T00:00:00Z", 121, true, "2026-11-30T01:00:00Z"),
    ];
    for (start, hours, business_days, expected) in table {
        assert_eq!(due(at(start), hours, business_days), at(expected), "{start} + {hours}");
    }
}

proptest! {
    #[test]
    fn an_hour_more_is_never_earlier(start in 0_i64..4_000_000_000, hours in 1_u16..2160, business in any::<bool>()) {
        let start = DateTime::from_timestamp(start, 0).unwrap();
        let (one, more) = (due(start, hours, business), due(start, hours + 1, business));
        prop_assert!(one < more && one >= start + TimeDelta::hours(i64::from(hours)));
    }
}
