//! What shares can be: pure checks and the pure view that a side has of them.

use std::collections::{BTreeMap, HashSet};

use guildhall_kernel::{OrgId, parse_decimal};
use guildhall_spine::http::Checks;
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CreditRole, Share};

#[cfg(test)]
mod tests;

/// The most shares that an agreement has.
const MOST: usize = 80;

/// A partner's part in a role, as it is sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreditShareDraft)]
pub struct ShareDraft {
    /// A partner in the deal, or one that the vendor brings in.
    pub partner_id: OrgId,
    /// What it did.
    pub role: CreditRole,
    /// More than 0 and at most 100, with at most 2 decimals; those of a role sum to 100.
    #[schema(example = "60.00")]
    pub percent: String,
}

/// The shares that the drafts are. Every fault is noted in `checks`, with its pointer below `/shares`.
pub fn check(drafts: &[ShareDraft], checks: &mut Checks) -> Vec<Share> {
    if !(1..=MOST).contains(&drafts.len()) {
        checks.refuse("/shares", "length", format!("must have 1 to {MOST} shares"));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut shares = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.iter().enumerate() {
        if !seen.insert((draft.partner_id, draft.role)) {
            let message = "the partner has another share in this role: add them up";
            checks.refuse(format!("/shares/{place}"), "duplicate", message);
        }
        match percent(&draft.percent) {
            Some(percent) => shares.push(Share {
                partner_id: draft.partner_id,
                role: draft.role,
                percent,
            }),
            None => checks.refuse(
                format!("/shares/{place}/percent"),
                "percent",
                "must be more than 0 and at most 100, with at most 2 decimals, like \"33.34\"",
            ),
        }
    }
    if shares.len() == drafts.len() {
        for (role, sum) in sums(&shares) {
            if sum != Decimal::ONE_HUNDRED {
                let message = format!("the shares of {} sum to {sum}, not to 100", role.as_str());
                checks.refuse("/shares", "sum", message);
            }
        }
    }
    shares
}

fn percent(text: &str) -> Option<Decimal> {
    let mut percent = parse_decimal(text).ok()?.normalize();
    let fits = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 2;
    percent.rescale(2);
    fits.then_some(percent)
}

/// The sum of each role.
#[must_use]
pub fn sums(shares: &[Share]) -> BTreeMap<CreditRole, Decimal> {
    let mut sums = BTreeMap::new();
    for share in shares {
        *sums.entry(share.role).or_insert(Decimal::ZERO) += share.percent;
    }
    sums
}

/// The shares when nothing was agreed: all of each role for the partner that registered the deal.
#[must_use]
pub fn by_default(partner: OrgId, roles: &[CreditRole]) -> Vec<Share> {
    let whole = Decimal::new(10_000, 2);
    let all = roles.iter().map(|role| Share {
        partner_id: partner,
        role: *role,
        percent: whole,
    });
    all.collect()
}

/// What a partner sees that doesn't see everything: its own shares, and the rest of each role as one, without a name.
#[must_use]
pub fn seen_by(partner: OrgId, shares: &[Share]) -> Vec<(CreditRole, Option<OrgId>, Decimal)> {
    let mut seen = Vec::new();
    for (role, sum) in sums(shares) {
        let own: Decimal = shares
            .iter()
            .filter(|share| share.role == role && share.partner_id == partner)
            .map(|share| share.percent)
            .sum();
        if !own.is_zero() {
            seen.push((role, Some(partner), own));
        }
        if own != sum {
            seen.push((role, None, sum - own));
        }
    }
    seen
}
