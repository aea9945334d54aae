-- $1 vendor, $2 name key, $3 domain, $4 telling name keys, $5 word keys, $6 near keys and $7 the numbers of their words,
-- $8 country. As find_conflicts.sql, over open direct accounts: each look-up is a range of direct_account_open_domain or
-- direct_account_open_name, limited, with frequent words passed over; arrays in sub-selects keep the generic plan.
WITH plain AS MATERIALIZED (
    SELECT w.key, w.number
    FROM unnest((SELECT $5::bigint[])) WITH ORDINALITY w (key, number)
    WHERE NOT EXISTS (SELECT FROM frequent_name_key f WHERE f.of_accounts AND f.key = w.key)
), word AS MATERIALIZED (
    SELECT w.number, a.id
    FROM plain w,
         LATERAL (SELECT id FROM direct_account WHERE name_keys @> ARRAY[w.key] AND stage = 'open' LIMIT 30) a
), frequent AS MATERIALIZED (
    SELECT number FROM word GROUP BY number HAVING count(*) = 30
    UNION ALL
    SELECT n.number FROM generate_series(1, cardinality((SELECT $5::bigint[]))) n (number)
    WHERE n.number NOT IN (SELECT number FROM plain)
), seen AS (
    (SELECT id FROM direct_account WHERE vendor_id = $1 AND domain = $3 AND stage = 'open' LIMIT 50)
    UNION SELECT id FROM word WHERE number NOT IN (SELECT number FROM frequent)
    UNION SELECT a.id
    FROM unnest((SELECT $4::bigint[])) k (key),
         LATERAL (SELECT id FROM direct_account WHERE name_keys @> ARRAY[k.key] AND stage = 'open' LIMIT 30) a
    UNION SELECT a.id
    FROM unnest((SELECT $6::bigint[]), (SELECT $7::int[])) k (key, number),
         LATERAL (SELECT id FROM direct_account WHERE name_keys @> ARRAY[k.key] AND stage = 'open' LIMIT 30) a
    WHERE k.number NOT IN (SELECT number FROM frequent)
)
SELECT a.id AS "id: DirectAccountId", coalesce(a.domain = $3, false) AS "domain_equal!",
       a.name_key AS "name_key!", similarity(a.name_key, $2) AS "name_similarity!",
       a.country = $8 AS "same_country!"
FROM seen JOIN direct_account a ON a.id = seen.id
WHERE a.vendor_id = $1 AND a.stage = 'open' AND (a.domain = $3 OR similarity(a.name_key, $2) >= 0.25)
ORDER BY coalesce(a.domain = $3, false) DESC, similarity(a.name_key, $2) DESC, a.id
LIMIT 50
