-- What each change of a deal adds to and takes from the sums of the pipeline. Changes only append here, so that no two
-- deals wait for one row; whoever reads a sum adds what is not folded yet, and so reads it exactly.
CREATE TABLE pipeline_delta (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor_id  uuid    NOT NULL,
    program_id uuid    NOT NULL,
    partner_id uuid    NOT NULL,
    country    text    NOT NULL,
    status     text    NOT NULL,
    stage_id   uuid    NOT NULL,
    -- The deal's own commit category; empty when it goes by its stage.
    category   text    NOT NULL,
    currency   text    NOT NULL,
    -- Why it was won or lost; empty when that wasn't said.
    reason     text    NOT NULL,
    -- When it entered its stage, and the day that counts.
    since      date    NOT NULL,
    due        date    NOT NULL,
    deals      bigint  NOT NULL,
    amount     numeric NOT NULL,
    -- The amount of deals that go by their stage's probability.
    following  numeric NOT NULL,
    -- The sum of amount x own probability (per cent) of the others.
    fixed      numeric NOT NULL,
    -- From registration to the end, in days; of closed deals.
    days       bigint  NOT NULL
);
CREATE INDEX pipeline_delta_of_vendor ON pipeline_delta (vendor_id, due);
CREATE INDEX pipeline_delta_of_partner ON pipeline_delta (partner_id, due);

-- A change's two sides are both noted; the argument says which one this is.
CREATE FUNCTION pipeline_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := TG_ARGV[0];
BEGIN
    INSERT INTO pipeline_delta (vendor_id, program_id, partner_id, country, status, stage_id, category, currency, reason,
                                since, due, deals, amount, following, fixed, days)
    SELECT vendor_id, program_id, partner_id, customer_country, status,
           coalesce(stage_id, '00000000-0000-0000-0000-000000000000'), coalesce(stage_category, ''), currency,
           coalesce(close_reason, ''), coalesce((stage_since AT TIME ZONE 'UTC')::date, period_on), period_on,
           sign * count(*), sign * sum(amount), sign * coalesce(sum(amount) FILTER (WHERE stage_probability IS NULL), 0),
           sign * coalesce(sum(amount * stage_probability), 0),
           sign * coalesce(sum(greatest(closed_on - (created_at AT TIME ZONE 'UTC')::date, 0)), 0)
    FROM changed WHERE period_on IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
    RETURN NULL;
END
$$;
CREATE TRIGGER pipeline_note_new AFTER INSERT ON deal REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION pipeline_note('1');
CREATE TRIGGER pipeline_note_gone AFTER DELETE ON deal REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION pipeline_note('-1');
CREATE TRIGGER pipeline_note_before AFTER UPDATE ON deal REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION pipeline_note('-1');
CREATE TRIGGER pipeline_note_after AFTER UPDATE ON deal REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION pipeline_note('1');

-- The sums: of a vendor ('vendor', ''), of each of its partners, and of each country, by month.
CREATE TABLE pipeline_rollup (
    vendor_id  uuid    NOT NULL,
    dimension  text    NOT NULL CHECK (dimension IN ('vendor', 'partner', 'country')),
    member     text    NOT NULL,
    month      date    NOT NULL,
    program_id uuid    NOT NULL,
    status     text    NOT NULL,
    stage_id   uuid    NOT NULL,
    category   text    NOT NULL,
    currency   text    NOT NULL,
    reason     text    NOT NULL,
    deals      bigint  NOT NULL,
    amount     numeric NOT NULL,
    following  numeric NOT NULL,
    fixed      numeric NOT NULL,
    days       bigint  NOT NULL,
    PRIMARY KEY (vendor_id, dimension, member, month, program_id, status, stage_id, category, currency, reason)
);
CREATE INDEX pipeline_rollup_of_month ON pipeline_rollup (vendor_id, dimension, month);
CREATE INDEX pipeline_rollup_of_partner ON pipeline_rollup (member, month) WHERE dimension = 'partner';

-- Open deals by the day on which they entered their stage ('since') and by the day they should close ('due').
CREATE TABLE pipeline_day (
    vendor_id  uuid   NOT NULL,
    dimension  text   NOT NULL,
    member     text   NOT NULL,
    kind       text   NOT NULL CHECK (kind IN ('since', 'due')),
    day        date   NOT NULL,
    program_id uuid   NOT NULL,
    stage_id   uuid   NOT NULL,
    deals      bigint NOT NULL,
    PRIMARY KEY (vendor_id, dimension, member, kind, day, program_id, stage_id)
);
CREATE INDEX pipeline_day_of_partner ON pipeline_day (member, kind, day) WHERE dimension = 'partner';

