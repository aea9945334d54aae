//! Reminds the owner of a task on the day that it is due.

use async_trait::async_trait;
use guildhall_kernel::PlanTaskId;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    timer::{Due, Next, Timer},
};

use super::events::{self, PlanTaskDue};
use super::plan;

/// The deadline's kind; its subject is the task.
pub const DUE: &str = "plan_task_due";

/// Announces a task that is due to its owner.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskReminder;

#[async_trait]
impl Timer for TaskReminder {
    fn kind(&self) -> &'static str {
        DUE
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let id = PlanTaskId::from(due.subject);
        let task = plan::lock(tx, id).await?;
        // Who has left, or is suspended, hears nothing of it.
        let owns = events::joined(tx, task.co_sell_id)
            .await?
            .contains(&task.owner_id.uuid());
        if task.status.is_to_do() && owns {
            let audience = [task.owner_id.uuid()];
            event::append(
                tx,
                &Origin::default(),
                task.co_sell_id,
                &audience,
                &PlanTaskDue(task.now()),
            )
            .await?;
        }
        Ok(Next::Done)
    }
}
