//! What must hold of funds and adjustments, asked of the postings themselves.

/// Each counts what breaks the rule, and names one.
pub const RULES: &[(&str, &str)] = &[
    (
        "the accounts of a fund sum to zero",
        "SELECT count(*), min(fund_id::text) FROM (
             SELECT a.fund_id FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
             WHERE a.fund_id IS NOT NULL GROUP BY a.fund_id HAVING sum(p.amount) <> 0) wrong",
    ),
    (
        "no partner has less than nothing of a fund, and no fund has given more than its budget",
        "SELECT count(*), min(fund_id::text) FROM (
             SELECT a.fund_id FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
             LEFT JOIN fund f ON f.id = a.fund_id
             WHERE a.fund_id IS NOT NULL GROUP BY a.id, a.kind, a.fund_id, f.budget
             HAVING CASE a.kind WHEN 'mdf_budget' THEN sum(p.amount) > 0 OR -sum(p.amount) > coalesce(f.budget, 0)
                    ELSE sum(p.amount) < 0 END) wrong",
    ),
    (
        "what is told of a fund is what its accounts hold",
        "SELECT count(*), min(id::text) FROM (
             SELECT f.id FROM fund f
             LEFT JOIN ledger_account a ON a.fund_id = f.id LEFT JOIN ledger_posting p ON p.account_id = a.id
             GROUP BY f.id
             HAVING coalesce(-sum(p.amount) FILTER (WHERE a.kind = 'mdf_budget'), 0) <> f.allocated
                 OR coalesce(sum(p.amount) FILTER (WHERE a.kind = 'mdf_reserved'), 0) <> f.reserved
                 OR coalesce(sum(p.amount) FILTER (WHERE a.kind = 'mdf_reimbursed'), 0) <> f.reimbursed) wrong",
    ),
    (
        "what a partner is promised of a fund is what is left of its reservations",
        "SELECT count(*), min(fund_id::text) FROM (
             SELECT coalesce(l.fund_id, r.fund_id) AS fund_id
             FROM (SELECT a.fund_id, a.partner_id, sum(p.amount) AS left FROM ledger_account a
                   JOIN ledger_posting p ON p.account_id = a.id WHERE a.kind = 'mdf_reserved' GROUP BY 1, 2) l
             FULL JOIN (SELECT fund_id, partner_id, sum(amount - released - reimbursed) AS left
                        FROM fund_reservation GROUP BY 1, 2) r
                 ON r.fund_id = l.fund_id AND r.partner_id = l.partner_id
             WHERE coalesce(l.left, 0) <> coalesce(r.left, 0)) wrong",
    ),
    (
        "what was reimbursed out of a reservation is what was earned by it",
        "SELECT count(*), min(id::text) FROM (
             SELECT r.id FROM fund_reservation r LEFT JOIN earning e ON e.source_id = r.id AND e.kind = 'mdf'
             GROUP BY r.id HAVING coalesce(sum(e.amount), 0) <> r.reimbursed) wrong",
    ),
    (
        "an approved adjustment has one line, of its amount, and no other has any",
        "SELECT count(*), min(id::text) FROM (
             SELECT a.id FROM adjustment a LEFT JOIN earning e ON e.source_id = a.id AND e.cause = 'adjustment'
             GROUP BY a.id
             HAVING count(e.id) <> (a.status = 'approved')::int
                 OR (a.status = 'approved' AND (min(e.id::text) <> a.posted_id::text OR sum(e.amount) <> a.amount))) wrong",
    ),
];
