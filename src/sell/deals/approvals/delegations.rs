use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{DelegationId, UserId, entity};
use guildhall_spine::{
    App,
    access::{May, Role, right},
    event,
    http::{Checks, Command, Page, PageQuery, Paging, PathId, Problem, Reply, ValidQuery, Validate, code},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::deals::appeal::deciding_roles;
use crate::deals::notices::{ApprovalDelegationRevoked, ApprovalsDelegated};

/// Somebody's approvals, lent to another for a time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct ApprovalDelegation {
    /// Its id.
    id: DelegationId,
    /// Whose approvals.
    from_user_id: UserId,
    /// Who may give them.
    to_user_id: UserId,
    /// From when.
    starts_at: DateTime<Utc>,
    /// Until when.
    ends_at: DateTime<Utc>,
    /// When it was taken back.
    revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// Approvals to be lent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct NewApprovalDelegation {
    /// Whose approvals: one's own when left out. Those of others are for owners and admins to lend.
    #[serde(default)]
    from_user_id: Option<UserId>,
    /// Who may give them: another member, whose role may decide on deals.
    to_user_id: UserId,
    /// From when; now when left out.
    #[serde(default)]
    starts_at: Option<DateTime<Utc>>,
    /// Until when: at most a year from the start.
    ends_at: DateTime<Utc>,
}

impl Validate for NewApprovalDelegation {
    fn validate(&self, checks: &mut Checks) {
        let other = self.from_user_id != Some(self.to_user_id);
        checks.check(
            other,
            "/to_user_id",
            "same",
            "must be another member than the one who lends",
        );
    }
}

/// Lend approvals
///
/// For the vendor's people, for a holiday say: the other may approve wherever the one is asked. The chain shows for
/// whom a vote was given.
#[utoipa::path(post, path = "/api/v1/approval-delegations", operation_id = "delegateApprovals", tag = "deal policies",
    security(("bearer" = ["deals:decide"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewApprovalDelegation, example = json!({"to_user_id": "user_01kaqv6r3gf5ht2x0m8c9ezw4n", "ends_at": "2027-01-07T08:00:00Z"})),
    responses((status = 201, description = "the loan", body = ApprovalDelegation, headers(("Location" = String)))))]
pub(in crate::deals) async fn delegate_approvals(
    may: May<right::DealDecide>,
    command: Command<NewApprovalDelegation>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let (tx, vendor) = (&mut command.tx, may.org.id);
    let from = lender(&may, &body)?;
    let (id, now): (DelegationId, _) = (tx.new_id(), tx.now());
    let starts_at = body.starts_at.unwrap_or(now);
    let mut checks = Checks::default();
    checks.check(
        from != body.to_user_id,
        "/to_user_id",
        "same",
        "must be another member than the one who lends",
    );
    let own = Some(from) == may.actor.user || Some(body.to_user_id) != may.actor.user;
    let message = "must not be you: nobody lends themselves the approvals of another";
    checks.check(own, "/to_user_id", "self", message);
    let sound = body.ends_at > starts_at.max(now) && body.ends_at - starts_at <= TimeDelta::days(366);
    checks.check(
        sound,
        "/ends_at",
        "range",
        "must be after the start and now, at most a year after the start",
    );
    checks.done()?;
    let made = sqlx::query_as!(
        ApprovalDelegation,
        r#"INSERT INTO approval_delegation (id, vendor_id, from_user, to_user, starts_at, ends_at, created_by, created_at)
           SELECT $1, $2, f.user_id, t.user_id, $5, $6, $7, $8
           FROM membership f JOIN membership t ON t.org_id = f.org_id AND t.user_id = $4
           WHERE f.org_id = $2 AND f.user_id = $3 AND t.role = ANY ($9)
           RETURNING id AS "id: DelegationId", from_user AS "from_user_id: UserId", to_user AS "to_user_id: UserId",
                     starts_at, ends_at, revoked_at, created_at"#,
        id.uuid(),
        vendor.uuid(),
        from.uuid(),
        body.to_user_id.uuid(),
        starts_at,
        body.ends_at,
        may.actor.user.map(UserId::uuid),
        now,
        &deciding_roles(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(nobody)?;
    let lent = ApprovalsDelegated {
        delegation_id: id,
        vendor_id: vendor,
        from_user_id: made.from_user_id,
        to_user_id: made.to_user_id,
        starts_at,
        ends_at: made.ends_at,
    };
    event::append(tx, &may.actor.origin(), id, &[vendor.uuid()], &lent).await?;
    let reply = Reply::created(&format!("/api/v1/approval-delegations/{id}"), &made)?;
    command.commit(reply).await
}

fn nobody() -> Problem {
    let advice = "must be a member whose role may decide on deals, and the one who lends a member too";
    Problem::field("/to_user_id", "not_found", advice)
}

fn lender(may: &May<right::DealDecide>, body: &NewApprovalDelegation) -> Result<UserId, Problem> {
    let chief = matches!(may.actor.role, Some(Role::VendorOwner | Role::VendorAdmin));
    match (body.from_user_id, may.actor.user) {
        (None, Some(user)) => Ok(user),
        (Some(from), Some(user)) if from == user || chief => Ok(from),
        (Some(_), Some(_)) => Err(Problem::new(
            code::FORBIDDEN,
            "Only owners and admins lend the approvals of others.",
        )),
        (_, None) => Err(Problem::new(
            code::FORBIDDEN,
            "An API key has no approvals to lend: a member does this.",
        )),
    }
}

/// List loans of approvals
///
/// For the vendor's people, the oldest first, ended ones included.
#[utoipa::path(get, path = "/api/v1/approval-delegations", operation_id = "listApprovalDelegations", tag = "deal policies",
    security(("bearer" = ["deals:decide"])), params(PageQuery),
    responses((status = 200, description = "one page of loans", body = Page<ApprovalDelegation>)))]
