//! Proving the payouts: what must hold whatever happened.

use guildhall_spine::db::Db;

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

/// Asks everything that must hold of payouts; nothing comes back when it does.
///
/// # Errors
/// When the database fails.
pub async fn verify(db: &Db) -> Result<Vec<Broken>, sqlx::Error> {
    let mut broken = Vec::new();
    for (rule, query) in RULES {
        let (count, example): (i64, Option<String>) = sqlx::query_as(*query).fetch_one(db.pool()).await?;
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
        "the lines of a payout sum to what it owes",
        "SELECT count(*), min(id::text) FROM (
             SELECT p.id FROM payout p LEFT JOIN payout_line l ON l.payout_id = p.id
             GROUP BY p.id HAVING coalesce(sum(l.amount), 0) <> p.gross OR count(l.earning_id) <> p.lines) wrong",
    ),
    (
        "what is owed is paid, withheld or kept as a fee",
        "SELECT count(*), min(id::text) FROM payout WHERE gross <> net + withheld + fees OR net <= 0",
    ),
    (
        "a line has the amount of its earning",
        "SELECT count(*), min(l.earning_id::text) FROM payout_line l JOIN earning e ON e.id = l.earning_id
         JOIN payout p ON p.id = l.payout_id
         WHERE (l.amount, p.vendor_id, p.partner_id, p.currency) IS DISTINCT FROM (e.amount, e.vendor_id, e.partner_id, e.currency)
            OR p.user_id IS DISTINCT FROM e.user_id",
    ),
    (
        "an earning is in one live payout at most, and says in which",
        "SELECT count(*), min(earning_id::text) FROM (
             SELECT l.earning_id FROM payout_line l JOIN payout p ON p.id = l.payout_id
             JOIN earning e ON e.id = l.earning_id
             WHERE p.status NOT IN ('failed', 'returned', 'cancelled')
             GROUP BY l.earning_id, e.payout_id
             HAVING count(*) > 1 OR min(p.id::text) IS DISTINCT FROM e.payout_id::text) wrong",
    ),
    (
        "an earning that is in a payout or paid is a line of a live payout of that status",
        "SELECT count(*), min(e.id::text) FROM earning e
         WHERE e.status IN ('in_payout', 'paid') AND NOT EXISTS (
             SELECT FROM payout p JOIN payout_line l ON l.payout_id = p.id
             WHERE p.id = e.payout_id AND l.earning_id = e.id AND (p.status = 'paid') = (e.status = 'paid')
               AND p.status NOT IN ('failed', 'returned', 'cancelled'))",
    ),
    (
        "no payout leaves without the approval of another person",
        "SELECT count(*), min(p.id::text) FROM payout p JOIN payout_batch b ON b.id = p.batch_id
         WHERE (p.posted_at IS NOT NULL OR p.status NOT IN ('proposed', 'cancelled'))
           AND (b.approved_by IS NULL OR b.approved_by = b.proposed_by OR b.digest IS NULL)",
    ),
    (
        "payouts and their batch are in states that go together",
        "SELECT count(*), min(p.id::text) FROM payout p JOIN payout_batch b ON b.id = p.batch_id
         WHERE NOT CASE b.status
             WHEN 'proposed' THEN p.status IN ('proposed', 'cancelled')
             WHEN 'approved' THEN p.status IN ('approved', 'cancelled')
             WHEN 'cancelled' THEN p.status = 'cancelled'
             WHEN 'executing' THEN p.status NOT IN ('proposed', 'approved')
             WHEN 'executed' THEN p.status NOT IN ('proposed', 'approved', 'sending')
             ELSE p.status IN ('paid', 'failed', 'returned', 'cancelled') END",
    ),
    (
        "the ledger has each payout leave once, and come to where it is",
        "SELECT count(*), min(id::text) FROM (
             SELECT p.id FROM payout p
             LEFT JOIN ledger_entry e ON e.subject_id = p.id AND e.vendor_id = p.vendor_id
             LEFT JOIN ledger_posting o ON o.entry_id = e.id
             LEFT JOIN ledger_account a ON a.id = o.account_id
             GROUP BY p.id
             HAVING coalesce(sum(o.amount) FILTER (WHERE a.kind = 'in_transit'), 0)
                    <> CASE WHEN p.posted_at IS NOT NULL AND p.status IN ('sending', 'sent', 'stopped') THEN p.net ELSE 0 END
                 OR coalesce(sum(o.amount) FILTER (WHERE a.kind = 'paid'), 0)
                    <> CASE WHEN p.status = 'paid' THEN p.net ELSE 0 END
                 OR coalesce(sum(o.amount) FILTER (WHERE a.kind = 'payable'), 0)
                    <> CASE WHEN p.posted_at IS NOT NULL AND p.status IN ('sending', 'sent', 'stopped', 'paid')
                            THEN -p.gross ELSE 0 END) wrong",
    ),
    (
        "a batch comes to the sum of its payouts",
        "SELECT count(*), min(id::text) FROM (
             SELECT b.id FROM payout_batch b LEFT JOIN payout p ON p.batch_id = b.id AND p.status <> 'cancelled'
             WHERE b.status <> 'cancelled'
             GROUP BY b.id
             HAVING (coalesce(sum(p.gross), 0), coalesce(sum(p.net), 0), count(p.id)) <> (b.gross, b.net, b.payouts)) wrong",
    ),
    (
        "the invoices that a vendor writes in a year have numbers without gaps",
        "SELECT count(*), min(vendor_id::text) FROM (
             SELECT n.vendor_id FROM self_billing_no n
             LEFT JOIN payout p ON p.vendor_id = n.vendor_id AND p.self_billing_no LIKE 'SB-' || n.year || '-%'
             GROUP BY n.vendor_id, n.year, n.last
             HAVING count(p.id) <> n.last OR count(DISTINCT p.self_billing_no) <> n.last) wrong",
    ),
    (
        "credit notes of a year have numbers without gaps",
        "SELECT count(*), min(vendor_id::text) FROM (
             SELECT n.vendor_id FROM credit_note_no n
             LEFT JOIN payout p ON p.vendor_id = n.vendor_id AND p.credit_note_no LIKE 'SC-' || n.year || '-%'
             GROUP BY n.vendor_id, n.year, n.last
             HAVING count(p.id) <> n.last OR count(DISTINCT p.credit_note_no) <> n.last) wrong",
    ),
    (
        "an invoice of a payout that did not arrive is taken back by a credit note",
        "SELECT count(*), min(p.id::text) FROM payout p JOIN payout_invoice i ON i.payout_id = p.id
         WHERE (p.status IN ('failed', 'returned')) <> (p.credit_note_no IS NOT NULL)",
    ),
    crate::statements::RULE,
];
