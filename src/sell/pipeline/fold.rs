//! Folding what changes have noted into the roll-ups.

use async_trait::async_trait;
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Recorded},
};

/// Changes that are folded at once: about a millisecond each, in which every reader of the log waits. What an import
/// leaves is folded by and by.
const MOST: i64 = 250;

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
}
