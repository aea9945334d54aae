//! Proving the months that statements stand on.

/// Counts what breaks the rule, and names one.
pub(crate) const RULE: (&str, &str) = (
    "each month of a payee comes to its postings",
    "SELECT count(*), min(coalesce(s.id::text, 'no month of partner ' || l.partner_id)) FROM (
         SELECT a.vendor_id, a.partner_id, a.user_id, a.currency, date_trunc('month', e.at AT TIME ZONE 'UTC')::date AS month,
                coalesce(sum(p.amount) FILTER (WHERE a.kind = 'accrued'), 0) AS accrued,
                coalesce(sum(p.amount) FILTER (WHERE a.kind = 'held'), 0) AS held,
                coalesce(sum(p.amount) FILTER (WHERE a.kind = 'approved'), 0) AS approved,
                coalesce(sum(p.amount) FILTER (WHERE a.kind = 'payable'), 0) AS payable,
                coalesce(sum(p.amount) FILTER (WHERE a.kind = 'in_transit'), 0) AS in_transit
         FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id
         WHERE a.partner_id IS NOT NULL AND a.kind IN ('accrued', 'held', 'approved', 'payable', 'in_transit')
         GROUP BY 1, 2, 3, 4, 5) l
     FULL JOIN statement_period s
       ON (s.vendor_id, s.partner_id, coalesce(s.user_id, '00000000-0000-0000-0000-000000000000'), s.currency, s.month)
        = (l.vendor_id, l.partner_id, coalesce(l.user_id, '00000000-0000-0000-0000-000000000000'), l.currency, l.month)
     WHERE (s.accrued, s.held, s.approved, s.payable, s.in_transit)
        IS DISTINCT FROM (l.accrued, l.held, l.approved, l.payable, l.in_transit)",
);
