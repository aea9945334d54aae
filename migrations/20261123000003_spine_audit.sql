-- What happened to an organisation, chained: each entry's hash covers the one before it. The chain of the nil
-- organisation is the platform's.
CREATE TABLE audit_entry (
    org_id     uuid        NOT NULL,
    no         bigint      NOT NULL CHECK (no > 0),
    at         timestamptz NOT NULL,
    event_id   uuid        NOT NULL,
    event_tx   bigint      NOT NULL,
    event_seq  bigint      NOT NULL,
    kind       text        NOT NULL,
    subject_kind text      NOT NULL,
    subject_id uuid        NOT NULL,
    origin     jsonb       NOT NULL,
    data       jsonb       NOT NULL,
    prev_hash  bytea       NOT NULL,
    hash       bytea       NOT NULL,
    PRIMARY KEY (org_id, no, at),
    CONSTRAINT audit_entry_once UNIQUE (event_id, org_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE audit_entry_default PARTITION OF audit_entry DEFAULT;
CREATE INDEX audit_entry_of_kind ON audit_entry (org_id, kind, no);
CREATE INDEX audit_entry_of_subject ON audit_entry (org_id, subject_id, no);

-- The head of each chain: a removed tail shows as a head without its entry.
CREATE TABLE audit_head (
    org_id uuid PRIMARY KEY,
    no     bigint NOT NULL,
    hash   bytea  NOT NULL
);

CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only();
