-- What a sale contributes under a version of a plan, for one payee: the state that differences are taken from. The nil
-- user is the company.
CREATE TABLE accrual (
    version_id uuid           NOT NULL REFERENCES incentive_plan_version (id),
    sale_id    uuid           NOT NULL REFERENCES sale (id),
    partner_id uuid           NOT NULL REFERENCES organisation (id),
    user_id    uuid           NOT NULL,
    -- What it adds to the totals of the payee's period.
    direct     numeric        NOT NULL,
    basis      numeric        NOT NULL,
    units      numeric        NOT NULL,
    sales      numeric        NOT NULL,
    -- The sum of the earnings that it has brought.
    earned     numeric(20, 4) NOT NULL,
    -- The first of them.
    earning_id uuid,
    PRIMARY KEY (sale_id, version_id, partner_id, user_id)
);
CREATE INDEX accrual_of_version ON accrual (version_id, sale_id);
CREATE INDEX accrual_partner ON accrual (partner_id);

-- The totals of a payee in a period of a version whose earnings depend on them.
CREATE TABLE plan_progress (
    version_id uuid           NOT NULL REFERENCES incentive_plan_version (id),
    starts_on  date           NOT NULL,
    partner_id uuid           NOT NULL REFERENCES organisation (id),
    user_id    uuid           NOT NULL,
    vendor_id  uuid           NOT NULL REFERENCES organisation (id),
    ends_on    date           NOT NULL,
    currency   text           NOT NULL,
    direct     numeric        NOT NULL DEFAULT 0,
    basis      numeric        NOT NULL DEFAULT 0,
    units      numeric        NOT NULL DEFAULT 0,
    sales      numeric        NOT NULL DEFAULT 0,
    baseline   numeric,
    -- The sum of the earnings that it has brought, and those of its end: true-ups and prizes.
    earned     numeric(20, 4) NOT NULL DEFAULT 0,
    settled    numeric(20, 4) NOT NULL DEFAULT 0,
    -- The first of each.
    earning_id uuid,
    settled_earning_id uuid,
    closed_at  timestamptz,
    PRIMARY KEY (version_id, starts_on, partner_id, user_id)
);
CREATE INDEX plan_progress_of_partner ON plan_progress (partner_id, vendor_id, starts_on);
CREATE INDEX plan_progress_vendor ON plan_progress (vendor_id);
-- Leaderboards go by a measure.
CREATE INDEX plan_progress_by_basis ON plan_progress (version_id, starts_on, basis DESC, partner_id, user_id);
CREATE INDEX plan_progress_by_units ON plan_progress (version_id, starts_on, units DESC, partner_id, user_id);
CREATE INDEX plan_progress_by_sales ON plan_progress (version_id, starts_on, sales DESC, partner_id, user_id);

-- What of a plan's budget and of its first N sales is used up, under all of its versions.
CREATE TABLE plan_use (
    plan_id uuid PRIMARY KEY REFERENCES incentive_plan (id),
    spent   numeric(20, 4) NOT NULL DEFAULT 0,
    sales   integer        NOT NULL DEFAULT 0
);

-- Sales that couldn't be valued under a version, with the reason; gone once they could.
CREATE TABLE accrual_fault (
    sale_id    uuid        NOT NULL REFERENCES sale (id),
    version_id uuid        NOT NULL REFERENCES incentive_plan_version (id),
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    code       text        NOT NULL,
    detail     text        NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (sale_id, version_id)
);
CREATE INDEX accrual_fault_of_vendor ON accrual_fault (vendor_id, sale_id, version_id);
CREATE INDEX accrual_fault_version ON accrual_fault (version_id);

