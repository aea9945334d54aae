//! How likely two registrations claim the same customer.
//!
//! Each piece of evidence has a weight: how sure it alone would make a channel manager. Weights combine by noisy-or,
//! `1 - (1 - w1)(1 - w2)…`: evidence of different kinds adds up, never exceeds certainty, never lowers the score, and
//! its order does not matter. The arithmetic is exact in integers.
//!
//! Evidence is of two kinds. *Identifying* evidence (domain, name, contact) says who the customer is. *Circumstance*
//! (country, products, dates) is shared by most pairs of a vendor's deals; it counts only beside identifying evidence.
//! Another country makes two companies of one name less likely the same, so it weakens names; it does not touch
//! domains and contacts, because one customer buys in several countries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::state::DealStatus;

#[cfg(test)]
mod pairs;
mod reason;
#[cfg(test)]
mod tests;

pub use reason::Reason;

/// The weight of each piece of evidence, in thousandths of certainty.
pub mod weights {
    /// The same registrable domain. Reaches [`Level::Certain`](super::Level::Certain) alone.
    pub const SAME_DOMAIN: u32 = 950;
    /// The same normalised legal name.
    pub const SAME_NAME: u32 = 750;
    /// A similar name at [`SIMILAR_NAME_FROM`] percent; rises in a straight line to [`SIMILAR_NAME_MAX`] at 100.
    pub const SIMILAR_NAME_MIN: u32 = 200;
    /// A similar name at 100 percent: every trigram shared, the words in another order.
    pub const SIMILAR_NAME_MAX: u32 = 700;
    /// The percentage of trigram similarity from which a name counts as similar.
    pub const SIMILAR_NAME_FROM: u8 = 45;
    /// What is left of a name's weight when the countries differ.
    pub const DIFFERENT_COUNTRY_KEEPS: u32 = 600;
    /// Each shared contact address, up to [`CONTACTS_COUNTED`] of them.
    pub const SAME_CONTACT: u32 = 600;
    /// Further shared addresses say nothing new.
    pub const CONTACTS_COUNTED: u8 = 3;
    /// The same country. Circumstance.
    pub const SAME_COUNTRY: u32 = 100;
    /// At least one product in common. Circumstance.
    pub const OVERLAPPING_PRODUCTS: u32 = 150;
    /// Expected to close within [`CLOSE_DAYS`] of each other. Circumstance.
    pub const CLOSE_DATES: u32 = 100;
    /// Expected to close within [`NEAR_DAYS`] of each other. Circumstance.
    pub const NEAR_DATES: u32 = 50;
    /// One month.
    pub const CLOSE_DAYS: u32 = 30;
    /// One quarter.
    pub const NEAR_DAYS: u32 = 90;
}

/// What is known about a pair of deals: the one under examination and another of the same vendor. Every field but
/// `status` is a relation between the two, so the score is the same from either side. Carries no identity of the
/// rival, so that no answer made from it can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The other deal's status: only a live deal conflicts.
    pub status: DealStatus,
    /// Both customers have the same registrable domain.
    pub domain_equal: bool,
    /// Both customers have the same [`NameKey`](super::customer::NameKey).
    pub name_equal: bool,
    /// `similarity()` of `pg_trgm` on both name keys, 0 to 1; what lies outside is clamped, not-a-number is 0.
    pub name_similarity: f32,
    /// Both customers are in the same country.
    pub same_country: bool,
    /// How many contact addresses, by [`EmailKey`](super::customer::EmailKey), stand on both deals.
    pub shared_emails: usize,
    /// Days between the expected closes, when both are known.
    pub close_distance_days: Option<u32>,
    /// At least one product stands on both deals.
    pub products_overlap: bool,
}

/// How seriously to take a score.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ConflictLevel)]
pub enum Level {
    /// Below 20: noise.
    None,
    /// 20 to 54: worth a look.
    Possible,
    /// 55 to 89: probably the same customer.
    Likely,
    /// 90 and more: the same customer.
    Certain,
}

impl Level {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }

    const fn of(score: u8) -> Self {
        match score {
            0..20 => Self::None,
            20..55 => Self::Possible,
            55..90 => Self::Likely,
            _ => Self::Certain,
        }
    }
}

