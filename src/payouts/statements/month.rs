//! Months, as statements are asked for and bounded.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

/// What was posted before a month's end is committed by then: no transaction of the ledger takes as long.
const SETTLES: Duration = Duration::hours(1);
/// How far the time in an entry's id may be from the time that it says.
const APART: Duration = Duration::days(1);

/// A calendar month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Month(NaiveDate);

impl Month {
    /// The month that begins on this day.
    pub(super) fn of(first: NaiveDate) -> Self {
        Self(first.with_day(1).unwrap_or(first))
    }

    /// Reads `2026-11`, in this form alone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, many| text.len() == many && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    /// Its first day.
    pub(super) const fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub(super) fn last(self) -> NaiveDate {
        self.next().pred_opt().unwrap_or(self.0)
    }

    /// The first day after it.
    pub(super) fn next(self) -> NaiveDate {
        self.0.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// From when to before when.
    pub(super) fn span(self) -> (DateTime<Utc>, DateTime<Utc>) {
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        (midnight(self.first()), midnight(self.next()))
    }

    /// Whether nothing can be posted in it any more.
    pub(super) fn is_over(self, now: DateTime<Utc>) -> bool {
        now >= self.span().1 + SETTLES
    }

    /// Between which ids its ledger entries are: an id begins with its time (RFC 9562, section 5.7).
    pub(super) fn ids(self) -> (Uuid, Uuid) {
        let (from, until) = self.span();
        let at = |time: DateTime<Utc>| Uuid::from_u128(u128::try_from(time.timestamp_millis()).unwrap_or(0) << 80);
        (at(from - APART), at(until + APART))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_one_way() {
        assert_eq!(Month::parse("2026-11").unwrap().to_string(), "2026-11");
        for wrong in [
            "2026-13",
            "2026-00",
            "2026-1",
            "26-11",
            "2026-11-01",
            "2026",
            "+026-11",
            "2026-+1",
            "",
        ] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_month_lasts_to_the_midnight_of_the_next_and_is_over_once_it_has_settled() {
        let month = Month::parse("2028-02").unwrap();
        assert_eq!(month.last().to_string(), "2028-02-29");
        let (from, until) = month.span();
        assert_eq!(
            [from.to_rfc3339(), until.to_rfc3339()],
            ["2028-02-01T00:00:00+00:00", "2028-03-01T00:00:00+00:00"]
        );
        assert!(!month.is_over(until));
        assert!(month.is_over(until + Duration::hours(1)));
    }

    #[test]
    fn ids_of_the_month_lie_between_its_ids() {
        let month = Month::parse("2026-11").unwrap();
        let (low, high) = month.ids();
        let id = |time: DateTime<Utc>| {
            let millis = u128::try_from(time.timestamp_millis()).unwrap();
            Uuid::from_u128(millis << 80 | 0x7abc_8def_0000_0000_0001)
        };
        let (from, until) = month.span();
        assert!(low < id(from) && id(until) < high);
        assert!(id(from - Duration::days(2)) < low && high < id(until + Duration::days(2)));
    }
}
