-- The event log: every state change writes one row here in its own transaction.
--
-- Readers go by position (tx, seq), never by seq alone: sequence numbers are handed out before commit, so a
-- lower one can become visible after a higher one. A row is final once its transaction id lies below the oldest
-- one still running, and rows below that horizon never gain a neighbour.

CREATE SEQUENCE event_seq;

-- One row. `tx_offset` is added to the cluster's transaction ids, so that positions keep rising after a dump is
-- restored into a cluster whose own counter starts lower. Positions up to `expired` have been dropped.
CREATE TABLE event_epoch (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    tx_offset  bigint NOT NULL DEFAULT 0,
    expired_tx bigint NOT NULL DEFAULT 0
);
INSERT INTO event_epoch DEFAULT VALUES;

CREATE FUNCTION event_tx() RETURNS bigint
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
    RETURN (SELECT tx_offset FROM event_epoch) + pg_current_xact_id()::text::bigint;

-- Positions with a smaller tx are final for the statement that asks.
CREATE FUNCTION event_horizon() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT tx_offset FROM event_epoch) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

CREATE TABLE event (
    tx           bigint      NOT NULL DEFAULT event_tx(),
    seq          bigint      NOT NULL DEFAULT nextval('event_seq'),
    at           timestamptz NOT NULL,
    id           uuid        NOT NULL,
    kind         text        NOT NULL,
    topic        text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   uuid        NOT NULL,
    -- Organisations and users that hear of it.
    audiences    uuid[]      NOT NULL,
    -- Who did it: {"user_id", "api_key_id", "session_id", "organisation_id", "request_id", "ip"}, absent members omitted.
    origin       jsonb       NOT NULL,
    -- Safe for every audience: what only one side may know is another event.
    data         jsonb       NOT NULL,
    PRIMARY KEY (tx, seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE event_default PARTITION OF event DEFAULT;

-- The feed of one organisation or user is a range of this table.
CREATE TABLE event_audience (
    audience uuid        NOT NULL,
    tx       bigint      NOT NULL,
    seq      bigint      NOT NULL,
    at       timestamptz NOT NULL,
    topic    text        NOT NULL,
    subject_id uuid      NOT NULL,
    PRIMARY KEY (audience, tx, seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE event_audience_default PARTITION OF event_audience DEFAULT;

-- A durable consumer's place. The cursor moves in the transaction of the consumer's effects.
CREATE TABLE event_consumer (
    name       text PRIMARY KEY,
    tx         bigint      NOT NULL DEFAULT 0,
    seq        bigint      NOT NULL DEFAULT 0,
    failures   integer     NOT NULL DEFAULT 0,
    retry_at   timestamptz,
    last_error text,
    updated_at timestamptz NOT NULL
);

-- Events that a consumer gave up on, to be looked at and replayed by `guildhall consumer`.
CREATE TABLE event_dead_letter (
    consumer  text        NOT NULL REFERENCES event_consumer (name),
    tx        bigint      NOT NULL,
    seq       bigint      NOT NULL,
    event_id  uuid        NOT NULL,
    error     text        NOT NULL,
    failures  integer     NOT NULL,
    failed_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, tx, seq)
);

-- Makes this month's and next month's partitions of the log. Idempotent; called at start and daily.
CREATE FUNCTION event_log_ensure(day timestamptz) RETURNS void LANGUAGE plpgsql AS $$
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
            EXCEPTION WHEN check_violation THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
END
$$;

-- Drops the months of events that ended before `before`, if every consumer is past them.
CREATE FUNCTION event_log_expire(before timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part    record;
    last_tx bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('event_log_ensure'));
    FOR part IN
        SELECT c.relname AS name,
               to_timestamp(right(c.relname, 6) || '01 00:00:00+00', 'YYYYMMDD HH24:MI:SSTZH') AS month
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{6}$'
        ORDER BY 2
    LOOP
        EXIT WHEN part.month + interval '1 month' > before;
        EXECUTE format('SELECT coalesce(max(tx), 0) FROM %I', part.name) INTO last_tx;
        EXIT WHEN EXISTS (SELECT FROM event_consumer WHERE tx < last_tx);
        EXECUTE format('DROP TABLE %I', part.name);
        EXECUTE format('DROP TABLE IF EXISTS %I', 'event_audience_' || right(part.name, 6));
        UPDATE event_epoch SET expired_tx = greatest(expired_tx, last_tx);
    END LOOP;
END
$$;

-- After a dump was restored into a cluster whose transaction counter starts lower, lifts the offset so that new
-- positions come after the old ones. Called at start; does nothing otherwise.
CREATE FUNCTION event_log_rebase() RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
        UPDATE event_epoch
        SET tx_offset = tx_offset + newest.tx - (tx_offset + pg_snapshot_xmax(pg_current_snapshot())::text::bigint) + 1
        FROM (SELECT coalesce(max(tx), 0) AS tx FROM event) newest
        WHERE newest.tx >= tx_offset + pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    END;
