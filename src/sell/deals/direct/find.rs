//! Looking for a registration's customer among the vendor's own accounts: the same keys, similarity and scoring as
//! among registrations.

use guildhall_kernel::{DealId, DirectAccountId};
use guildhall_spine::db::Tx;
use sqlx::PgConnection;

use crate::deals::conflict::{Candidate, ConflictScore, Level, score};
use crate::deals::find_conflicts::{Claim, Name};
use crate::deals::state::DealStatus;

/// An open account or opportunity of the vendor's own that may be of the same customer.
#[derive(Clone, Debug)]
pub(in crate::deals) struct DirectRival {
    pub(in crate::deals) account: DirectAccountId,
    pub(in crate::deals) score: ConflictScore,
}

struct Row {
    id: DirectAccountId,
    domain_equal: bool,
    name_key: String,
    name_similarity: f32,
    same_country: bool,
}

/// What of the vendor's own conflicts with `claim`, the gravest first, at most fifty.
///
/// # Errors
/// When the database fails.
pub(in crate::deals) async fn find_direct(
    conn: &mut PgConnection,
    claim: &Claim,
) -> Result<Vec<DirectRival>, sqlx::Error> {
    let rows = sqlx::query_file_as!(
        Row,
        "deals/direct/find.sql",
        claim.vendor.uuid(),
        claim.name_key,
        claim.domain,
        &claim.name_keys.telling,
        &claim.name_keys.words,
        &claim.name_keys.near,
        &claim.name_keys.near_word,
        claim.country,
    )
    .fetch_all(conn)
    .await?;
    let mut rivals: Vec<DirectRival> = rows.into_iter().map(|row| row.scored(claim)).collect();
    rivals.retain(|rival| rival.score.level > Level::None);
    rivals.sort_by_key(|rival| (std::cmp::Reverse(rival.score.score), rival.account));
    Ok(rivals)
}

impl Row {
    fn scored(self, claim: &Claim) -> DirectRival {
        let name = Name::of(&self.name_key, &claim.name_key, self.name_similarity);
        let candidate = Candidate {
            // What is open here conflicts as a live registration does.
            status: DealStatus::Submitted,
            domain_equal: self.domain_equal,
            name_equal: name.equal,
            name_similarity: name.similarity,
            same_country: self.same_country,
            shared_emails: 0,
            close_distance_days: None,
            products_overlap: false,
        };
        DirectRival {
            account: self.id,
            score: score(&candidate),
        }
    }
}

/// Stores what was found about `deal`, one row an account, in place of what was found before.
///
/// # Errors
/// When the database fails.
pub(in crate::deals) async fn store_direct(
    tx: &mut Tx,
    deal: DealId,
    rivals: &[DirectRival],
) -> Result<(), sqlx::Error> {
    let at = tx.now();
    let accounts: Vec<_> = rivals.iter().map(|rival| rival.account.uuid()).collect();
    let scores: Vec<i16> = rivals.iter().map(|rival| i16::from(rival.score.score)).collect();
    let levels: Vec<String> = rivals
        .iter()
        .map(|rival| rival.score.level.as_str().to_owned())
        .collect();
    let reasons: Vec<_> = rivals
        .iter()
        .map(|rival| serde_json::json!(rival.score.reasons))
        .collect();
    sqlx::query!(
        "WITH gone AS (DELETE FROM deal_direct_conflict WHERE deal_id = $1 AND account_id <> ALL ($2))
         INSERT INTO deal_direct_conflict AS c (deal_id, account_id, score, level, reasons, found_at)
         SELECT $1, f.account, f.score, f.level, f.reasons, $6
         FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::jsonb[]) f (account, score, level, reasons)
         ORDER BY 2
         ON CONFLICT (deal_id, account_id) DO UPDATE
         SET score = excluded.score, level = excluded.level, reasons = excluded.reasons, found_at = excluded.found_at
         WHERE (c.score, c.level, c.reasons) IS DISTINCT FROM (excluded.score, excluded.level, excluded.reasons)",
        deal.uuid(),
        &accounts,
        &scores,
        &levels,
        &reasons,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
