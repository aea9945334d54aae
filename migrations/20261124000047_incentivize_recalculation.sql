-- Runs that compute earnings anew, a piece in each transaction, so that one that was interrupted goes on where it was.
CREATE TABLE recalculation (
    id          uuid PRIMARY KEY,
    vendor_id   uuid        NOT NULL REFERENCES organisation (id),
    from_day    date        NOT NULL,
    to_day      date        NOT NULL CHECK (to_day >= from_day),
    status      text        NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'cancelled')),
    -- How far it has come.
    day         date        NOT NULL,
    after       uuid        NOT NULL,
    sales       bigint      NOT NULL DEFAULT 0,
    lines       bigint      NOT NULL DEFAULT 0,
    started_by  uuid        REFERENCES user_account (id),
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    version     bigint      NOT NULL DEFAULT 1
);
CREATE INDEX recalculation_of_vendor ON recalculation (vendor_id, id);
CREATE INDEX recalculation_started_by ON recalculation (started_by) WHERE started_by IS NOT NULL;
-- One at a time for a vendor.
CREATE UNIQUE INDEX recalculation_running ON recalculation (vendor_id) WHERE status = 'running';
