-- The two functions that every write and every look at the log call, in the language that keeps their plans: those in SQL
-- are parsed and planned anew each time, which took more than the look itself.
CREATE OR REPLACE FUNCTION event_tx() RETURNS bigint LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
BEGIN
    RETURN (SELECT tx_offset FROM event_epoch) + pg_current_xact_id()::text::bigint;
END
$$;

-- Positions with a smaller tx are final for the statement that asks.
CREATE OR REPLACE FUNCTION event_horizon() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT tx_offset FROM event_epoch) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
END
$$;
