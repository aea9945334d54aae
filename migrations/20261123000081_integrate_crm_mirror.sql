-- The vendor's own sales, as its CRM has them, are kept among its direct accounts.
ALTER TABLE crm_connection
    -- What is mirrored; nothing without it.
    ADD COLUMN mirror         jsonb,
    -- How far each kind has been read: kind -> {at, id}.
    ADD COLUMN mirror_cursors jsonb NOT NULL DEFAULT '{}';

-- Which direct account a record of a CRM is.
CREATE TABLE crm_mirror (
    connection_id uuid        NOT NULL REFERENCES crm_connection (id) ON DELETE CASCADE,
    kind          text        NOT NULL CHECK (kind IN ('account', 'opportunity')),
    record_id     text        NOT NULL,
    account_id    uuid        NOT NULL REFERENCES direct_account (id),
    -- When the CRM was last heard to have it.
    seen_at       timestamptz NOT NULL,
    PRIMARY KEY (connection_id, kind, record_id)
);
CREATE INDEX crm_mirror_account ON crm_mirror (account_id);
CREATE INDEX crm_mirror_seen ON crm_mirror (connection_id, kind, seen_at);

-- By which the log is cut off.
CREATE INDEX crm_sync_age ON crm_sync (at);
