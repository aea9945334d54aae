use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::{NaiveDate, NaiveTime};
use guildhall_kernel::{OrgId, Patch, PlanTaskId};
use guildhall_spine::{
    App,
    db::Tx,
    http::{Checks, Command, IfMatch, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
    timer,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Joined, ReachedTask, Seen};
use super::change::refuse_closed;
use super::events::{self, PlanTaskAdded, PlanTaskChanged};
use super::plan::{self, PlanTask, TaskStatus};
use super::reminder::DUE;
use super::rows;
use super::stage::Stage;
use guildhall_spine::http::record::versioned;

/// A task to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanTaskDraft)]
pub(super) struct Draft {
    /// What is to do, 1 to 200 characters.
    #[schema(example = "Visit the site")]
    title: String,
    /// Who does it: a party that has joined. The organisation acted for when left out.
    #[serde(default)]
    owner_id: Option<OrgId>,
    /// By when. The owner is reminded on that day.
    #[serde(default)]
    due_on: Option<NaiveDate>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/title", &self.title, 1, 200, false);
    }
}

/// What to change of a task; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanTaskPatch {
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Visit the site")]
    title: Patch<String>,
    /// A party that has joined.
    #[serde(default)]
    #[schema(value_type = OrgId)]
    owner_id: Patch<OrgId>,
    /// By when; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    due_on: Patch<NaiveDate>,
    /// Where it stands.
    #[serde(default)]
    #[schema(value_type = TaskStatus)]
    status: Patch<TaskStatus>,
}

impl Validate for PlanTaskPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/title", &self.title);
        checks.kept("/owner_id", &self.owner_id);
        checks.kept("/status", &self.status);
        if let Patch::Value(title) = &self.title {
            checks.text("/title", title, 1, 200, false);
        }
    }
}

/// List the tasks of the joint plan
///
/// For those who have joined, the oldest first.
#[utoipa::path(get, path = "/api/v1/co-sells/{id}/tasks", operation_id = "listPlanTasks", tag = "co-sell",
    security(("bearer" = ["cosell:read"])),
    params(("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of tasks", body = Page<PlanTask>)))]
pub(super) async fn list_plan_tasks(
    State(app): State<App>,
    Joined(seen): Joined,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("tasks of {} for {}", seen.id, seen.org);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = plan::page(app.db.pool(), seen.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}

/// Add a task to the joint plan
///
/// By anyone who has joined. The owner is reminded on the day that it is due.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/tasks", operation_id = "addPlanTask", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"title": "Visit the site", "due_on": "2027-02-15"})),
    responses((status = 201, description = "the task", body = PlanTask, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn add_plan_task(Joined(seen): Joined, command: Command<Draft>) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    begin(tx, &seen).await?;
    let owner = draft.owner_id.unwrap_or(seen.org);
    refuse_outsider(tx, &seen, owner).await?;
    let (id, at): (PlanTaskId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO plan_task (id, co_sell_id, title, owner_id, due_on, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        id.uuid(),
        seen.id.uuid(),
        draft.title,
        owner.uuid(),
        draft.due_on,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let task = plan::find(tx, id).await?;
    remind(tx, &task).await?;
    events::to_joined(tx, &seen.actor.origin(), seen.id, &PlanTaskAdded(task.now())).await?;
    let reply = Reply::created(&format!("/api/v1/plan-tasks/{id}"), &task)?;
    command.commit(reply.version(task.version)).await
}

/// Read one task
///
/// For those who have joined.
#[utoipa::path(get, path = "/api/v1/plan-tasks/{id}", operation_id = "getPlanTask", tag = "co-sell",
    security(("bearer" = ["cosell:read"])),
    params(
        ("id" = String, Path, description = "the task", example = "task_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the task", body = PlanTask, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_plan_task(
    State(app): State<App>,
    reached: ReachedTask,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let task = plan::find(&mut conn, reached.task).await?;
    Ok(versioned(&headers, task.version, &task))
}

/// Change a task
///
/// By anyone who has joined.
#[utoipa::path(patch, path = "/api/v1/plan-tasks/{id}", operation_id = "changePlanTask", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the task", example = "task_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the task that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PlanTaskPatch, example = json!({"status": "done"})),
    responses((status = 200, description = "the task as changed", body = PlanTask, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_plan_task(
    ReachedTask { joined: seen, task: id }: ReachedTask,
    if_match: IfMatch,
    command: Command<PlanTaskPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    begin(tx, &seen).await?;
    let task = plan::lock(tx, id).await?;
    if_match.check(task.version)?;
    if let Patch::Value(owner) = patch.owner_id {
        refuse_outsider(tx, &seen, owner).await?;
    }
    let at = tx.now();
    sqlx::query!(
        "UPDATE plan_task SET title = $2, owner_id = $3, due_on = $4, status = $5, version = version + 1, updated_at = $6
         WHERE id = $1",
        id.uuid(),
        patch.title.or(task.title),
        patch.owner_id.or(task.owner_id).uuid(),
        patch.due_on.over(task.due_on),
        patch.status.or(task.status).as_str(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    let task = plan::find(tx, id).await?;
    remind(tx, &task).await?;
    events::to_joined(tx, &seen.actor.origin(), seen.id, &PlanTaskChanged(task.now())).await?;
    command.commit(Reply::ok(&task)?.version(task.version)).await
}

/// Holds the opportunity open, and the actor in it, until the transaction ends.
async fn begin(tx: &mut Tx, seen: &Seen) -> Result<(), Problem> {
    let (locked, stage) = rows::lock(tx, seen.id, seen.org).await?;
    if stage != Stage::Joined {
        return Err(Problem::not_found());
    }
    refuse_closed(locked.status)
}

async fn refuse_outsider(tx: &mut Tx, seen: &Seen, owner: OrgId) -> Result<(), Problem> {
    if rows::stage(tx, seen.id, owner).await? == Some(Stage::Joined) {
        return Ok(());
    }
    let message = "must be a party that has joined: GET /api/v1/co-sells/{id} lists them";
    Err(Problem::field("/owner_id", "unknown_party", message))
}

/// Sets the reminder to the morning (8:00 UTC) of the day that the task is due, or drops it.
async fn remind(tx: &mut Tx, task: &PlanTask) -> Result<(), Problem> {
    let morning = NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default();
    match task.due_on.filter(|_| task.status.is_to_do()) {
        Some(day) => timer::set(tx, DUE, task.id, day.and_time(morning).and_utc(), &day).await,
        None => timer::clear(tx, DUE, task.id).await,
    }
}
