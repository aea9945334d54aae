//! The tasks of a joint plan, as they are stored and sent.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{CoSellId, OrgId, PlanTaskId};
use guildhall_spine::{db::Tx, http::Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::events::TaskNow;

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = PlanTaskStatus)]
pub enum TaskStatus {
    /// Nobody has begun.
    Open,
    /// Somebody is at it.
    InProgress,
    /// It is done.
    Done,
    /// It isn't wanted any more.
    Dropped,
}

impl TaskStatus {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }

    /// Whether there is still something to do.
    #[must_use]
    pub const fn is_to_do(self) -> bool {
        matches!(self, Self::Open | Self::InProgress)
    }
}

/// A task of a joint plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct PlanTask {
    /// Its id.
    pub(super) id: PlanTaskId,
    /// The shared opportunity.
    pub(super) co_sell_id: CoSellId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// What is to do.
    #[schema(example = "Visit the site")]
    pub(super) title: String,
    /// Who does it: a party that has joined.
    pub(super) owner_id: OrgId,
    /// By when.
    pub(super) due_on: Option<NaiveDate>,
    /// Where it stands.
    pub(super) status: TaskStatus,
    /// When it was added.
    pub(super) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}

impl PlanTask {
    /// What is announced of it.
    pub(super) fn now(&self) -> TaskNow {
        TaskNow {
            co_sell_id: self.co_sell_id,
            task_id: self.id,
            title: self.title.clone(),
            owner_id: self.owner_id,
            due_on: self.due_on,
            status: self.status,
            version: self.version,
        }
    }
}

macro_rules! tasks {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            PlanTask,
            r#"SELECT id AS "id: PlanTaskId", co_sell_id AS "co_sell_id: CoSellId", version, title,
                      owner_id AS "owner_id: OrgId", due_on, status AS "status: TaskStatus", created_at, updated_at
               FROM plan_task "# + $tail,
            $($argument),+
        )
    };
}

/// The task.
pub(super) async fn find(conn: &mut PgConnection, id: PlanTaskId) -> Result<PlanTask, Problem> {
    let task = tasks!("WHERE id = $1", id.uuid()).fetch_optional(conn).await?;
    task.ok_or_else(Problem::not_found)
}

/// Locks the task until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: PlanTaskId) -> Result<PlanTask, Problem> {
    let task = tasks!("WHERE id = $1 FOR NO KEY UPDATE", id.uuid());
    task.fetch_optional(&mut **tx).await?.ok_or_else(Problem::not_found)
}

/// One page of a plan, the oldest first.
pub(super) async fn page(
    db: &PgPool,
    plan: CoSellId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PlanTask>, sqlx::Error> {
    tasks!(
        "WHERE co_sell_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        plan.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
}
