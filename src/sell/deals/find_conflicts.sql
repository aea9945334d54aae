-- $1 vendor, $2 partner, $3 name key, $4 domain, $5 e-mail keys, $6 telling name keys, $7 word keys, $8 near keys and
-- $9 the numbers of their words, $10 country, $11 expected close, $12 products.
--
-- The arrays stand in sub-selects so that their lengths tell the planner nothing: a plan for these very values would
-- look cheaper than the generic one, be made anew each time, and take longer to make than to run.
WITH mail AS MATERIALIZED (
    SELECT m.deal_id, count(*) AS shared
    FROM (SELECT DISTINCT c.deal_id, c.email_key
          FROM deal_contact c JOIN deal d ON d.id = c.deal_id
          WHERE c.vendor_id = $1 AND c.email_key = ANY ((SELECT $5::text[])::text[]) AND d.partner_id <> $2
            AND d.status IN ('submitted', 'info_requested', 'approved')
          LIMIT 200) m
    GROUP BY m.deal_id
), plain AS MATERIALIZED (
    SELECT w.key, w.number
    FROM unnest((SELECT $7::bigint[])) WITH ORDINALITY w (key, number)
    WHERE NOT EXISTS (SELECT FROM frequent_name_key f WHERE NOT f.of_accounts AND f.key = w.key)
), word AS MATERIALIZED (
    SELECT w.number, d.id
    FROM plain w,
         LATERAL (SELECT id FROM deal
                  WHERE customer_keys @> ARRAY[w.key] AND partner_id <> $2
                    AND status IN ('submitted', 'info_requested', 'approved') LIMIT 30) d
), frequent AS MATERIALIZED (
    SELECT number FROM word GROUP BY number HAVING count(*) = 30
    UNION ALL
    SELECT n.number FROM generate_series(1, cardinality((SELECT $7::bigint[]))) n (number)
    WHERE n.number NOT IN (SELECT number FROM plain)
), seen AS (
    (SELECT id FROM deal
     WHERE vendor_id = $1 AND customer_domain = $4 AND partner_id <> $2
       AND status IN ('submitted', 'info_requested', 'approved') LIMIT 50)
    UNION SELECT deal_id FROM mail
    UNION SELECT id FROM word WHERE number NOT IN (SELECT number FROM frequent)
    UNION SELECT d.id
    FROM unnest((SELECT $6::bigint[])) k (key),
         LATERAL (SELECT id FROM deal
                  WHERE customer_keys @> ARRAY[k.key] AND partner_id <> $2
                    AND status IN ('submitted', 'info_requested', 'approved') LIMIT 30) d
    UNION SELECT d.id
    FROM unnest((SELECT $8::bigint[]), (SELECT $9::int[])) k (key, number),
         LATERAL (SELECT id FROM deal
                  WHERE customer_keys @> ARRAY[k.key] AND partner_id <> $2
                    AND status IN ('submitted', 'info_requested', 'approved') LIMIT 30) d
    WHERE k.number NOT IN (SELECT number FROM frequent)
)
SELECT d.id AS "id: DealId", d.status AS "status: DealStatus",
       coalesce(d.customer_domain = $4, false) AS "domain_equal!",
       d.customer_key AS "name_key!",
       similarity(d.customer_key, $3) AS "name_similarity!",
       d.customer_country = $10 AS "same_country!",
       coalesce(m.shared, 0) AS "shared_emails!",
       d.expected_close - $11::date AS "days_apart!",
       EXISTS (SELECT FROM deal_line l WHERE l.deal_id = d.id
               AND lower(l.product) IN (SELECT lower(p) FROM unnest((SELECT $12::text[])) p))
           AS "products_overlap!"
FROM seen JOIN deal d ON d.id = seen.id LEFT JOIN mail m ON m.deal_id = seen.id
WHERE d.vendor_id = $1 AND d.partner_id <> $2 AND d.status IN ('submitted', 'info_requested', 'approved')
  AND (d.customer_domain = $4 OR m.shared > 0 OR similarity(d.customer_key, $3) >= 0.25)
ORDER BY coalesce(d.customer_domain = $4, false) DESC, d.status = 'approved' DESC,
         similarity(d.customer_key, $3) DESC, d.id
LIMIT 50
