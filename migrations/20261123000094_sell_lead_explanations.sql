-- Explanations are kilobytes of JSON that repeat themselves: lz4 packs them in a fraction of the time. A server that was
-- built without it goes on with pglz.
DO $$
BEGIN
    ALTER TABLE lead_assignment ALTER COLUMN explanation SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
