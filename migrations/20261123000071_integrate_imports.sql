-- A CSV file that was sent to be imported. Its bytes are in the store of files, under the same id.
CREATE TABLE import_file (
    id         uuid PRIMARY KEY,
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    size       bigint      NOT NULL,
    delimiter  text        NOT NULL,
    columns    text[]      NOT NULL,
    created_by uuid        REFERENCES user_account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX import_file_of_org ON import_file (org_id, id);
CREATE INDEX import_file_age ON import_file (created_at);
CREATE INDEX import_file_created_by ON import_file (created_by);

CREATE TABLE bulk_import (
    id           uuid PRIMARY KEY,
    org_id       uuid        NOT NULL REFERENCES organisation (id),
    file_id      uuid        NOT NULL REFERENCES import_file (id),
    kind         text        NOT NULL,
    mode         text        NOT NULL CHECK (mode IN ('all_or_nothing', 'per_row')),
    dry_run      boolean     NOT NULL,
    invite       boolean     NOT NULL,
    -- Which column a field is read from: {"field": "column"}.
    mapping      jsonb       NOT NULL,
    status       text        NOT NULL
        CHECK (status IN ('queued', 'running', 'applying', 'finished', 'refused', 'failed', 'cancelled')),
    -- The checkpoint: rows of the file that have been dealt with. It moves together with what was made of them.
    rows_read    bigint      NOT NULL DEFAULT 0,
    rows_bad     bigint      NOT NULL DEFAULT 0,
    rows_applied bigint      NOT NULL DEFAULT 0,
    fault        text,
    -- Times that work on it broke off, since it last went on.
    failures     integer     NOT NULL DEFAULT 0,
    -- The node that works on it has it until then.
    leased_until timestamptz,
    announced_at timestamptz,
    -- Who asked for it, for the events.
    origin       jsonb       NOT NULL,
    created_by   uuid        REFERENCES user_account (id),
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    finished_at  timestamptz
);
CREATE INDEX bulk_import_of_org ON bulk_import (org_id, id);
CREATE INDEX bulk_import_open ON bulk_import (id) WHERE status IN ('queued', 'running', 'applying');
CREATE INDEX bulk_import_file ON bulk_import (file_id);
CREATE INDEX bulk_import_created_by ON bulk_import (created_by);

-- Rows that were found good and wait for the rest of their file, and what they claim for themselves within it.
CREATE TABLE import_row (
    import_id uuid   NOT NULL REFERENCES bulk_import (id) ON DELETE CASCADE,
    no        bigint NOT NULL,
    claim     text,
    holder    text,
    data      jsonb,
    PRIMARY KEY (import_id, no)
);
CREATE INDEX import_row_claim ON import_row (import_id, claim) WHERE claim IS NOT NULL;

-- What is wrong with the rows of a file, the first 50 000 faults.
CREATE TABLE import_fault (
    import_id uuid     NOT NULL REFERENCES bulk_import (id) ON DELETE CASCADE,
    -- As a spreadsheet counts: the header is row 1.
    no        bigint   NOT NULL,
    place     smallint NOT NULL,
    col       text,
    code      text     NOT NULL,
    message   text     NOT NULL,
    PRIMARY KEY (import_id, no, place)
);

-- Partners are recognised by their domain.
CREATE INDEX organisation_domain ON organisation (domain) WHERE domain IS NOT NULL;
