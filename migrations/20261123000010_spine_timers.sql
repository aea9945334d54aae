-- Deadlines: one row for each thing that has to happen at a time.
CREATE TABLE timer (
    kind       text        NOT NULL,
    subject    uuid        NOT NULL,
    -- The time that was asked for.
    at         timestamptz NOT NULL,
    -- When it is tried next: `at`, or later after a failure.
    due_at     timestamptz NOT NULL,
    data       jsonb       NOT NULL DEFAULT '{}',
    failures   integer     NOT NULL DEFAULT 0,
    last_error text,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX timer_due ON timer (due_at);