pub(in crate::deals) async fn list_approval_delegations(
    State(app): State<App>,
    may: May<right::DealDecide>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("approval delegations {}", may.org.id);
    let paging = Paging::<DelegationId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let loans = sqlx::query_as!(
        ApprovalDelegation,
        r#"SELECT id AS "id: DelegationId", from_user AS "from_user_id: UserId", to_user AS "to_user_id: UserId",
                  starts_at, ends_at, revoked_at, created_at
           FROM approval_delegation WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        may.org.id.uuid(),
        paging.after.map(DelegationId::uuid),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, loans, |loan| loan.id, |loan| loan))
}

/// Take back a loan of approvals
///
/// For who lent them, and for owners and admins. Votes that were given stay.
#[utoipa::path(delete, path = "/api/v1/approval-delegations/{id}", operation_id = "revokeApprovalDelegation", tag = "deal policies",
    security(("bearer" = ["deals:decide"])),
    params(("id" = DelegationId, Path, description = "the loan")),
    responses((status = 204, description = "taken back")))]
pub(in crate::deals) async fn revoke_approval_delegation(
    State(app): State<App>,
    may: May<right::DealDecide>,
    PathId(id): PathId<entity::Delegation>,
) -> Result<Reply, Problem> {
    let mut tx = app.db.begin().await?;
    let loan = sqlx::query!(
        r#"SELECT from_user AS "from_user: UserId", revoked_at IS NOT NULL AS "revoked!"
           FROM approval_delegation WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE"#,
        id.uuid(),
        may.org.id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    let chief = matches!(may.actor.role, Some(Role::VendorOwner | Role::VendorAdmin));
    if !chief && may.actor.user != Some(loan.from_user) {
        let detail = "Who lent them takes them back, or an owner or admin does.";
        return Err(Problem::new(code::FORBIDDEN, detail));
    }
    if !loan.revoked {
        let now = tx.now();
        sqlx::query!(
            "UPDATE approval_delegation SET revoked_at = $2 WHERE id = $1",
            id.uuid(),
            now
        )
        .execute(&mut *tx)
        .await?;
        let revoked = ApprovalDelegationRevoked {
            delegation_id: id,
            vendor_id: may.org.id,
        };
        event::append(&mut tx, &may.actor.origin(), id, &[may.org.id.uuid()], &revoked).await?;
    }
    tx.commit().await?;
    Ok(Reply::no_content())
}
