//! The letters of deals, and whom they go to.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{App, db::Tx, mail::Letter};
use serde::Serialize;

/// To the rep: the protection ends soon.
#[derive(Serialize)]
pub(super) struct ProtectionEndingLetter<'a> {
    pub(super) customer: &'a str,
    pub(super) vendor: &'a str,
    pub(super) days: i64,
    pub(super) until: &'a str,
    pub(super) link: &'a str,
}

impl Letter for ProtectionEndingLetter<'_> {
    const NAME: &'static str = "protection_ending";
    const TEMPLATE: &'static str = include_str!("letters/protection_ending.txt");
}

/// To those who answer for a decision: it is overdue.
#[derive(Serialize)]
pub(super) struct DecisionOverdueLetter<'a> {
    pub(super) customer: &'a str,
    pub(super) due: &'a str,
    pub(super) link: &'a str,
}

impl Letter for DecisionOverdueLetter<'_> {
    const NAME: &'static str = "decision_overdue";
    const TEMPLATE: &'static str = include_str!("letters/decision_overdue.txt");
}

/// To the rep: the customer wants to be released.
#[derive(Serialize)]
pub(super) struct ReleaseRequestedLetter<'a> {
    pub(super) customer: &'a str,
    pub(super) vendor: &'a str,
    pub(super) until: &'a str,
    pub(super) link: &'a str,
}

impl Letter for ReleaseRequestedLetter<'_> {
    const NAME: &'static str = "release_requested";
    const TEMPLATE: &'static str = include_str!("letters/release_requested.txt");
}

/// To whom a step was escalated.
#[derive(Serialize)]
pub(super) struct ApprovalEscalatedLetter<'a> {
    pub(super) customer: &'a str,
    pub(super) step: &'a str,
    pub(super) link: &'a str,
}

impl Letter for ApprovalEscalatedLetter<'_> {
    const NAME: &'static str = "approval_escalated";
    const TEMPLATE: &'static str = include_str!("letters/approval_escalated.txt");
}

/// The page of a deal in the app.
pub(super) fn deal_page(app: &App, deal: DealId) -> String {
    let base = app.config.http.public_url.trim_end_matches('/');
    format!("{base}/deals/{deal}")
}

/// A time as a letter writes it.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The rep who registered the deal, as long as they are with the partner; otherwise the partner's admins.
pub(super) async fn reps(tx: &mut Tx, deal: DealId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH side AS (
               SELECT u.email, m.user_id = d.submitted_by AS rep
               FROM deal d JOIN membership m ON m.org_id = d.partner_id AND (m.user_id = d.submitted_by OR m.role = 'admin')
               JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
               WHERE d.id = $1)
           SELECT email AS "email!" FROM side
           WHERE rep OR NOT EXISTS (SELECT FROM side WHERE rep) ORDER BY email LIMIT 20"#,
        deal.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// The partner's account manager at the vendor, or the vendor's owners and admins when there is none.
pub(super) async fn responsible(tx: &mut Tx, vendor: OrgId, partner: OrgId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH side AS (
               SELECT u.email, coalesce(m.user_id = p.account_manager_id, false) AS manager
               FROM partnership p
               JOIN membership m ON m.org_id = p.vendor_id
                    AND (m.user_id = p.account_manager_id OR m.role IN ('owner', 'admin'))
               JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
               WHERE p.vendor_id = $1 AND p.partner_id = $2)
           SELECT email AS "email!" FROM side
           WHERE manager OR NOT EXISTS (SELECT FROM side WHERE manager) ORDER BY email LIMIT 20"#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// The name of a company.
pub(super) async fn company(tx: &mut Tx, org: OrgId) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", org.uuid())
        .fetch_one(&mut **tx)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_says_which_customer_and_where() {
        let (customer, link) = ("Contoso", "https://portal.example/deals/deal_1");
        let letters = [
            guildhall_spine::mail::render(&ProtectionEndingLetter {
                customer,
                vendor: "Acme",
                days: 1,
                until: "soon",
                link,
            }),
            guildhall_spine::mail::render(&DecisionOverdueLetter {
                customer,
                due: "yesterday",
                link,
            }),
            guildhall_spine::mail::render(&ReleaseRequestedLetter {
                customer,
                vendor: "Acme",
                until: "soon",
                link,
            }),
            guildhall_spine::mail::render(&ApprovalEscalatedLetter {
                customer,
                step: "Lead",
                link,
            }),
        ];
        for letter in letters {
            let letter = letter.unwrap();
            assert!(
                letter.subject.contains(customer) && letter.body.contains(link),
                "{letter:?}"
            );
        }
    }
}
