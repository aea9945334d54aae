//! Looking for the other registrations of a customer.
//!
//! Candidates come from three indexes: the same registrable domain, a shared contact address, and keys of the name
//! ([`NameKeys`]). What they find is measured (`similarity` of `pg_trgm`) and scored by [`conflict`](super::conflict).
//! Each look-up is limited, and a word that many live deals have is passed over in favour of what the name has
//! besides ([`frequent`](super::frequent)), so that the cost hardly grows with the vendor's deals.

use chrono::NaiveDate;
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::db::Tx;
use sqlx::PgConnection;

use super::conflict::{Candidate, ConflictScore, Level, score};
use super::customer::{Likeness, NameKey, NameKeys};
use super::draft::Draft;
use super::state::DealStatus;

/// How similar names are whose words are the same but for slips, however short they are: in a short name a slip takes
/// most of the trigrams.
const MISSPELT: f32 = 0.75;

/// What is known of the registration that rivals are looked for.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(super) vendor: OrgId,
    pub(super) partner: OrgId,
    pub(super) name_key: String,
    pub(super) name_keys: NameKeys,
    pub(super) domain: Option<String>,
    pub(super) country: String,
    pub(super) expected_close: NaiveDate,
    pub(super) email_keys: Vec<String>,
    pub(super) products: Vec<String>,
}

/// Another partner's live registration that may be of the same customer.
#[derive(Clone, Debug)]
pub(crate) struct Rival {
    pub(super) deal: DealId,
    pub(super) status: DealStatus,
    pub(super) score: ConflictScore,
}

struct Row {
    id: DealId,
    status: DealStatus,
    domain_equal: bool,
    name_key: String,
    name_similarity: f32,
    same_country: bool,
    shared_emails: i64,
    days_apart: i32,
    products_overlap: bool,
}

impl Claim {
    /// The claim of a registration of `partner` with `vendor`.
    pub(crate) fn of(draft: &Draft, vendor: OrgId, partner: OrgId) -> Self {
        Self {
            vendor,
            partner,
            name_key: draft.key.as_str().to_owned(),
            name_keys: draft.keys.clone(),
            domain: draft.domain.as_ref().map(|domain| domain.as_str().to_owned()),
            country: draft.country.clone(),
            expected_close: draft.expected_close,
            email_keys: draft.contacts.iter().map(|(_, key)| key.as_str().to_owned()).collect(),
            products: draft.lines.iter().map(|line| line.product.clone()).collect(),
        }
    }
}

/// The live registrations of other partners that conflict with `claim`, the gravest first, at most fifty.
///
/// # Errors
/// When the database fails.
pub(crate) async fn find_conflicts(conn: &mut PgConnection, claim: &Claim) -> Result<Vec<Rival>, sqlx::Error> {
    let rows = candidates(conn, claim).await?;
    let mut rivals: Vec<Rival> = rows.into_iter().map(|row| row.scored(claim)).collect();
    rivals.retain(|rival| rival.score.level > Level::None);
    rivals.sort_by_key(|rival| (std::cmp::Reverse(rival.score.score), rival.deal));
    Ok(rivals)
}

/// The gravest level among rivals.
pub(crate) fn gravest(rivals: &[Rival]) -> Level {
    rivals
        .iter()
        .map(|rival| rival.score.level)
        .max()
        .unwrap_or(Level::None)
}

/// What two names say together.
pub(super) struct Name {
    pub(super) equal: bool,
    /// 0 to 1.
    pub(super) similarity: f32,
}

impl Name {
    /// `similarity` is that of `pg_trgm`.
    pub(super) fn of(one: &str, other: &str, similarity: f32) -> Self {
        let likeness = NameKey::likeness(one, other);
        Self {
            equal: likeness == Likeness::Same,
            similarity: match likeness {
                Likeness::Differs => 0.0,
                Likeness::Misspelt => similarity.max(MISSPELT),
                Likeness::Same | Likeness::Extends => similarity,
            },
        }
    }
}

impl Row {
    fn scored(self, claim: &Claim) -> Rival {
        let name = Name::of(&self.name_key, &claim.name_key, self.name_similarity);
        let candidate = Candidate {
            status: self.status,
            domain_equal: self.domain_equal,
            name_equal: name.equal,
            name_similarity: name.similarity,
            same_country: self.same_country,
            shared_emails: usize::try_from(self.shared_emails).unwrap_or(0),
            close_distance_days: Some(self.days_apart.unsigned_abs()),
            products_overlap: self.products_overlap,
        };
        Rival {
            deal: self.id,
            status: self.status,
            score: score(&candidate),
        }
    }
}

async fn candidates(conn: &mut PgConnection, claim: &Claim) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_file_as!(
        Row,
        "deals/find_conflicts.sql",
        claim.vendor.uuid(),
        claim.partner.uuid(),
        claim.name_key,
        claim.domain,
        &claim.email_keys,
        &claim.name_keys.telling,
        &claim.name_keys.words,
        &claim.name_keys.near,
        &claim.name_keys.near_word,
        claim.country,
        claim.expected_close,
        &claim.products,
    )
    .fetch_all(conn)
    .await
}

/// Stores what was found about `deal`, one row a pair, and what was found before and is no more with score 0.
/// Returns how many of the pairs are new.
///
/// # Errors
/// When the database fails.
pub(crate) async fn store_conflicts(tx: &mut Tx, deal: DealId, rivals: &[Rival]) -> Result<usize, sqlx::Error> {
    let at = tx.now();
    let others: Vec<_> = rivals.iter().map(|rival| rival.deal.uuid()).collect();
    let scores: Vec<i16> = rivals.iter().map(|rival| i16::from(rival.score.score)).collect();
    let levels: Vec<String> = rivals
        .iter()
        .map(|rival| rival.score.level.as_str().to_owned())
        .collect();
    let reasons: Vec<_> = rivals
        .iter()
        .map(|rival| serde_json::json!(rival.score.reasons))
        .collect();
    let new = sqlx::query_scalar!(
        r#"WITH gone AS (
               UPDATE deal_conflict SET score = 0, level = 'none', reasons = '[]', found_at = $6
               WHERE score > 0 AND ((deal_id = $1 AND other_deal_id <> ALL ($2))
                                    OR (other_deal_id = $1 AND deal_id <> ALL ($2)))
           ), found AS (
               INSERT INTO deal_conflict AS c (deal_id, other_deal_id, score, level, reasons, found_at)
               SELECT least($1, f.other), greatest($1, f.other), f.score, f.level, f.reasons, $6
               FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::jsonb[]) f (other, score, level, reasons)
               ORDER BY 1, 2
               ON CONFLICT (deal_id, other_deal_id) DO UPDATE
               SET score = excluded.score, level = excluded.level, reasons = excluded.reasons, found_at = excluded.found_at
               WHERE (c.score, c.level, c.reasons) IS DISTINCT FROM (excluded.score, excluded.level, excluded.reasons)
               RETURNING xmax = 0 AS new
           )
           SELECT count(*) FILTER (WHERE new) AS "new!" FROM found"#,
        deal.uuid(),
        &others,
        &scores,
        &levels,
        &reasons,
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(usize::try_from(new).unwrap_or(0))
}
