-- Most statements change no deal that counts in the pipeline: those end before the sums are made.
CREATE OR REPLACE FUNCTION pipeline_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := TG_ARGV[0];
BEGIN
    IF NOT EXISTS (SELECT FROM changed WHERE period_on IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    INSERT INTO pipeline_delta (vendor_id, program_id, partner_id, country, status, stage_id, category, currency, reason,
                                since, due, deals, amount, following, fixed, days)
    SELECT vendor_id, program_id, partner_id, customer_country, status,
           coalesce(stage_id, '00000000-0000-0000-0000-000000000000'), coalesce(stage_category, ''), currency,
           coalesce(close_reason, ''), coalesce((stage_since AT TIME ZONE 'UTC')::date, period_on), period_on,
           sign * count(*), sign * sum(amount), sign * coalesce(sum(amount) FILTER (WHERE stage_probability IS NULL), 0),
           sign * coalesce(sum(amount * stage_probability), 0),
           sign * coalesce(sum(greatest(closed_on - (created_at AT TIME ZONE 'UTC')::date, 0)), 0)
    FROM changed WHERE period_on IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;
    RETURN NULL;
END
$$;
