//! A deal as the database holds it.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId, UserId};
use guildhall_sell::deals::{conflict::Level, state::DealStatus};
use rust_decimal::Decimal;

use super::{fate::Outcome, rivalry::Conflict};
use crate::demo::copy::{Copied, Rows};

#[derive(Debug)]
pub(in crate::demo) struct Deal {
    pub(in crate::demo) id: DealId,
    pub(in crate::demo) vendor_id: OrgId,
    pub(in crate::demo) partner_id: OrgId,
    pub(in crate::demo) submitted_by: UserId,
    pub(in crate::demo) status: DealStatus,
    pub(in crate::demo) customer_name: String,
    pub(in crate::demo) customer_key: String,
    pub(in crate::demo) customer_keys: Vec<i64>,
    pub(in crate::demo) customer_domain: Option<String>,
    pub(in crate::demo) customer_country: &'static str,
    pub(in crate::demo) currency: &'static str,
    pub(in crate::demo) amount: Decimal,
    pub(in crate::demo) expected_close: NaiveDate,
    pub(in crate::demo) note: Option<String>,
    pub(in crate::demo) outcome: Outcome,
    /// With the registration that came first.
    pub(in crate::demo) conflict: Option<Conflict>,
    pub(in crate::demo) created_at: DateTime<Utc>,
    pub(in crate::demo) lines: Vec<Line>,
    pub(in crate::demo) contacts: Vec<Contact>,
}

#[derive(Debug)]
pub(in crate::demo) struct Line {
    pub(in crate::demo) product: &'static str,
    pub(in crate::demo) quantity: Decimal,
    pub(in crate::demo) unit_amount: Decimal,
    pub(in crate::demo) amount: Decimal,
}

#[derive(Clone, Debug)]
pub(in crate::demo) struct Contact {
    pub(in crate::demo) name: String,
    pub(in crate::demo) title: Option<&'static str>,
    pub(in crate::demo) email: String,
    pub(in crate::demo) email_key: String,
    pub(in crate::demo) phone: Option<String>,
}

impl Copied for Deal {
    const INTO: &'static str = "COPY deal (id, vendor_id, partner_id, submitted_by, status, customer_name, customer_key, \
        customer_keys, customer_domain, customer_country, currency, amount, expected_close, note, decided_by, \
        decided_at, decision_note, decision_reason, conflict_level, version, created_at, updated_at) \
        FROM STDIN (FREEZE)";

    fn write(&self, rows: &mut Rows) {
        let outcome = &self.outcome;
        let level = self
            .conflict
            .as_ref()
            .map_or(Level::None, |conflict| conflict.score.level);
        rows.plain(self.id.uuid())
            .plain(self.vendor_id.uuid())
            .plain(self.partner_id.uuid())
            .plain(self.submitted_by.uuid())
            .plain(self.status)
            .text(&self.customer_name)
            .text(&self.customer_key)
            .numbers(&self.customer_keys)
            .text_or_null(self.customer_domain.as_deref())
            .plain(self.customer_country)
            .plain(self.currency)
            .plain(self.amount)
            .plain(self.expected_close)
            .text_or_null(self.note.as_deref())
            .plain_or_null(outcome.decided_by.map(UserId::uuid))
            .time_or_null(outcome.decided_at)
            .text_or_null(outcome.decision_note)
            .plain_or_null(outcome.decision_reason)
            .plain(level.as_str())
            .plain(outcome.version)
            .time(self.created_at)
            .time(outcome.updated_at)
            .end();
    }
}

/// A deal's part, with the deal's id and its place there, from 1.
pub(in crate::demo) struct PartOf<'d, T> {
    pub(in crate::demo) deal: &'d Deal,
    pub(in crate::demo) no: usize,
    pub(in crate::demo) part: &'d T,
}

impl Copied for PartOf<'_, Line> {
    const INTO: &'static str =
        "COPY deal_line (deal_id, no, product, quantity, unit_amount, amount) FROM STDIN (FREEZE)";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.deal.id.uuid())
            .plain(self.no)
            .text(self.part.product)
            .plain(self.part.quantity)
            .plain(self.part.unit_amount)
            .plain(self.part.amount)
            .end();
    }
}

impl Copied for PartOf<'_, Contact> {
    const INTO: &'static str =
        "COPY deal_contact (deal_id, no, vendor_id, name, title, email, email_key, phone) FROM STDIN (FREEZE)";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.deal.id.uuid())
            .plain(self.no)
            .plain(self.deal.vendor_id.uuid())
            .text(&self.part.name)
            .text_or_null(self.part.title)
            .text(&self.part.email)
            .text(&self.part.email_key)
            .text_or_null(self.part.phone.as_deref())
            .end();
    }
}
