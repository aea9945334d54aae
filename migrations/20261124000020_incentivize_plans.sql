-- What is paid for what. A plan has versions; a published one never changes, so that what was earned under it can be
-- computed again.
CREATE TABLE incentive_plan (
    id           uuid PRIMARY KEY,
    vendor_id    uuid        NOT NULL REFERENCES organisation (id),
    name         text        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('commission', 'rebate', 'spiff', 'bonus')),
    -- Only partnerships of this program; every program without one.
    program_id   uuid,
    -- Whether what is earned needs nobody's approval.
    auto_approve boolean     NOT NULL DEFAULT false,
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT incentive_plan_name UNIQUE (vendor_id, name),
    CONSTRAINT incentive_plan_of_vendor UNIQUE (vendor_id, id),
    CONSTRAINT incentive_plan_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id)
);
CREATE INDEX incentive_plan_list ON incentive_plan (vendor_id, id);
CREATE INDEX incentive_plan_program ON incentive_plan (vendor_id, program_id) WHERE program_id IS NOT NULL;

CREATE TABLE incentive_plan_version (
    id             uuid PRIMARY KEY,
    plan_id        uuid        NOT NULL,
    vendor_id      uuid        NOT NULL,
    -- Counts the plan's versions, from 1.
    no             integer     NOT NULL,
    status         text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
    -- Sales of these days, both included.
    effective_from date        NOT NULL,
    effective_to   date,
    spec           jsonb       NOT NULL,
    note           text,
    created_by     uuid        REFERENCES user_account (id),
    published_by   uuid        REFERENCES user_account (id),
    published_at   timestamptz,
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT incentive_plan_version_no UNIQUE (plan_id, no),
    CONSTRAINT incentive_plan_version_plan FOREIGN KEY (vendor_id, plan_id) REFERENCES incentive_plan (vendor_id, id),
    CONSTRAINT incentive_plan_version_lasts CHECK (effective_to >= effective_from),
    CONSTRAINT incentive_plan_version_published CHECK ((status = 'published') = (published_at IS NOT NULL)),
    CONSTRAINT incentive_plan_versions_overlap EXCLUDE USING gist
        (plan_id WITH =, daterange(effective_from, effective_to, '[]') WITH &&) WHERE (status = 'published')
);
-- What is in force for a vendor on a day.
CREATE INDEX incentive_plan_version_in_force ON incentive_plan_version (vendor_id, effective_from)
    WHERE status = 'published';
CREATE INDEX incentive_plan_version_plan ON incentive_plan_version (vendor_id, plan_id);
CREATE INDEX incentive_plan_version_created_by ON incentive_plan_version (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX incentive_plan_version_published_by ON incentive_plan_version (published_by) WHERE published_by IS NOT NULL;
-- Each plan has one draft at most.
CREATE UNIQUE INDEX incentive_plan_version_draft ON incentive_plan_version (plan_id) WHERE status = 'draft';

CREATE FUNCTION incentive_plan_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'published' AND (TG_OP = 'DELETE'
        OR (OLD.plan_id, OLD.no, OLD.status, OLD.effective_from, OLD.spec)
            IS DISTINCT FROM (NEW.plan_id, NEW.no, NEW.status, NEW.effective_from, NEW.spec)) THEN
        RAISE EXCEPTION 'a published version of a plan stays as it is: publish another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER incentive_plan_version_stays BEFORE UPDATE OR DELETE ON incentive_plan_version
    FOR EACH ROW EXECUTE FUNCTION incentive_plan_version_stays();
