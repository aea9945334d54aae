//! Periods of plans.

use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::spec::{Baseline, Every, PeriodSpec};

/// A span of days over which a plan counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(as = PlanPeriod)]
pub struct Period {
    /// The first day.
    pub start: NaiveDate,
    /// The last day, which belongs to it.
    pub end: NaiveDate,
}

impl Period {
    /// Whether the day belongs to it.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }

    /// All days of years 1 to 9999: the period of a plan that counts over its whole life, whatever its dates are.
    #[must_use]
    pub fn always() -> Self {
        Self {
            start: NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(NaiveDate::MIN),
            end: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX),
        }
    }

    /// The period that many months long which starts at a first of a month; the whole life at the calendar's ends.
    fn of_months(start: NaiveDate, months: u32) -> Self {
        start
            .checked_add_months(Months::new(months))
            .and_then(|next| next.pred_opt())
            .map_or_else(Self::always, |end| Self { start, end })
    }

    /// How many months it has.
    fn months(&self) -> u32 {
        let index = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default();
        u32::try_from(index(self.end) - index(self.start) + 1).unwrap_or(1)
    }
}

impl PeriodSpec {
    /// The period that the day is in.
    pub(crate) fn around(&self, day: NaiveDate) -> Period {
        match self.every {
            Every::Plan => Period::always(),
            Every::Month => self.around_by(day, 1),
            Every::Quarter => self.around_by(day, 3),
            Every::Year => self.around_by(day, 12),
        }
    }

    /// The fiscal year that the day is in.
    pub(crate) fn year_around(&self, day: NaiveDate) -> Period {
        self.around_by(day, 12)
    }

    fn around_by(&self, day: NaiveDate, length: u32) -> Period {
        let into_year = (day.month() + 12 - self.fiscal_year_start.clamp(1, 12)) % 12;
        day.with_day(1)
            .and_then(|first| first.checked_sub_months(Months::new(into_year % length)))
            .map_or_else(Period::always, |start| Period::of_months(start, length))
    }

    /// What growth in the period is measured against; none at the start of the calendar and for a whole plan.
    pub(crate) fn before(&self, of: &Period, baseline: Baseline) -> Option<Period> {
        if *of == Period::always() {
            return None;
        }
        let length = of.months();
        let back = match baseline {
            Baseline::YearBefore => 12,
            Baseline::PeriodBefore => length,
        };
        of.start
            .checked_sub_months(Months::new(back))
            .map(|start| Period::of_months(start, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn periods_follow_the_fiscal_year() {
        let table = [
            (Every::Month, 1, "2026-02-10", "2026-02-01", "2026-02-28"),
            (Every::Quarter, 1, "2026-12-31", "2026-10-01", "2026-12-31"),
            (Every::Quarter, 2, "2026-01-31", "2025-11-01", "2026-01-31"),
            (Every::Quarter, 2, "2026-02-01", "2026-02-01", "2026-04-30"),
            (Every::Year, 7, "2026-06-30", "2025-07-01", "2026-06-30"),
            (Every::Year, 7, "2026-07-01", "2026-07-01", "2027-06-30"),
            (Every::Year, 1, "2028-02-29", "2028-01-01", "2028-12-31"),
            (Every::Plan, 1, "2026-02-10", "0001-01-01", "9999-12-31"),
        ];
        for (every, fiscal_year_start, on, start, end) in table {
            let spec = PeriodSpec {
                every,
                fiscal_year_start,
            };
            let period = spec.around(day(on));
            assert_eq!((period.start, period.end), (day(start), day(end)), "{every:?} {on}");
            assert!(period.contains(day(on)));
        }
    }

    #[test]
    fn the_baseline_is_a_period_of_the_same_length() {
        let spec = PeriodSpec {
            every: Every::Quarter,
            fiscal_year_start: 1,
        };
        let period = spec.around(day("2028-01-15"));
        let year = spec.before(&period, Baseline::YearBefore).unwrap();
        assert_eq!((year.start, year.end), (day("2027-01-01"), day("2027-03-31")));
        let last = spec.before(&period, Baseline::PeriodBefore).unwrap();
        assert_eq!((last.start, last.end), (day("2027-10-01"), day("2027-12-31")));
        assert_eq!(spec.before(&Period::always(), Baseline::YearBefore), None);
    }
}
