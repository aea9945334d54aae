-- A deal's life beyond the approval: won, lost, appealed, released.
ALTER TABLE deal DROP CONSTRAINT deal_status_check;
ALTER TABLE deal ADD CONSTRAINT deal_status_check CHECK (status IN
    ('submitted', 'info_requested', 'approved', 'rejected', 'appealed', 'withdrawn', 'expired', 'released', 'won', 'lost'));

-- The program that the partner stood in when it registered; it stays when the partner moves to another.
ALTER TABLE deal ADD COLUMN program_id uuid;
UPDATE deal SET program_id = vendor_id;
CREATE FUNCTION deal_in_program() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.program_id := coalesce(NEW.program_id, NEW.vendor_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER deal_in_program BEFORE INSERT ON deal FOR EACH ROW EXECUTE FUNCTION deal_in_program();
ALTER TABLE deal ALTER COLUMN program_id SET NOT NULL;
ALTER TABLE deal ADD CONSTRAINT deal_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id);

-- How it ended.
ALTER TABLE deal ADD COLUMN closed_on date;
ALTER TABLE deal ADD COLUMN close_reason text CHECK (close_reason IN
    ('price', 'product', 'competitor', 'timing', 'budget', 'no_decision', 'relationship', 'other'));
ALTER TABLE deal ADD CONSTRAINT deal_closed CHECK ((status IN ('won', 'lost')) = (closed_on IS NOT NULL));

-- The lead that it came from: attribution.
ALTER TABLE deal ADD COLUMN lead_id uuid;
