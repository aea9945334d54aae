-- The incentive ledger: double entry, append-only, per vendor and currency.
--
-- An amount is positive where money stands for somebody and negative where the vendor bears it, so that the accounts of
-- a vendor in a currency sum to zero whatever happened. A mistake is reversed by another entry, never edited.

CREATE TABLE ledger_account (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor_id  uuid NOT NULL REFERENCES organisation (id),
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- expense: what the vendor has granted. accrued, held, approved, payable, in_transit, paid: where a partner's
    -- earnings stand. clawed_back: what was taken back. withheld_tax, fees: kept from payouts.
    -- mdf_budget, mdf_available, mdf_reserved, mdf_reimbursed: where the money of a fund stands.
    kind       text NOT NULL CHECK (kind IN ('expense', 'accrued', 'held', 'approved', 'payable', 'in_transit', 'paid',
        'clawed_back', 'withheld_tax', 'fees', 'mdf_budget', 'mdf_available', 'mdf_reserved', 'mdf_reimbursed')),
    partner_id uuid REFERENCES organisation (id),
    -- The person, where a person is paid.
    user_id    uuid REFERENCES user_account (id),
    -- The fund, for the accounts of MDF money.
    fund_id    uuid
);
-- Each once; the nil UUID stands for none, so that many are found by one look-up each.
CREATE UNIQUE INDEX ledger_account_once ON ledger_account (vendor_id, currency, kind,
    coalesce(partner_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(user_id, '00000000-0000-0000-0000-000000000000'),
    coalesce(fund_id, '00000000-0000-0000-0000-000000000000'));
CREATE INDEX ledger_account_partner ON ledger_account (partner_id, vendor_id) WHERE partner_id IS NOT NULL;
CREATE INDEX ledger_account_user ON ledger_account (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ledger_account_fund ON ledger_account (fund_id) WHERE fund_id IS NOT NULL;

CREATE TABLE ledger_entry (
    id         uuid PRIMARY KEY,
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    at         timestamptz NOT NULL,
    -- Why: accrual, refund, approval, payout.sent, …
    cause      text        NOT NULL,
    -- What it is about: an earning, a payout, an allocation.
    subject_id uuid        NOT NULL,
    -- Unique with the vendor: what has been posted is not posted twice.
    key        text        NOT NULL,
    -- Event, rule version, inputs: what a full answer to "why" needs beyond the subject.
    details    jsonb       NOT NULL DEFAULT '{}',
    tx         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT ledger_entry_once UNIQUE (vendor_id, key)
);
CREATE INDEX ledger_entry_of_vendor ON ledger_entry (vendor_id, id);
CREATE INDEX ledger_entry_subject ON ledger_entry (subject_id);

CREATE TABLE ledger_posting (
    entry_id   uuid           NOT NULL REFERENCES ledger_entry (id),
    no         integer        NOT NULL,
    account_id bigint         NOT NULL REFERENCES ledger_account (id),
    amount     numeric(20, 4) NOT NULL CHECK (amount <> 0),
    -- The earning that is moved, where one is.
    earning_id uuid,
    PRIMARY KEY (entry_id, no)
);
CREATE INDEX ledger_posting_of_account ON ledger_posting (account_id, entry_id);
CREATE INDEX ledger_posting_of_earning ON ledger_posting (earning_id) WHERE earning_id IS NOT NULL;

-- What the postings of an account sum to, kept by a trigger so that no reader adds them up. `guildhall doctor --ledger`
-- holds it against the postings.
CREATE TABLE ledger_balance (
    account_id bigint PRIMARY KEY REFERENCES ledger_account (id),
    balance    numeric NOT NULL
);

-- Whoever posts for a vendor does so alone until its transaction ends: totals, budgets and states are read under it.
CREATE FUNCTION ledger_lock(vendor uuid) RETURNS void LANGUAGE sql AS
    'SELECT pg_advisory_xact_lock(hashtextextended(vendor::text, 7))';

-- At commit each entry has postings; that they balance is seen when they are written.
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_posting WHERE entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_balances',
                  HINT = 'an entry has two postings or more, in accounts of its vendor and currency, that sum to zero';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();

-- An entry gets all of its postings in one statement, balanced and in accounts of its vendor and currency, and none later.
CREATE FUNCTION ledger_posting_joins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT e.id, e.tx <> pg_current_xact_id()
              OR n.postings <> (SELECT count(*) FROM ledger_posting p WHERE p.entry_id = e.id) AS late, n.postings, n.sum
    INTO wrong
    FROM (SELECT p.entry_id, count(*) AS postings, sum(p.amount) AS sum, min(a.vendor_id::text) AS vendor,
                 max(a.vendor_id::text) AS other_vendor, min(a.currency) AS currency, max(a.currency) AS other_currency
          FROM added p JOIN ledger_account a ON a.id = p.account_id GROUP BY p.entry_id) n
    JOIN ledger_entry e ON e.id = n.entry_id
    WHERE e.tx <> pg_current_xact_id() OR n.postings < 2 OR n.sum <> 0
       OR n.vendor <> e.vendor_id::text OR n.other_vendor <> n.vendor
       OR n.currency <> e.currency OR n.other_currency <> n.currency
       OR n.postings <> (SELECT count(*) FROM ledger_posting p WHERE p.entry_id = e.id)
    LIMIT 1;
    IF wrong.late THEN
        RAISE EXCEPTION 'entry % is complete: reverse it by another', wrong.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_posting_joins';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'entry % has % postings that sum to %', wrong.id, wrong.postings, wrong.sum
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_balances',
                  HINT = 'an entry has two postings or more, in accounts of its vendor and currency, that sum to zero';
    END IF;
    INSERT INTO ledger_balance AS b (account_id, balance)
    SELECT account_id, sum(amount) FROM added GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET balance = b.balance + excluded.balance;
    RETURN NULL;
END
$$;
CREATE TRIGGER ledger_posting_joins AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_posting_joins();

CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: no % of %', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'reverse a mistake by another entry';
END
$$;
CREATE TRIGGER ledger_entry_stays BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_posting_stays BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_posting_no_truncate BEFORE TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_account_stays BEFORE UPDATE OR DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
-- Balances move with postings alone.
CREATE TRIGGER ledger_balance_stays BEFORE INSERT OR UPDATE OR DELETE ON ledger_balance
    FOR EACH STATEMENT WHEN (pg_trigger_depth() < 1) EXECUTE FUNCTION ledger_stays();
CREATE TRIGGER ledger_balance_no_truncate BEFORE TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
