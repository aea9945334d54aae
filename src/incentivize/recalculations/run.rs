use async_trait::async_trait;
use guildhall_kernel::{OrgId, RecalculationId, SaleId};
use guildhall_spine::{
    App,
    db::Tx,
    http::Problem,
    timer::{Due, Next, Timer},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accruals::{Work, settle};
use crate::earnings::Cause;

pub(super) const KIND: &str = "recalculation";
/// Sales of a piece, while little is posted for them.
pub const PIECE: i64 = 1000;
/// Sales of a piece after one that posted much: a line takes a quarter of a millisecond, in which the vendor's other
/// earnings and every reader of the log wait.
const SMALL_PIECE: i64 = 100;
/// So many sales to a line that is posted are much.
const SALES_PER_LINE: i64 = 2;

/// Goes on with runs, a piece at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recalculate;

#[async_trait]
impl Timer for Recalculate {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let most = due.data.get("most").and_then(Value::as_i64).unwrap_or(SMALL_PIECE);
        Ok(match piece(tx, due.subject.into(), most).await? {
            Piece::Last => Next::Done,
            Piece::Posted(lines) => {
                let many = i64::try_from(lines).map_or(true, |lines| lines.saturating_mul(SALES_PER_LINE) > most);
                let most = if many { SMALL_PIECE } else { PIECE };
                Next::At(tx.now(), json!({ "most": most }))
            }
        })
    }
}

/// What a piece of a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It posted so many lines, and there are more sales.
    Posted(usize),
    /// The run is through, or was before.
    Last,
}

/// Settles the next `most` sales of a run as part of `tx`, and notes how far it has come.
///
/// # Errors
/// When the database fails.
pub async fn piece(tx: &mut Tx, id: RecalculationId, most: i64) -> Result<Piece, Problem> {
    let Some(run) = sqlx::query!(
        r#"SELECT vendor_id AS "vendor_id: OrgId", to_day, day, after FROM recalculation
           WHERE id = $1 AND status = 'running' FOR UPDATE"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    else {
        return Ok(Piece::Last);
    };
    let sales = sqlx::query!(
        r#"SELECT id AS "id: SaleId", sold_on FROM sale
           WHERE vendor_id = $1 AND (sold_on, id) > ($2, $3) AND sold_on <= $4 ORDER BY sold_on, id LIMIT $5"#,
        run.vendor_id.uuid(),
        run.day,
        run.after,
        run.to_day,
        most,
    )
    .fetch_all(&mut **tx)
    .await?;
    let work: Vec<Work> = sales
        .iter()
        .map(|sale| Work {
            sale: sale.id,
            cause: Cause::Recalculation,
            source: id.uuid(),
        })
        .collect();
    let posted = settle(tx, &work).await?;
    let (day, after) = sales
        .last()
        .map_or((run.to_day, Uuid::max()), |last| (last.sold_on, last.id.uuid()));
    let more = i64::try_from(sales.len()).is_ok_and(|count| count >= most);
    let at = tx.now();
    sqlx::query!(
        "UPDATE recalculation
         SET day = $2, after = $3, sales = sales + $4, lines = lines + $5,
             status = CASE WHEN $6 THEN status ELSE 'finished' END, ended_at = CASE WHEN $6 THEN NULL ELSE $7::timestamptz END
         WHERE id = $1",
        id.uuid(),
        day,
        after,
        i64::try_from(sales.len()).unwrap_or(i64::MAX),
        i64::try_from(posted.len()).unwrap_or(i64::MAX),
        more,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(if more { Piece::Posted(posted.len()) } else { Piece::Last })
}
