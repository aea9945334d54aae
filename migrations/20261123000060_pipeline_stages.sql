-- The stages that a program's deals go through between the approval and the end.
CREATE TABLE pipeline_stage (
    id              uuid PRIMARY KEY,
    vendor_id       uuid        NOT NULL,
    program_id      uuid        NOT NULL,
    name            text        NOT NULL,
    -- From 1, without gaps among the stages that are not retired; a retired one keeps where it was.
    position        integer     NOT NULL CHECK (position > 0),
    -- Per cent.
    probability     smallint    NOT NULL CHECK (probability BETWEEN 0 AND 100),
    category        text        NOT NULL CHECK (category IN ('pipeline', 'best_case', 'commit', 'omitted')),
    -- What has to be confirmed to leave it forward.
    criteria        text[]      NOT NULL DEFAULT '{}',
    -- What of the deal has to be there to leave it forward.
    required_fields text[]      NOT NULL DEFAULT '{}'
        CHECK (required_fields <@ ARRAY['customer_domain', 'contacts', 'note', 'amount']),
    retired_at      timestamptz,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT pipeline_stage_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id),
    CONSTRAINT pipeline_stage_of_program UNIQUE (program_id, id),
    CONSTRAINT pipeline_stage_order EXCLUDE (program_id WITH =, position WITH =) WHERE (retired_at IS NULL)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX pipeline_stage_of_vendor ON pipeline_stage (vendor_id, program_id, position);
CREATE UNIQUE INDEX pipeline_stage_name ON pipeline_stage (program_id, name) WHERE retired_at IS NULL;

