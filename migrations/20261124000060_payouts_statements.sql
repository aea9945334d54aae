-- Statements: what the ledger says of a payee's month. The lines stand in the ledger; here is which months there are, and
-- what each moved, so that a balance is a sum of months and not of every posting there ever was.

CREATE TABLE statement_period (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor_id  uuid           NOT NULL REFERENCES organisation (id),
    partner_id uuid           NOT NULL REFERENCES organisation (id),
    -- The person, where a person is paid.
    user_id    uuid           REFERENCES user_account (id),
    currency   text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Its first day, in UTC.
    month      date           NOT NULL CHECK (extract(day FROM month) = 1),
    -- What the postings of the month in the payee's account of each kind sum to.
    accrued    numeric NOT NULL,
    held       numeric NOT NULL,
    approved   numeric NOT NULL,
    payable    numeric NOT NULL,
    in_transit numeric NOT NULL,
    -- What the parties were called when the statement was first read after its month: a later name does not change it.
    vendor_name  text,
    partner_name text,
    CONSTRAINT statement_period_once UNIQUE NULLS NOT DISTINCT (vendor_id, partner_id, user_id, currency, month),
    CONSTRAINT statement_period_named CHECK (num_nonnulls(vendor_name, partner_name) IN (0, 2))
);
CREATE INDEX statement_period_of_vendor ON statement_period (vendor_id, month, id);
CREATE INDEX statement_period_of_partner ON statement_period (partner_id, month, id);
CREATE INDEX statement_period_of_user ON statement_period (user_id, month, id) WHERE user_id IS NOT NULL;

INSERT INTO statement_period (vendor_id, partner_id, user_id, currency, month, accrued, held, approved, payable, in_transit)
SELECT a.vendor_id, a.partner_id, a.user_id, a.currency, date_trunc('month', e.at AT TIME ZONE 'UTC')::date,
       coalesce(sum(p.amount) FILTER (WHERE a.kind = 'accrued'), 0),
       coalesce(sum(p.amount) FILTER (WHERE a.kind = 'held'), 0),
       coalesce(sum(p.amount) FILTER (WHERE a.kind = 'approved'), 0),
       coalesce(sum(p.amount) FILTER (WHERE a.kind = 'payable'), 0),
       coalesce(sum(p.amount) FILTER (WHERE a.kind = 'in_transit'), 0)
FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id
WHERE a.partner_id IS NOT NULL AND a.kind IN ('accrued', 'held', 'approved', 'payable', 'in_transit')
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

CREATE FUNCTION statement_period_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO statement_period AS s
        (vendor_id, partner_id, user_id, currency, month, accrued, held, approved, payable, in_transit)
    SELECT a.vendor_id, a.partner_id, a.user_id, a.currency, date_trunc('month', e.at AT TIME ZONE 'UTC')::date,
           coalesce(sum(p.amount) FILTER (WHERE a.kind = 'accrued'), 0),
           coalesce(sum(p.amount) FILTER (WHERE a.kind = 'held'), 0),
           coalesce(sum(p.amount) FILTER (WHERE a.kind = 'approved'), 0),
           coalesce(sum(p.amount) FILTER (WHERE a.kind = 'payable'), 0),
           coalesce(sum(p.amount) FILTER (WHERE a.kind = 'in_transit'), 0)
    FROM added p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id
    WHERE a.partner_id IS NOT NULL AND a.kind IN ('accrued', 'held', 'approved', 'payable', 'in_transit')
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT ON CONSTRAINT statement_period_once DO UPDATE
    SET accrued = s.accrued + excluded.accrued, held = s.held + excluded.held, approved = s.approved + excluded.approved,
        payable = s.payable + excluded.payable, in_transit = s.in_transit + excluded.in_transit;
    RETURN NULL;
END
$$;
CREATE TRIGGER statement_period_moves AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION statement_period_moves();

-- The invoice that a vendor has written for a payout, as it was first drawn.
CREATE TABLE payout_invoice (
    payout_id  uuid PRIMARY KEY REFERENCES payout (id),
    bytes      bytea       NOT NULL,
    sha256     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE FUNCTION payout_invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an invoice stays as it was drawn'
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER payout_invoice_stays BEFORE UPDATE OR DELETE ON payout_invoice
    FOR EACH ROW EXECUTE FUNCTION payout_invoice_stays();
