//! A step that takes too long asks somebody else besides.

use async_trait::async_trait;
use guildhall_kernel::{ApprovalStepId, DealId};
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    mail,
    timer::{Due, Next, Timer},
};

use crate::deals::letters::{self, ApprovalEscalatedLetter};
use crate::deals::notices::DealApprovalEscalated;
use crate::deals::rows;
use crate::deals::state::DealStatus;

pub(super) const KIND: &str = "approval_step";

/// Escalates the steps whose time is over.
#[derive(Debug)]
pub(in crate::deals) struct EscalationTimer;

#[async_trait]
impl Timer for EscalationTimer {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let deal = sqlx::query_scalar!(
            r#"SELECT deal_id AS "deal: DealId" FROM approval_step WHERE id = $1"#,
            due.subject
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(deal) = deal else {
            return Ok(Next::Done);
        };
        let Some(deal) = rows::lock_any(tx, deal).await? else {
            return Ok(Next::Done);
        };
        let now = tx.now();
        let step = sqlx::query_scalar!(
            "UPDATE approval_step SET escalated_at = $2
             WHERE id = $1 AND status = 'open' AND escalated_at IS NULL RETURNING name",
            due.subject,
            now,
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(step) = step.filter(|_| matches!(deal.status, DealStatus::Submitted | DealStatus::InfoRequested))
        else {
            return Ok(Next::Done);
        };
        rows::touch(tx, deal.id).await?;
        let letter = ApprovalEscalatedLetter {
            customer: &rows::customer_name(tx, deal.id).await?,
            step: &step,
            link: &letters::deal_page(app, deal.id),
        };
        for address in addresses(tx, due.subject).await? {
            mail::queue(tx, &address, &letter).await?;
        }
        let escalated = DealApprovalEscalated {
            deal_id: deal.id,
            vendor_id: deal.vendor_id,
            step_id: ApprovalStepId::from(due.subject),
            step,
        };
        event::append(tx, &Origin::default(), deal.id, &[deal.vendor_id.uuid()], &escalated).await?;
        Ok(Next::Done)
    }
}

/// Whoever is asked from now on.
async fn addresses(tx: &mut Tx, step: uuid::Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT u.email FROM approval_step s
           JOIN deal d ON d.id = s.deal_id
           JOIN approval_approver a ON a.step_id = s.id AND a.escalation
           JOIN membership m ON m.org_id = d.vendor_id AND (m.user_id = a.user_id OR m.role = a.role)
           JOIN user_account u ON u.id = m.user_id AND u.status = 'active'
           WHERE s.id = $1 ORDER BY u.email LIMIT 20"#,
        step,
    )
    .fetch_all(&mut **tx)
    .await
}
