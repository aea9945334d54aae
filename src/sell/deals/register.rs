//! The one way in which a deal comes to be, whoever asks for it.

use guildhall_kernel::{DealId, LeadId};
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::conflict::Level;
use super::draft::Unchecked;
use super::events::{DealSubmitted, publish};
use super::find_conflicts::Claim;
use super::found::Found;
use super::rows::{self, Registrant};
use super::{approvals, clock, desk, policy, quota};
use crate::attachments::attach_answers;
use crate::{catalogue, forms};

/// A deal to be registered.
#[derive(Debug)]
pub(crate) struct Registration {
    /// Who registers it, and where.
    pub(crate) by: Registrant,
    /// The deal.
    pub(crate) deal: Unchecked,
    /// The lead that it comes from.
    pub(crate) lead: Option<LeadId>,
}

/// Checks a registration, looks for what it conflicts with, stores and announces it, as part of `tx`.
///
/// # Errors
/// 422 with every fault of its fields, or when the partner has no active partnership with the vendor; 409
/// `registration_quota_reached`.
pub(crate) async fn register(tx: &mut Tx, origin: &Origin, registration: Registration) -> Result<DealId, Problem> {
    let Registration { by, mut deal, lead } = registration;
    let buyer = catalogue::Buyer {
        vendor: by.vendor,
        partner: by.partner,
    };
    catalogue::fill(tx, buyer, deal.currency, &mut deal.products).await?;
    let today = Some(tx.now().date_naive());
    let Some(partnership) = active_partnership(tx, by.vendor, by.partner).await? else {
        deal.without_answers().check(today, None)?;
        let advice =
            "must be a vendor that the partner has an active partnership with: GET /api/v1/partnerships lists them";
        return Err(Problem::field("/vendor_id", "no_partnership", advice));
    };
    let form = forms::rows::current(tx, partnership.program).await?;
    let draft = deal.check(today, form.as_ref().map(|stored| &stored.form))?;
    let terms = policy::rows::terms(tx, partnership.program).await?;
    // Whoever waits for its turn does so before it has locked anything.
    if approvals::needs_turn(&terms) {
        rows::take_turns(tx, by.vendor).await?;
    }
    let found = Found::of(tx, &Claim::of(&draft, by.vendor, by.partner)).await?;
    if found.level() >= Level::Likely {
        rows::take_turns(tx, by.vendor).await?;
    }
    let place = rows::Place {
        program: partnership.program,
        lead,
        form: form.map(|stored| stored.id),
        decide_by: clock::due_at(tx.now(), &terms),
    };
    let written = rows::insert(tx, &by, &place, &draft, found.level()).await?;
    attach_answers(tx, written.id, by.vendor, by.partner, &draft.custom.files).await?;
    publish::<DealSubmitted>(tx, origin, written.facts()).await?;
    quota::refuse_excess(
        tx,
        (by.vendor, by.partner),
        terms.open_registrations.of(partnership.tier),
    )
    .await?;
    clock::start_all(tx, &[(written.id, place.decide_by)]).await?;
    found.store(tx, origin, &written).await?;
    desk::on_conflict(tx, origin, (by.vendor, written.id), &found).await?;
    approvals::on_submit(tx, origin, written.id, &found, &terms, partnership.tier).await?;
    Ok(written.id)
}
