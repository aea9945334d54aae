//! The letter that reminds a partner of a lead.

use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    http::Problem,
    mail::{self, Letter},
};
use serde::Serialize;

use crate::leads::lead::rows::Lead;

/// To the person that accepted, and the partner's admins.
#[derive(Serialize)]
struct ContactDueLetter<'a> {
    vendor: &'a str,
    company: &'a str,
    due: String,
    /// Whether the lead is pulled back next.
    last: bool,
    link: String,
}

impl Letter for ContactDueLetter<'_> {
    const NAME: &'static str = "lead_contact_due";
    const TEMPLATE: &'static str = include_str!("letters/lead_contact_due.txt");
}

/// Reminds the partner that the customer waits for its first contact.
pub(super) async fn remind(
    tx: &mut Tx,
    public_url: &str,
    lead: &Lead,
    partner: OrgId,
    last: bool,
) -> Result<(), Problem> {
    let vendor = sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", lead.vendor_id.uuid())
        .fetch_one(&mut **tx)
        .await?;
    let letter = ContactDueLetter {
        vendor: &vendor,
        company: &lead.company_name,
        due: lead
            .contact_due_at
            .map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default(),
        last,
        link: format!("{}/leads/{}", public_url.trim_end_matches('/'), lead.id),
    };
    for address in addresses(tx, lead, partner).await? {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}

async fn addresses(tx: &mut Tx, lead: &Lead, partner: OrgId) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT u.email FROM membership m JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
         WHERE m.org_id = $1
           AND (m.role = 'admin' OR m.user_id = (SELECT answered_by FROM lead_offer WHERE lead_id = $2 AND partner_id = $1
                                                 AND state = 'accepted'))
         ORDER BY u.email",
        partner.uuid(),
        lead.id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_what_is_due_and_what_comes_next() {
        let letter = |last| {
            let letter = ContactDueLetter {
                vendor: "Northwind",
                company: "Acme",
                due: "2027-01-02 03:04 UTC".to_owned(),
                last,
                link: "https://portal.example/leads/lead_1".to_owned(),
            };
            mail::render(&letter).unwrap()
        };
        assert_eq!(letter(false).subject, "Acme waits for your first contact");
        assert!(!letter(false).body.contains("pulled back") && letter(true).body.contains("pulled back"));
        assert!(letter(true).body.contains("https://portal.example/leads/lead_1"));
    }
}
