//! When a message that was not taken is tried again.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::Entropy;

/// The pauses after each try, by the example of the specification: three days and some hours in all.
const PAUSES: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];
/// The longest pause that a receiver can ask for.
const LONGEST_WISH: TimeDelta = TimeDelta::hours(24);
/// An endpoint to which nothing could be delivered for so long is switched off.
pub(super) const PATIENCE: TimeDelta = TimeDelta::hours(72);

/// The pause after the try with this number, from 1 on: up to a tenth longer, so that what failed together doesn't come
/// back together, and as long as the receiver wishes within a day. `None` after the last try.
pub(super) fn pause(tries: i32, wish: Option<TimeDelta>, entropy: &Entropy) -> Option<TimeDelta> {
    let place = usize::try_from(tries.checked_sub(1)?).ok()?;
    let pause = *PAUSES.get(place)?;
    let [more] = entropy.bytes::<1>();
    let jitter = TimeDelta::milliseconds(pause.num_milliseconds() / 10 * i64::from(more) / 255);
    Some((pause + jitter).max(wish.unwrap_or_default().min(LONGEST_WISH)))
}

/// The wish in a `Retry-After` header (RFC 9110 section 10.2.3): seconds, or a date.
pub(super) fn wish(header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(TimeDelta::seconds(i64::from(seconds)));
    }
    let at = DateTime::parse_from_rfc2822(header).ok()?;
    Some(at.with_timezone(&Utc) - now).filter(|wish| *wish > TimeDelta::zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_take_a_little_more_than_three_days() {
        let entropy = Entropy::seeded(7);
        let total: TimeDelta = (1..=9).map(|tries| pause(tries, None, &entropy).unwrap()).sum();
        assert!(total > PATIENCE && total < TimeDelta::hours(84), "{total}");
        assert_eq!(pause(10, Some(TimeDelta::hours(1)), &entropy), None);
        assert_eq!(pause(0, None, &entropy), None);
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_and_not_for_less_or_for_ever() {
        let entropy = Entropy::seeded(7);
        let asked = |wish| pause(1, Some(wish), &entropy).unwrap();
        assert_eq!(asked(TimeDelta::minutes(7)), TimeDelta::minutes(7));
        assert!(asked(TimeDelta::seconds(1)) >= TimeDelta::seconds(5));
        assert_eq!(asked(TimeDelta::days(400)), TimeDelta::hours(24));
    }

    #[test]
    fn a_wish_is_a_number_or_a_date() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(wish("120", now), Some(TimeDelta::minutes(2)));
        assert_eq!(wish("Mon, 23 Nov 2026 12:05:00 GMT", now), Some(TimeDelta::minutes(5)));
        for none in ["Mon, 23 Nov 2026 11:05:00 GMT", "-1", "soon", ""] {
            assert_eq!(wish(none, now), None, "{none}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(header in ".*", tries in proptest::num::i32::ANY) {
            let now = DateTime::UNIX_EPOCH;
            let _ = pause(tries, wish(&header, now), &Entropy::seeded(1));
        }
    }
}