/// The verdict on one pair of deals, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConflictScore {
    /// 0 (nothing in common) to 100 (the same customer beyond doubt).
    #[schema(minimum = 0, maximum = 100)]
    pub score: u8,
    /// The score in one word.
    pub level: Level,
    /// What led to the score, identifying evidence first. Empty when the score is 0.
    pub reasons: Vec<Reason>,
}

/// Scores one pair of deals. A deal that is no longer live, or that shares nothing that identifies the customer,
/// scores 0 without reasons.
#[must_use]
pub fn score(candidate: &Candidate) -> ConflictScore {
    let mut evidence = if candidate.status.is_live() {
        identifying(candidate)
    } else {
        Vec::new()
    };
    if !evidence.is_empty() {
        evidence.extend(circumstance(candidate));
    }
    let score = noisy_or(evidence.iter().map(|(_, weight)| *weight));
    let reasons = evidence.into_iter().map(|(reason, _)| reason).collect();
    ConflictScore {
        score,
        level: Level::of(score),
        reasons,
    }
}

fn identifying(candidate: &Candidate) -> Vec<(Reason, u32)> {
    let mut evidence = Vec::new();
    if candidate.domain_equal {
        evidence.push((Reason::SameDomain, weights::SAME_DOMAIN));
    }
    if let Some((reason, weight)) = name_evidence(candidate) {
        if candidate.same_country {
            evidence.push((reason, weight));
        } else {
            evidence.push((reason, weight * weights::DIFFERENT_COUNTRY_KEEPS / 1000));
            evidence.push((Reason::DifferentCountry, 0));
        }
    }
    if candidate.shared_emails > 0 {
        let count = u32::try_from(candidate.shared_emails).unwrap_or(u32::MAX);
        let counted = usize::from(weights::CONTACTS_COUNTED).min(candidate.shared_emails);
        let weight = 1000 - std::iter::repeat_n(1000 - weights::SAME_CONTACT, counted).fold(1000, |p, q| p * q / 1000);
        evidence.push((Reason::SameContact { count }, weight));
    }
    evidence
}

fn name_evidence(candidate: &Candidate) -> Option<(Reason, u32)> {
    if candidate.name_equal {
        return Some((Reason::SameName, weights::SAME_NAME));
    }
    let percent = percent(candidate.name_similarity);
    let above = percent.checked_sub(weights::SIMILAR_NAME_FROM)?;
    let rise = (weights::SIMILAR_NAME_MAX - weights::SIMILAR_NAME_MIN) * u32::from(above);
    let weight = weights::SIMILAR_NAME_MIN + rise / u32::from(100 - weights::SIMILAR_NAME_FROM);
    Some((Reason::SimilarName { percent }, weight))
}

fn circumstance(candidate: &Candidate) -> Vec<(Reason, u32)> {
    let mut evidence = Vec::new();
    if candidate.same_country {
        evidence.push((Reason::SameCountry, weights::SAME_COUNTRY));
    }
    if candidate.products_overlap {
        evidence.push((Reason::OverlappingProducts, weights::OVERLAPPING_PRODUCTS));
    }
    match candidate.close_distance_days {
        Some(days) if days <= weights::CLOSE_DAYS => evidence.push((Reason::CloseDates { days }, weights::CLOSE_DATES)),
        Some(days) if days <= weights::NEAR_DAYS => evidence.push((Reason::CloseDates { days }, weights::NEAR_DATES)),
        _ => {}
    }
    evidence
}

/// The nearest percentage of a fraction; not-a-number compares with nothing and so is 0.
fn percent(fraction: f32) -> u8 {
    let rounded = (fraction * 100.0).round();
    (1..=100)
        .take_while(|step| f32::from(*step) <= rounded)
        .last()
        .unwrap_or(0)
}

/// Combines weights in thousandths to a whole percentage; half a percent counts as doubt. A 128-bit product holds twelve weights exactly; a score
/// has at most seven.
fn noisy_or(weights: impl Iterator<Item = u32>) -> u8 {
    let (doubt, one) = weights.fold((1_u128, 1_u128), |(doubt, one), weight| {
        (doubt * u128::from(1000 - weight.min(1000)), one * 1000)
    });
    let doubt_percent = (doubt * 100 + one / 2) / one;
    100 - u8::try_from(doubt_percent).unwrap_or(100)
}
