//! Exact fractions of 128-bit integers. Too large a figure stops the test.

use std::{
    cmp::Ordering,
    iter::Sum,
    ops::{Add, Div, Mul, Sub},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    over: i128,
    under: i128,
}

fn common(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs().max(1) } else { common(b, a % b) }
}

impl Fraction {
    pub(crate) const fn zero() -> Self {
        Self::whole(0)
    }

    pub(crate) const fn whole(over: i128) -> Self {
        Self { over, under: 1 }
    }

    fn new(over: i128, under: i128) -> Self {
        let divisor = common(over, under);
        Self {
            over: over / divisor * under.signum(),
            under: under.abs() / divisor,
        }
    }

    /// A decimal as it is written.
    pub(crate) fn read(text: &str) -> Self {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{decimals}").parse().unwrap();
        Self::new(digits, 10i128.pow(u32::try_from(decimals.len()).unwrap()))
    }

    pub(crate) const fn is_zero(&self) -> bool {
        self.over == 0
    }

    pub(crate) const fn is_negative(&self) -> bool {
        self.over < 0
    }

    pub(crate) const fn floor(&self) -> i128 {
        self.over.div_euclid(self.under)
    }

    /// The nearest whole number, the even one of two.
    pub(crate) fn half_even(&self) -> i128 {
        let floor = self.floor();
        let rest = self.over.rem_euclid(self.under);
        match rest.cmp(&(self.under - rest)) {
            Ordering::Less => floor,
            Ordering::Greater => floor + 1,
            Ordering::Equal => floor + floor.rem_euclid(2),
        }
    }

    pub(crate) fn rounded(&self, decimals: u32) -> Self {
        let scale = 10i128.pow(decimals);
        Self::new((*self * Self::whole(scale)).half_even(), scale)
    }

    pub(crate) fn largest(self, other: Self) -> Self {
        if self < other { other } else { self }
    }

    pub(crate) fn smallest(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// With so many decimals.
    pub(crate) fn written(&self, decimals: u32) -> String {
        let scale = 10i128.pow(decimals);
        let digits = (*self * Self::whole(scale)).half_even();
        let width = usize::try_from(decimals).unwrap();
        let (whole, rest) = (digits / scale, digits % scale);
        format!("{whole}.{rest:0width$}")
    }
}

impl Add for Fraction {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let divisor = common(self.under, other.under);
        let (a, b) = (other.under / divisor, self.under / divisor);
        let over = self
            .over
            .checked_mul(a)
            .unwrap()
            .checked_add(other.over.checked_mul(b).unwrap());
        Self::new(over.unwrap(), self.under.checked_mul(a).unwrap())
    }
}

impl Sub for Fraction {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self {
            over: -other.over,
            under: other.under,
        }
    }
}

impl Mul for Fraction {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let first = common(self.over, other.under);
        let second = common(other.over, self.under);
        let over = (self.over / first).checked_mul(other.over / second).unwrap();
        Self::new(over, (self.under / second).checked_mul(other.under / first).unwrap())
    }
}

impl Div for Fraction {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        assert!(other.over != 0, "a division by zero");
        self * Self {
            over: other.under * other.over.signum(),
            under: other.over.abs(),
        }
    }
}

impl Sum for Fraction {
    fn sum<I: Iterator<Item = Self>>(fractions: I) -> Self {
        fractions.fold(Self::zero(), Add::add)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    /// By whole parts, then by the reciprocals of what is left: products would not fit.
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = self.floor().cmp(&other.floor());
        if whole != Ordering::Equal {
            return whole;
        }
        let (a, b) = (*self - Self::whole(self.floor()), *other - Self::whole(other.floor()));
        match (a.is_zero(), b.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => (Self::whole(1) / b).cmp(&(Self::whole(1) / a)),
        }
    }
}
