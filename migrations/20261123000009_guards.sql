-- Wrong codes of the authenticator in a row. At a limit the second factor takes recovery codes only, for a time, on
-- every node; a right code, a recovery code or a new password by mail begins anew.
ALTER TABLE totp_factor
    ADD COLUMN wrong_codes  integer NOT NULL DEFAULT 0,
    ADD COLUMN wrong_since  timestamptz,
    ADD COLUMN locked_until timestamptz;

-- Failed log-ins, for all nodes together: the hash of an account's or an address's name, and when its failures will
-- have been paid off (GCRA). Rows that lie in the past say nothing.
CREATE TABLE login_failure (
    key       bytea PRIMARY KEY,
    paid_at   timestamptz NOT NULL
);
CREATE INDEX login_failure_paid ON login_failure (paid_at);

-- Statement triggers of a partitioned table are not its partitions', which can be truncated by name.
CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: no % of %', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'old months of events go by retention';
END
$$;

CREATE FUNCTION log_guard(part regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER log_no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only()',
        part);
END
$$;

SELECT log_guard(relid)
FROM unnest(ARRAY['event', 'event_audience', 'audit_entry']) parent, pg_partition_tree(parent::regclass);

-- A row trigger of a partitioned table is that of its partitions, present and future.
CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER event_audience_no_change BEFORE UPDATE OR DELETE ON event_audience
    FOR EACH ROW EXECUTE FUNCTION log_is_append_only();

-- As before, and new partitions are guarded.
CREATE OR REPLACE FUNCTION event_log_ensure(day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    month  timestamptz;
    part   text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('event_log_ensure'));
    FOREACH parent IN ARRAY ARRAY['event', 'event_audience', 'audit_entry'] LOOP
        CONTINUE WHEN to_regclass(parent) IS NULL;
        FOR month IN
            SELECT generate_series(date_trunc('month', day, 'UTC'), date_trunc('month', day, 'UTC') + interval '1 month', '1 month')
        LOOP
            part := parent || '_' || to_char(month AT TIME ZONE 'UTC', 'YYYYMM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            -- Rows that came before their partition was made keep it in the default one.
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    part, parent, month, month + interval '1 month');
                PERFORM log_guard(part::regclass);
            EXCEPTION WHEN check_violation THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
END
$$;
