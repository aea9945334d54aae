//! The chain of one deal, read and moved. Its deal is locked by whoever does.

use chrono::TimeDelta;
use guildhall_kernel::{ApprovalStepId, DealId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem, timer};

use super::escalate;
use crate::deals::policy::Needs;

/// An approver of an open step.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) step: ApprovalStepId,
    pub(super) step_name: String,
    pub(super) needs: Needs,
    pub(super) no: i16,
    pub(super) user: Option<UserId>,
    pub(super) user_name: Option<String>,
    pub(super) role: Option<String>,
    pub(super) escalation: bool,
    pub(super) voted: bool,
    /// Whose vote was given, by themselves or for them.
    pub(super) voice: Option<UserId>,
}

/// Whose approvals somebody can give: their own, or those lent to them.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) user: UserId,
    pub(super) role: String,
    /// Lent by this user.
    pub(super) for_another: bool,
}

impl Entry {
    /// Whether it is this voice that is asked.
    pub(super) fn asks(&self, voice: &Voice) -> bool {
        self.user == Some(voice.user) || self.role.as_ref() == Some(&voice.role)
    }

    /// Who is asked, in words.
    pub(super) fn who(&self) -> String {
        match (&self.user_name, &self.role) {
            (Some(name), _) => name.clone(),
            (None, Some(role)) => format!("anybody who is {role}"),
            (None, None) => "nobody".to_owned(),
        }
    }
}

/// Whether people are asked to approve this deal.
pub(in crate::deals) async fn has_open_chain(tx: &mut Tx, deal: DealId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM approval_step WHERE deal_id = $1 AND status = 'open') AS "open!""#,
        deal.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// The approvers of the open steps; who comes in by escalation only once that has happened.
pub(super) async fn open_entries(tx: &mut Tx, deal: DealId) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        r#"SELECT s.id AS "step: ApprovalStepId", s.name AS step_name, s.needs AS "needs: Needs", a.no,
                  a.user_id AS "user: UserId", u.name AS "user_name?", a.role, a.escalation,
                  a.voted_by IS NOT NULL AS "voted!", coalesce(a.voted_for, a.voted_by) AS "voice: UserId"
           FROM approval_step s
           JOIN approval_approver a ON a.step_id = s.id AND (NOT a.escalation OR s.escalated_at IS NOT NULL)
           LEFT JOIN user_account u ON u.id = a.user_id
           WHERE s.deal_id = $1 AND s.status = 'open' ORDER BY s.no, a.no"#,
        deal.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// The voices of a member of the vendor at this hour, its own first.
pub(super) async fn voices(tx: &mut Tx, vendor: OrgId, user: UserId) -> Result<Vec<Voice>, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        Voice,
        r#"SELECT m.user_id AS "user!: UserId", m.role AS "role!", m.user_id <> $2 AS "for_another!"
           FROM membership m
           WHERE m.org_id = $1
             AND (m.user_id = $2
                  OR m.user_id IN (SELECT d.from_user FROM approval_delegation d
                                   WHERE d.vendor_id = $1 AND d.to_user = $2 AND d.revoked_at IS NULL
                                     AND d.starts_at <= $3 AND d.ends_at > $3))
           ORDER BY m.user_id <> $2, m.user_id"#,
        vendor.uuid(),
        user.uuid(),
        now,
    )
    .fetch_all(&mut **tx)
    .await
}

/// A vote to be written down.
pub(super) struct Ballot<'a> {
    pub(super) by: UserId,
    pub(super) for_another: Option<UserId>,
    pub(super) approved: bool,
    pub(super) note: Option<&'a str>,
}

pub(super) async fn write(tx: &mut Tx, entry: &Entry, ballot: &Ballot<'_>) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE approval_approver SET voted_by = $3, voted_for = $4, approved = $5, voted_at = $6, note = $7
         WHERE step_id = $1 AND no = $2",
        entry.step.uuid(),
        entry.no,
        ballot.by.uuid(),
        ballot.for_another.map(UserId::uuid),
        ballot.approved,
        now,
        ballot.note,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a step, and opens the next one that waits when no other is open. Returns whether none is left.
pub(super) async fn end_step(tx: &mut Tx, deal: DealId, step: ApprovalStepId, approved: bool) -> Result<bool, Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE approval_step SET status = $2 WHERE id = $1",
        step.uuid(),
        if approved { "approved" } else { "rejected" },
    )
    .execute(&mut **tx)
    .await?;
    if !approved || has_open_chain(tx, deal).await? {
        return Ok(false);
    }
    let next = sqlx::query!(
        r#"UPDATE approval_step SET status = 'open', opened_at = $2
           WHERE id = (SELECT id FROM approval_step WHERE deal_id = $1 AND status = 'waiting' ORDER BY no LIMIT 1)
           RETURNING id AS "id: ApprovalStepId", escalate_hours"#,
        deal.uuid(),
        now,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(next) = next else {
        return Ok(true);
    };
    if let Some(hours) = next.escalate_hours {
        timer::set(
            tx,
            escalate::KIND,
            next.id,
            now + TimeDelta::hours(i64::from(hours)),
            &(),
        )
        .await?;
    }
    Ok(false)
}