-- Stays in stages that are over, by the month in which they ended.
CREATE TABLE pipeline_flow (
    vendor_id  uuid    NOT NULL,
    dimension  text    NOT NULL,
    member     text    NOT NULL,
    month      date    NOT NULL,
    program_id uuid    NOT NULL,
    stage_id   uuid    NOT NULL,
    outcome    text    NOT NULL,
    visits     bigint  NOT NULL,
    -- How long they were together.
    seconds    numeric NOT NULL,
    PRIMARY KEY (vendor_id, dimension, member, month, program_id, stage_id, outcome)
);
CREATE INDEX pipeline_flow_of_partner ON pipeline_flow (member, month) WHERE dimension = 'partner';

-- Moves up to `most` changes and as many stays into the sums; says how many it moved.
CREATE FUNCTION pipeline_fold(most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    moved bigint;
    stays bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('pipeline_fold'));
    WITH taken AS (
        DELETE FROM pipeline_delta WHERE id IN (SELECT id FROM pipeline_delta ORDER BY id LIMIT most) RETURNING *
    ), cube AS (
        SELECT t.*, m.dimension, m.member
        FROM taken t, LATERAL (VALUES ('vendor', ''), ('partner', t.partner_id::text), ('country', t.country)) m (dimension, member)
    ), sums AS (
        INSERT INTO pipeline_rollup AS r (vendor_id, dimension, member, month, program_id, status, stage_id, category,
                                          currency, reason, deals, amount, following, fixed, days)
        SELECT vendor_id, dimension, member, date_trunc('month', due)::date, program_id, status, stage_id, category, currency,
               reason, sum(deals), sum(amount), sum(following), sum(fixed), sum(days)
        FROM cube GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        HAVING sum(deals) <> 0 OR sum(amount) <> 0 OR sum(following) <> 0 OR sum(fixed) <> 0 OR sum(days) <> 0
        ON CONFLICT (vendor_id, dimension, member, month, program_id, status, stage_id, category, currency, reason)
        DO UPDATE SET deals = r.deals + excluded.deals, amount = r.amount + excluded.amount,
                      following = r.following + excluded.following, fixed = r.fixed + excluded.fixed,
                      days = r.days + excluded.days
    ), by_day AS (
        INSERT INTO pipeline_day AS r (vendor_id, dimension, member, kind, day, program_id, stage_id, deals)
        SELECT vendor_id, dimension, member, k.kind, k.day, program_id, stage_id, sum(deals)
        FROM cube, LATERAL (VALUES ('since', since), ('due', due)) k (kind, day)
        WHERE status = 'approved' GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(deals) <> 0
        ON CONFLICT (vendor_id, dimension, member, kind, day, program_id, stage_id)
        DO UPDATE SET deals = r.deals + excluded.deals
    )
    SELECT count(*) INTO moved FROM taken;
    WITH taken AS (
        UPDATE deal_stage_visit v SET folded = true
        FROM (SELECT deal_id, no FROM deal_stage_visit WHERE NOT folded ORDER BY no LIMIT most) n
        WHERE v.deal_id = n.deal_id AND v.no = n.no
        RETURNING v.*
    ), flow AS (
        INSERT INTO pipeline_flow AS r (vendor_id, dimension, member, month, program_id, stage_id, outcome, visits, seconds)
        SELECT t.vendor_id, m.dimension, m.member, date_trunc('month', t.left_at AT TIME ZONE 'UTC')::date, t.program_id,
               t.stage_id, t.outcome, count(*), sum(extract(epoch FROM t.left_at - t.entered_at))
        FROM taken t, LATERAL (VALUES ('vendor', ''), ('partner', t.partner_id::text), ('country', t.country)) m (dimension, member)
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (vendor_id, dimension, member, month, program_id, stage_id, outcome)
        DO UPDATE SET visits = r.visits + excluded.visits, seconds = r.seconds + excluded.seconds
    )
    SELECT count(*) INTO stays FROM taken;
    RETURN moved + stays;
END
$$;

-- What the database held before.
INSERT INTO pipeline_delta (vendor_id, program_id, partner_id, country, status, stage_id, category, currency, reason, since,
                            due, deals, amount, following, fixed, days)
SELECT vendor_id, program_id, partner_id, customer_country, status, stage_id, '', currency, coalesce(close_reason, ''),
       (stage_since AT TIME ZONE 'UTC')::date, period_on, count(*), sum(amount), sum(amount), 0,
       coalesce(sum(greatest(closed_on - (created_at AT TIME ZONE 'UTC')::date, 0)), 0)
FROM deal WHERE period_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
