-- $1 the deal, $2 the side that reads it: everything that its page shows. Rivals and approvers are read for the vendor
-- only. Names come by sub-selects: a join of one row with a small table is planned as a merge, which reads that table up
-- to the id.
SELECT d.id AS "id: DealId", d.version, d.status AS "status: DealStatus",
       d.vendor_id AS "vendor_id: OrgId",
       (SELECT name FROM organisation WHERE id = d.vendor_id) AS "vendor_name!",
       d.partner_id AS "partner_id: OrgId",
       (SELECT name FROM organisation WHERE id = d.partner_id) AS "partner_name!",
       d.customer_name, d.customer_domain, d.customer_country, d.currency, d.amount, d.expected_close, d.note,
       d.submitted_by AS "submitted_by: UserId",
       (SELECT name FROM user_account WHERE id = d.submitted_by) AS submitted_by_name,
       d.decided_by AS "decided_by: UserId",
       (SELECT name FROM user_account WHERE id = d.decided_by) AS decided_by_name, d.decided_at, d.decision_note,
       d.decision_reason AS "decision_reason: RejectReason",
       d.closed_on, d.close_reason AS "close_reason: CloseReason",
       d.conflict_level AS "conflict_level: Level", d.created_at, d.updated_at,
       d.form_id AS "form_id: DealFormId",
       (SELECT no FROM deal_form WHERE id = d.form_id) AS form_version,
       d.custom AS "custom: Json<Map<String, Value>>",
       (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'name', l.product,
                   'quantity', l.quantity::text, 'unit_amount', l.unit_amount::text, 'amount', l.amount::text) ORDER BY l.no), '[]')
        FROM deal_line l WHERE l.deal_id = d.id) AS "products!: Json<Vec<StoredLine>>",
       (SELECT coalesce(json_agg(json_build_object('name', c.name, 'title', c.title, 'email', c.email,
                   'phone', c.phone) ORDER BY c.no), '[]')
        FROM deal_contact c WHERE c.deal_id = d.id) AS "contacts!: Json<Vec<DealContact>>",
       CASE WHEN d.vendor_id = $2 THEN (
           SELECT json_build_object(
                      'level', (array_agg(c.level ORDER BY c.score DESC) FILTER (WHERE c.now))[1],
                      'count', count(*) FILTER (WHERE c.now), 'changed_at', max(c.changed_at))
           FROM (SELECT k.level, k.score, greatest(k.found_at, o.updated_at) AS changed_at,
                        k.score > 0 AND d.status IN ('submitted', 'info_requested', 'approved')
                        AND o.status IN ('submitted', 'info_requested', 'approved') AS now
                 FROM (SELECT other_deal_id AS id, level, score, found_at
                       FROM deal_conflict WHERE deal_id = d.id
                       UNION ALL
                       SELECT deal_id, level, score, found_at
                       FROM deal_conflict WHERE other_deal_id = d.id) k
                 JOIN deal o ON o.id = k.id
                 UNION ALL
                 SELECT k.level, k.score, greatest(k.found_at, a.updated_at),
                        d.status IN ('submitted', 'info_requested', 'approved') AND a.stage = 'open'
                 FROM deal_direct_conflict k JOIN direct_account a ON a.id = k.account_id
                 WHERE k.deal_id = d.id) c)
       END AS "rivals: Json<Rivals>",
       (SELECT json_build_object('id', t.id, 'source', t.source, 'campaign', t.campaign,
                   'reference', t.reference)
        FROM lead t WHERE t.id = d.lead_id) AS "lead: Json<Attribution>",
       json_build_object('due_at', d.decision_due_at, 'paused_at', d.decision_paused_at,
           'overdue_at', d.decision_overdue_at, 'protected_until', d.protected_until,
           'progress_at', d.progress_at, 'ended_because', d.ended_because,
           'extensions', (SELECT count(*) FROM deal_extension e
                          WHERE e.deal_id = d.id AND e.status = 'approved'),
           'appeal', (SELECT json_build_object('statement', a.statement, 'appealed_at', a.appealed_at,
                                 'outcome', a.outcome, 'decided_at', a.decided_at)
                      FROM deal_appeal a WHERE a.deal_id = d.id ORDER BY a.id DESC LIMIT 1),
           'rule', CASE WHEN d.vendor_id = $2 THEN d.routed_by END,
           'steps', CASE WHEN d.vendor_id = $2 THEN (
               SELECT json_agg(json_build_object('id', s.id, 'name', s.name, 'needs', s.needs,
                          'status', s.status, 'escalated_at', s.escalated_at, 'approvers', (
                              SELECT json_agg(json_build_object('role', v.role, 'escalation', v.escalation,
                                  'approved', v.approved, 'voted_at', v.voted_at, 'note', v.note,
                                  'user', (SELECT json_build_object('id', id, 'name', name)
                                           FROM user_account WHERE id = v.user_id),
                                  'voted_by', (SELECT json_build_object('id', id, 'name', name)
                                               FROM user_account WHERE id = v.voted_by),
                                  'voted_for', (SELECT json_build_object('id', id, 'name', name)
                                                FROM user_account WHERE id = v.voted_for)) ORDER BY v.no)
                              FROM approval_approver v WHERE v.step_id = s.id)) ORDER BY s.no)
               FROM approval_step s WHERE s.deal_id = d.id) END) AS "standing!: Json<Standing>"
FROM deal d
WHERE d.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2)
