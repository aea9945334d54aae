//! Folding what changes have noted into the roll-ups.

use std::time::Duration;

use async_trait::async_trait;
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Recorded},
};

/// Changes that are folded at once, so that no transaction gets long.
const MOST: i64 = 20_000;

/// Folds when something has happened. What is not folded yet is read beside the roll-ups, so that it only costs time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folder;

#[async_trait]
impl Consumer for Folder {
    fn name(&self) -> &'static str {
        "pipeline_rollups"
    }

    async fn apply(&self, tx: &mut Tx, _: &[Recorded]) -> Result<(), ConsumerFault> {
        sqlx::query_scalar!("SELECT pipeline_fold($1)", MOST)
            .fetch_one(&mut **tx)
            .await?;
        Ok(())
    }

    fn rest(&self) -> Duration {
        Duration::from_secs(1)
    }
}
