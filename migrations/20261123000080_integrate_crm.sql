-- A vendor's connections to CRM systems, what is linked over them, and what went over them.
CREATE TABLE crm_connection (
    id                uuid PRIMARY KEY,
    vendor_id         uuid        NOT NULL REFERENCES organisation (id),
    kind              text        NOT NULL CHECK (kind IN ('salesforce', 'hubspot', 'webhook')),
    name              text        NOT NULL,
    base_url          text        NOT NULL,
    -- The CRM's name of the thing that a deal is there: Opportunity, deals.
    object            text        NOT NULL,
    -- The field that holds the deal's id there, unique in the CRM: what makes a repeated create one record.
    external_id_field text        NOT NULL,
    -- Sealed by the keyring.
    credentials       bytea       NOT NULL,
    -- What may be shown of them.
    hints             jsonb       NOT NULL,
    enabled           boolean     NOT NULL,
    auth_state        text        NOT NULL DEFAULT 'unknown' CHECK (auth_state IN ('unknown', 'ok', 'refused')),
    auth_error        text,
    -- The access token, sealed; its generation rises with each one, so that an expired one is renewed once.
    token             bytea,
    token_generation  bigint      NOT NULL DEFAULT 0,
    token_lease       timestamptz,
    mapping           jsonb       NOT NULL,
    -- What the CRM last said of its fields.
    schema            jsonb,
    described_at      timestamptz,
    -- Writes rest while the mapping doesn't suit the schema.
    paused_at         timestamptz,
    drift             jsonb       NOT NULL DEFAULT '[]',
    -- Until when the CRM asked to be left alone.
    blocked_until     timestamptz,
    cursor            jsonb,
    poll_seconds      integer     NOT NULL CHECK (poll_seconds BETWEEN 5 AND 86400),
    last_success_at   timestamptz,
    last_error        text,
    last_error_at     timestamptz,
    reconciled_at     timestamptz,
    version           bigint      NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);
CREATE INDEX crm_connection_of_vendor ON crm_connection (vendor_id, id);

-- A deal and its record in a CRM.
CREATE TABLE crm_link (
    id              uuid PRIMARY KEY,
    connection_id   uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    vendor_id       uuid        NOT NULL REFERENCES organisation (id),
    deal_id         uuid        NOT NULL REFERENCES deal (id),
    record_id       text,
    status          text        NOT NULL CHECK (status IN ('pending', 'linked', 'disconnected')),
    reason          text        CHECK (reason IN ('deleted', 'merged')),
    merged_into     text,
    -- What each side held when the two were last brought together: field -> text or null.
    crm_seen        jsonb       NOT NULL DEFAULT '{}',
    prm_seen        jsonb       NOT NULL DEFAULT '{}',
    -- The newest change of the record that was seen.
    crm_modified_at timestamptz,
    -- The stage in the CRM's own words.
    stage           text,
    synced_at       timestamptz,
    version         bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT crm_link_of_deal UNIQUE (connection_id, deal_id),
    CONSTRAINT crm_link_is_somewhere CHECK (status = 'pending' OR record_id IS NOT NULL)
);
CREATE UNIQUE INDEX crm_link_of_record ON crm_link (connection_id, record_id) WHERE status = 'linked';
CREATE INDEX crm_link_list ON crm_link (connection_id, id);
CREATE INDEX crm_link_deal ON crm_link (deal_id);
CREATE INDEX crm_link_vendor ON crm_link (vendor_id);

-- Work to be done with a CRM: one row for each subject, so that what concerns one record happens one after the other.
CREATE TABLE crm_work (
    id            uuid PRIMARY KEY,
    connection_id uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    kind          text        NOT NULL CHECK (kind IN ('sync', 'pull', 'poll', 'drift', 'reconcile')),
    -- The deal for sync, the record for pull.
    subject       text        NOT NULL,
    -- Rises when it is asked for again meanwhile.
    generation    bigint      NOT NULL DEFAULT 1,
    attempts      integer     NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL,
    leased_until  timestamptz,
    last_error    text,
    dead_at       timestamptz,
    CONSTRAINT crm_work_once UNIQUE (connection_id, kind, subject)
);
CREATE INDEX crm_work_due ON crm_work (due_at) WHERE dead_at IS NULL;
CREATE INDEX crm_work_dead ON crm_work (connection_id, id) WHERE dead_at IS NOT NULL;

-- What went over a connection, and what was overwritten.
CREATE TABLE crm_sync (
    id            uuid PRIMARY KEY,
    connection_id uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    deal_id       uuid        REFERENCES deal (id),
    record_id     text,
    direction     text        NOT NULL CHECK (direction IN ('to_crm', 'to_prm')),
    outcome       text        NOT NULL CHECK (outcome IN ('created', 'updated', 'applied', 'echo', 'stale', 'retried',
                                              'failed', 'disconnected', 'difference', 'relinked', 'ignored')),
    error         text,
    fields        jsonb       NOT NULL DEFAULT '[]',
    at            timestamptz NOT NULL
);
CREATE INDEX crm_sync_list ON crm_sync (connection_id, id);
CREATE INDEX crm_sync_deal ON crm_sync (deal_id, id) WHERE deal_id IS NOT NULL;

-- Messages of CRMs that were taken: each counts once.
CREATE TABLE crm_message (
    connection_id uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    message_id    text        NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (connection_id, message_id)
);
CREATE INDEX crm_message_age ON crm_message (received_at);

-- Two sides that disagree, for a person to decide.
CREATE TABLE crm_difference (
    id            uuid PRIMARY KEY,
    connection_id uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    vendor_id     uuid        NOT NULL REFERENCES organisation (id),
    link_id       uuid        NOT NULL REFERENCES crm_link (id) ON DELETE CASCADE,
    deal_id       uuid        NOT NULL REFERENCES deal (id),
    -- A person has to decide, or the reconciliation names it.
    source        text        NOT NULL CHECK (source IN ('ask', 'reconciliation')),
    field         text        NOT NULL,
    crm_field     text        NOT NULL,
    prm_value     text,
    crm_value     text,
    why           text        NOT NULL,
    found_at      timestamptz NOT NULL,
    resolved_at   timestamptz,
    resolved_by   uuid        REFERENCES user_account (id),
    kept          text        CHECK (kept IN ('prm', 'crm')),
    version       bigint      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX crm_difference_open ON crm_difference (link_id, field, source) WHERE resolved_at IS NULL;
CREATE INDEX crm_difference_list ON crm_difference (vendor_id, id);
CREATE INDEX crm_difference_of_connection ON crm_difference (connection_id, id);
CREATE INDEX crm_difference_deal ON crm_difference (deal_id);
CREATE INDEX crm_difference_resolver ON crm_difference (resolved_by) WHERE resolved_by IS NOT NULL;
