//! A deal as the database holds it.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId, ProgramId, StageId, UserId};
use guildhall_sell::{
    deals::{conflict::Level, state::DealStatus},
    pipeline::first_stage_id,
};
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
        decided_at, decision_note, decision_reason, conflict_level, version, created_at, updated_at, \
        closed_on, close_reason, stage_id, stage_since, stage_category, stage_probability) \
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
            .plain_or_null(self.closed_on())
            .plain_or_null(outcome.close_reason)
            .plain_or_null(outcome.progress.map(|progress| self.stage(progress.stage).uuid()))
            .time_or_null(outcome.progress.map(|progress| progress.since))
            .plain_or_null(outcome.progress.and_then(|progress| progress.category))
            .plain_or_null(outcome.progress.and_then(|progress| progress.probability))
            .end();
    }
}

impl Deal {
    /// The day on which it was won or lost.
    pub(in crate::demo) fn closed_on(&self) -> Option<NaiveDate> {
        matches!(self.status, DealStatus::Won | DealStatus::Lost).then(|| self.outcome.updated_at.date_naive())
    }

    /// A stage of the vendor's first program, which has the vendor's UUID.
    fn stage(&self, place: u8) -> StageId {
        first_stage_id(ProgramId::from(self.vendor_id.uuid()), place)
    }

    /// The stages that it has left, evenly apart.
    pub(in crate::demo) fn visits(&self) -> Vec<Visit<'_>> {
        let Some(progress) = self.outcome.progress else {
            return Vec::new();
        };
        let passed = i32::from(progress.stage) - 1;
        let step = (progress.since - progress.approved_at) / passed.max(1);
        let mut visits: Vec<Visit<'_>> = (1..progress.stage)
            .map(|stage| Visit {
                deal: self,
                stage,
                entered_at: progress.approved_at + step * (i32::from(stage) - 1),
                left_at: progress.approved_at + step * i32::from(stage),
                outcome: "advanced",
            })
            .collect();
        if self.status != DealStatus::Approved {
            visits.push(Visit {
                deal: self,
                stage: progress.stage,
                entered_at: progress.since,
                left_at: self.outcome.updated_at,
                outcome: self.status.as_str(),
            });
        }
        visits
    }
}

/// A deal's stay in a stage.
pub(in crate::demo) struct Visit<'d> {
    deal: &'d Deal,
    stage: u8,
    entered_at: DateTime<Utc>,
    left_at: DateTime<Utc>,
    outcome: &'static str,
}

impl Copied for Visit<'_> {
    const INTO: &'static str = "COPY deal_stage_visit (deal_id, vendor_id, program_id, partner_id, country, stage_id, \
        entered_at, left_at, outcome) FROM STDIN";

    fn write(&self, rows: &mut Rows) {
        rows.plain(self.deal.id.uuid())
            .plain(self.deal.vendor_id.uuid())
            .plain(self.deal.vendor_id.uuid())
            .plain(self.deal.partner_id.uuid())
            .plain(self.deal.customer_country)
            .plain(self.deal.stage(self.stage).uuid())
            .time(self.entered_at)
            .time(self.left_at)
            .plain(self.outcome)
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