-- A line of what a partner or a person has earned: never rewritten, only moved along its life. What corrects a line is
-- a line of its own, with the first one as its root, and goes where the root goes.
CREATE TABLE earning (
    id           uuid PRIMARY KEY,
    vendor_id    uuid           NOT NULL REFERENCES organisation (id),
    partner_id   uuid           NOT NULL REFERENCES organisation (id),
    -- The person, where a person is paid.
    user_id      uuid           REFERENCES user_account (id),
    kind         text           NOT NULL CHECK (kind IN ('commission', 'rebate', 'spiff', 'bonus', 'mdf', 'adjustment')),
    cause        text           NOT NULL CHECK (cause IN ('sale', 'reversal', 'correction', 'recalculation', 'true_up',
        'prize', 'claim', 'adjustment', 'reimbursement')),
    root_id      uuid           NOT NULL REFERENCES earning (id),
    version_id   uuid           REFERENCES incentive_plan_version (id),
    sale_id      uuid           REFERENCES sale (id),
    -- What it was made by: the event of the log, the adjustment, the claim, the reimbursement.
    source_id    uuid,
    currency     text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount       numeric(20, 4) NOT NULL CHECK (amount <> 0),
    status       text           NOT NULL CHECK (status IN ('accrued', 'held', 'approved', 'payable', 'in_payout', 'paid')),
    -- What it was before it was held.
    held_from    text           CHECK (held_from IN ('accrued', 'approved', 'payable')),
    held_because text,
    earned_on    date           NOT NULL,
    -- Not payable before.
    rests_until  date           NOT NULL,
    payout_id    uuid,
    explanation  jsonb          NOT NULL,
    approved_by  uuid           REFERENCES user_account (id),
    approved_at  timestamptz,
    version      bigint         NOT NULL DEFAULT 1,
    created_at   timestamptz    NOT NULL,
    updated_at   timestamptz    NOT NULL,
    CONSTRAINT earning_held CHECK ((status = 'held') = (held_from IS NOT NULL)),
    CONSTRAINT earning_in_payout CHECK ((status IN ('in_payout', 'paid')) = (payout_id IS NOT NULL))
);
CREATE INDEX earning_of_vendor ON earning (vendor_id, id);
CREATE INDEX earning_of_vendor_by_kind ON earning (vendor_id, kind, status, id);
CREATE INDEX earning_of_vendor_by_partner ON earning (vendor_id, partner_id, id);
CREATE INDEX earning_of_partner ON earning (partner_id, id);
CREATE INDEX earning_of_user ON earning (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX earning_of_root ON earning (root_id, id);
CREATE INDEX earning_of_sale ON earning (sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX earning_of_payout ON earning (payout_id) WHERE payout_id IS NOT NULL;
CREATE INDEX earning_of_version ON earning (version_id, status, id) WHERE version_id IS NOT NULL;
CREATE INDEX earning_approved_by ON earning (approved_by) WHERE approved_by IS NOT NULL;
-- What a payout run looks for.
CREATE INDEX earning_payable ON earning (vendor_id, currency, partner_id, id) WHERE status = 'payable';
CREATE INDEX earning_resting ON earning (vendor_id, rests_until) WHERE status = 'approved';

-- The amount and the reason of a line stay.
CREATE FUNCTION earning_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.vendor_id, OLD.partner_id, OLD.user_id, OLD.kind, OLD.cause, OLD.root_id, OLD.version_id,
            OLD.sale_id, OLD.source_id, OLD.currency, OLD.amount, OLD.earned_on, OLD.explanation)
        IS DISTINCT FROM (NEW.vendor_id, NEW.partner_id, NEW.user_id, NEW.kind, NEW.cause, NEW.root_id, NEW.version_id,
            NEW.sale_id, NEW.source_id, NEW.currency, NEW.amount, NEW.earned_on, NEW.explanation) THEN
        RAISE EXCEPTION 'an earning is corrected by another, never rewritten'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER earning_stays BEFORE UPDATE OR DELETE ON earning FOR EACH ROW EXECUTE FUNCTION earning_stays();
CREATE TRIGGER earning_no_truncate BEFORE TRUNCATE ON earning FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays();
