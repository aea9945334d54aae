//! Proving the ledger: what must hold whatever happened, asked of the postings themselves.

use guildhall_spine::db::Db;

use crate::funds;

/// Something that must hold and doesn't.
#[derive(Clone, Debug)]
pub struct Broken {
    /// What was to hold.
    pub rule: &'static str,
    /// How often it doesn't.
    pub count: i64,
    /// One of the places.
    pub example: String,
}

/// Asks everything that must hold; nothing comes back from a sound ledger.
///
/// # Errors
/// When the database fails.
pub async fn verify(db: &Db) -> Result<Vec<Broken>, sqlx::Error> {
    let mut broken = Vec::new();
    for &(rule, query) in RULES.iter().chain(funds::RULES) {
        let (count, example): (i64, Option<String>) = sqlx::query_as(query).fetch_one(db.pool()).await?;
        if count > 0 {
            broken.push(Broken {
                rule,
                count,
                example: example.unwrap_or_default(),
            });
        }
    }
    Ok(broken)
}

/// Each counts what breaks the rule, and names one.
const RULES: &[(&str, &str)] = &[
    (
        "the postings of an entry sum to zero",
        "SELECT count(*), min(entry_id::text) FROM (
             SELECT entry_id FROM ledger_posting GROUP BY entry_id HAVING sum(amount) <> 0) wrong",
    ),
    (
        "an entry has postings, all of its vendor and currency",
        "SELECT count(*), min(e.id::text) FROM ledger_entry e
         WHERE NOT EXISTS (SELECT FROM ledger_posting p WHERE p.entry_id = e.id)
            OR EXISTS (SELECT FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                       WHERE p.entry_id = e.id AND (a.vendor_id, a.currency) IS DISTINCT FROM (e.vendor_id, e.currency))",
    ),
    (
        "the balance of an account is the sum of its postings",
        "SELECT count(*), min(account_id::text) FROM (
             SELECT coalesce(p.account_id, b.account_id) AS account_id
             FROM (SELECT account_id, sum(amount) AS sum FROM ledger_posting GROUP BY account_id) p
             FULL JOIN ledger_balance b ON b.account_id = p.account_id
             WHERE p.sum IS DISTINCT FROM b.balance) wrong",
    ),
    (
        "an earning stands in the account of its status with its amount, until it is sent",
        "SELECT count(*), min(id::text) FROM (
             SELECT e.id FROM earning e
             LEFT JOIN ledger_posting p ON p.earning_id = e.id
             LEFT JOIN ledger_account a ON a.id = p.account_id
                 AND a.kind = CASE e.status WHEN 'in_payout' THEN 'payable' ELSE e.status END
                 AND a.partner_id = e.partner_id AND a.user_id IS NOT DISTINCT FROM e.user_id
             WHERE e.status <> 'paid' AND e.kind <> 'mdf'
             GROUP BY e.id
             HAVING coalesce(sum(p.amount) FILTER (WHERE a.id IS NOT NULL), 0) <> e.amount
                AND NOT (e.status = 'in_payout' AND coalesce(sum(p.amount) FILTER (WHERE a.id IS NOT NULL), 0) = 0)
         ) wrong",
    ),
    (
        "what a sale has earned under a plan is the sum of its lines",
        "SELECT count(*), min(sale_id::text) FROM (
             SELECT a.sale_id FROM accrual a
             LEFT JOIN earning e ON e.sale_id = a.sale_id AND e.version_id = a.version_id
                 AND e.partner_id = a.partner_id
                 AND coalesce(e.user_id, '00000000-0000-0000-0000-000000000000') = a.user_id
                 AND e.cause IN ('sale', 'reversal', 'correction', 'recalculation')
             GROUP BY a.sale_id, a.version_id, a.partner_id, a.user_id, a.earned
             HAVING coalesce(sum(e.amount), 0) <> a.earned) wrong",
    ),
];