-- The id of a stage that a program begins with: anyone who knows the program can name it.
CREATE FUNCTION pipeline_stage_id(program uuid, place integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(substr(sha256(convert_to(program::text || ' stage ' || place, 'UTF8')), 1, 16), 'hex')::uuid
$$;

CREATE FUNCTION pipeline_stages_for_program(program program) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pipeline_stage (id, vendor_id, program_id, name, position, probability, category, criteria,
                                required_fields, created_at, updated_at)
    SELECT pipeline_stage_id(program.id, s.place), program.vendor_id, program.id, s.name, s.place, s.probability,
           s.category, s.criteria, s.fields, program.created_at, program.created_at
    FROM (VALUES
        (1, 'Qualified', 10, 'pipeline', ARRAY['The need and who decides are known'], ARRAY[]::text[]),
        (2, 'Solution', 25, 'pipeline', ARRAY['The customer has seen the solution'], ARRAY[]::text[]),
        (3, 'Proposal', 50, 'best_case', ARRAY['A written offer is with the customer'], ARRAY[]::text[]),
        (4, 'Negotiation', 75, 'best_case', ARRAY['Price and terms are agreed'], ARRAY['contacts']),
        (5, 'Contract', 90, 'commit', ARRAY[]::text[], ARRAY[]::text[])
    ) s (place, name, probability, category, criteria, fields)
$$;

-- In the database, so that a program without stages can't be, whoever makes it.
CREATE FUNCTION pipeline_for_program() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pipeline_stages_for_program(NEW);
    RETURN NULL;
END
$$;
CREATE TRIGGER pipeline_for_program AFTER INSERT ON program FOR EACH ROW EXECUTE FUNCTION pipeline_for_program();
SELECT pipeline_stages_for_program(p) FROM program p;

ALTER TABLE deal
    ADD COLUMN stage_id          uuid,
    ADD COLUMN stage_since       timestamptz,
    -- What somebody knows better of this deal than its stage does.
    ADD COLUMN stage_category    text CHECK (stage_category IN ('pipeline', 'best_case', 'commit', 'omitted')),
    ADD COLUMN stage_probability smallint CHECK (stage_probability BETWEEN 0 AND 100),
    -- The day that the pipeline counts it on; NULL while it isn't in the pipeline.
    ADD COLUMN period_on         date GENERATED ALWAYS AS (
        CASE WHEN status = 'approved' THEN expected_close WHEN status IN ('won', 'lost') THEN closed_on END) STORED;

UPDATE deal d SET stage_since = d.updated_at, stage_id = pipeline_stage_id(d.program_id, 1)
WHERE status IN ('approved', 'won', 'lost');

ALTER TABLE deal ADD CONSTRAINT deal_stage FOREIGN KEY (program_id, stage_id) REFERENCES pipeline_stage (program_id, id);
ALTER TABLE deal ADD CONSTRAINT deal_in_pipeline CHECK
    (status <> 'approved' OR (stage_id IS NOT NULL AND stage_since IS NOT NULL));

-- An approved deal enters the first stage, by whichever way it is approved. Approved anew after its protection had
-- ended, it goes on where it was.
CREATE FUNCTION deal_in_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage_id IS NULL THEN
        SELECT s.id INTO NEW.stage_id FROM pipeline_stage s
        WHERE s.vendor_id = NEW.vendor_id AND s.program_id = NEW.program_id AND s.retired_at IS NULL
        ORDER BY s.position LIMIT 1;
    END IF;
    IF TG_OP = 'UPDATE' OR NEW.stage_since IS NULL THEN
        NEW.stage_since := NEW.updated_at;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER deal_in_stage BEFORE INSERT ON deal FOR EACH ROW
    WHEN (NEW.status = 'approved') EXECUTE FUNCTION deal_in_stage();
CREATE TRIGGER deal_in_stage_now BEFORE UPDATE OF status ON deal FOR EACH ROW
    WHEN (NEW.status = 'approved' AND OLD.status <> 'approved') EXECUTE FUNCTION deal_in_stage();

-- Lists of the pipeline go by the day that counts; each has a range of its own.
CREATE INDEX deal_pipeline_of_vendor ON deal (vendor_id, status, period_on, id) WHERE period_on IS NOT NULL;
CREATE INDEX deal_pipeline_by_partner ON deal (vendor_id, partner_id, status, period_on, id) WHERE period_on IS NOT NULL;
CREATE INDEX deal_pipeline_by_country ON deal (vendor_id, customer_country, status, period_on, id)
    WHERE period_on IS NOT NULL;
CREATE INDEX deal_pipeline_by_stage ON deal (program_id, stage_id, status, period_on, id) WHERE period_on IS NOT NULL;
CREATE INDEX deal_pipeline_of_partner ON deal (partner_id, status, period_on, id) WHERE period_on IS NOT NULL;

-- A deal's stays in stages that are over; the one that is under way stands in the deal.
CREATE TABLE deal_stage_visit (
    no            bigint GENERATED ALWAYS AS IDENTITY,
    deal_id       uuid        NOT NULL REFERENCES deal (id),
    vendor_id     uuid        NOT NULL,
    program_id    uuid        NOT NULL,
    partner_id    uuid        NOT NULL,
    country       text        NOT NULL,
    stage_id      uuid        NOT NULL REFERENCES pipeline_stage (id),
    entered_at    timestamptz NOT NULL,
    left_at       timestamptz NOT NULL,
    -- Where it went: to a later stage, an earlier one, or out of the pipeline.
    outcome       text        NOT NULL CHECK (outcome IN ('advanced', 'returned', 'won', 'lost', 'ended')),
    -- Whether the roll-ups have it.
    folded        boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (deal_id, no)
);
CREATE INDEX deal_stage_visit_stage ON deal_stage_visit (stage_id);
CREATE INDEX deal_stage_visit_new ON deal_stage_visit (no) WHERE NOT folded;

CREATE FUNCTION deal_left_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deal_stage_visit (deal_id, vendor_id, program_id, partner_id, country, stage_id, entered_at, left_at, outcome)
    SELECT OLD.id, OLD.vendor_id, OLD.program_id, OLD.partner_id, OLD.customer_country, OLD.stage_id, OLD.stage_since,
           greatest(NEW.updated_at, OLD.stage_since),
           CASE WHEN NEW.status IN ('won', 'lost') THEN NEW.status
                WHEN NEW.status <> 'approved' THEN 'ended'
                WHEN (SELECT position FROM pipeline_stage WHERE id = NEW.stage_id)
                     < (SELECT position FROM pipeline_stage WHERE id = OLD.stage_id) THEN 'returned'
                ELSE 'advanced' END;
    RETURN NULL;
END
$$;
CREATE TRIGGER deal_left_stage AFTER UPDATE ON deal FOR EACH ROW
    WHEN (OLD.status = 'approved' AND (NEW.status <> 'approved' OR NEW.stage_id <> OLD.stage_id))
    EXECUTE FUNCTION deal_left_stage();
