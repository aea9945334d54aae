//! Registrations of a customer that another partner has registered before.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::DealId;
use guildhall_sell::deals::{
    conflict::{Candidate, ConflictScore, Level, score},
    state::DealStatus,
};

use super::{Contact, Customer, Deal};
use crate::demo::copy::{Copied, Rows};

/// An approved registration that others run into, or that its holder registers more for.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The holder's place.
    pub(super) partner: usize,
    pub(super) customer: Customer,
    pub(super) contact: Option<Contact>,
    pub(super) created_at: DateTime<Utc>,
    deal: DealId,
    customer_key: String,
    expected_close: NaiveDate,
    products: Vec<&'static str>,
}

/// What a registration has in common with one that was there before.
#[derive(Debug)]
pub(in crate::demo) struct Conflict {
    pub(in crate::demo) other: DealId,
    pub(in crate::demo) score: ConflictScore,
}

impl Claim {
    /// The claim that `deal` made.
    pub(super) fn of(deal: &Deal, partner: usize, customer: Customer) -> Self {
        Self {
            partner,
            customer,
            contact: deal.contacts.first().cloned(),
            created_at: deal.created_at,
            deal: deal.id,
            customer_key: deal.customer_key.clone(),
            expected_close: deal.expected_close,
            products: deal.lines.iter().map(|line| line.product).collect(),
        }
    }

    /// The conflict of `deal` with this claim, scored as the server would.
    pub(super) fn conflict(&self, deal: &Deal) -> Option<Conflict> {
        let name_equal = deal.customer_key == self.customer_key;
        let shared = |contact: &&Contact| {
            self.contact
                .as_ref()
                .is_some_and(|own| own.email_key == contact.email_key)
        };
        let apart = (deal.expected_close - self.expected_close).num_days().unsigned_abs();
        let score = score(&Candidate {
            status: DealStatus::Approved,
            domain_equal: deal.customer_domain.is_some() && deal.customer_domain == self.customer.domain,
            name_equal,
            name_similarity: if name_equal { 1.0 } else { 0.0 },
            same_country: true,
            shared_emails: deal.contacts.iter().filter(shared).count(),
            close_distance_days: u32::try_from(apart).ok(),
            products_overlap: deal.lines.iter().any(|line| self.products.contains(&line.product)),
        });
        (score.level > Level::None).then_some(Conflict {
            other: self.deal,
            score,
        })
    }
}

/// A deal's conflict as its row: a pair, the smaller id first.
pub(in crate::demo) struct Pair<'d> {
    pub(in crate::demo) deal: &'d Deal,
    pub(in crate::demo) conflict: &'d Conflict,
}

impl Copied for Pair<'_> {
    const INTO: &'static str =
        "COPY deal_conflict (deal_id, other_deal_id, score, level, reasons, found_at) FROM STDIN (FREEZE)";

    fn write(&self, rows: &mut Rows) {
        let (own, other, score) = (self.deal.id, self.conflict.other, &self.conflict.score);
        rows.plain(own.min(other).uuid())
            .plain(own.max(other).uuid())
            .plain(score.score)
            .plain(score.level.as_str())
            .text(&serde_json::json!(score.reasons).to_string())
            .time(self.deal.created_at)
            .end();
    }
}
