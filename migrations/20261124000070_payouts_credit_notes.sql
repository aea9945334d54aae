-- Credit notes: what takes the self-billing invoice of a payout back that failed or came back after the invoice was drawn.

ALTER TABLE payout
    ADD COLUMN credit_note_no text,
    -- The day of issue is that of this.
    ADD COLUMN credited_at timestamptz,
    ADD CONSTRAINT payout_credited CHECK (num_nonnulls(credit_note_no, credited_at) IN (0, 2)
        AND (credit_note_no IS NULL OR (self_billing_no IS NOT NULL AND status IN ('failed', 'returned'))));

-- The numbers of credit notes: without gaps within a year.
CREATE TABLE credit_note_no (
    vendor_id uuid    NOT NULL REFERENCES organisation (id),
    year      integer NOT NULL,
    last      bigint  NOT NULL,
    PRIMARY KEY (vendor_id, year)
);

-- The credit note of a payout, as it was first drawn.
CREATE TABLE payout_credit_note (
    payout_id  uuid PRIMARY KEY REFERENCES payout (id),
    bytes      bytea       NOT NULL,
    sha256     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TRIGGER payout_credit_note_stays BEFORE UPDATE OR DELETE ON payout_credit_note
    FOR EACH ROW EXECUTE FUNCTION payout_invoice_stays();

-- What was proposed is what is paid: everything of a payout that its approval seals, and numbers once they are given.
CREATE OR REPLACE FUNCTION payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.id, OLD.batch_id, OLD.vendor_id, OLD.partner_id, OLD.user_id, OLD.destination_id, OLD.masked,
            OLD.currency, OLD.gross, OLD.withheld, OLD.fees, OLD.net, OLD.lines, OLD.withholding_percent, OLD.self_billing,
            OLD.vat_percent, OLD.country, OLD.profile_id, OLD.method, OLD.end_to_end_id)
        IS DISTINCT FROM (NEW.id, NEW.batch_id, NEW.vendor_id, NEW.partner_id, NEW.user_id, NEW.destination_id, NEW.masked,
            NEW.currency, NEW.gross, NEW.withheld, NEW.fees, NEW.net, NEW.lines, NEW.withholding_percent, NEW.self_billing,
            NEW.vat_percent, NEW.country, NEW.profile_id, NEW.method, NEW.end_to_end_id)
        OR (OLD.self_billing_no IS NOT NULL AND OLD.self_billing_no IS DISTINCT FROM NEW.self_billing_no)
        OR (OLD.credit_note_no IS NOT NULL
            AND (OLD.credit_note_no, OLD.credited_at) IS DISTINCT FROM (NEW.credit_note_no, NEW.credited_at)) THEN
        RAISE EXCEPTION 'a payout is paid as it was proposed: cancel it and propose another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
