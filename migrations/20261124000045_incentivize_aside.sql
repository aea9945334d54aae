-- Beside the main path of earnings: funds of market development money, adjustments by two people, disputes, and claims
-- of SPIFFs with proof.

-- A fund of market development money. What stands where is in the ledger; the sums here are kept beside it so that no
-- list adds them up, and hold it to the budget.
CREATE TABLE fund (
    id         uuid PRIMARY KEY,
    vendor_id  uuid           NOT NULL REFERENCES organisation (id),
    name       text           NOT NULL,
    currency   text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- The days of its period, both included.
    starts_on  date           NOT NULL,
    ends_on    date           NOT NULL,
    budget     numeric(20, 4) NOT NULL CHECK (budget >= 0),
    -- What of the budget partners have, and what of that is promised and given back.
    allocated  numeric(20, 4) NOT NULL DEFAULT 0,
    reserved   numeric(20, 4) NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    reimbursed numeric(20, 4) NOT NULL DEFAULT 0 CHECK (reimbursed >= 0),
    -- When what was left returned to the budget.
    expired_at timestamptz,
    version    bigint         NOT NULL DEFAULT 1,
    created_at timestamptz    NOT NULL,
    updated_at timestamptz    NOT NULL,
    CONSTRAINT fund_name UNIQUE (vendor_id, name),
    CONSTRAINT fund_lasts CHECK (ends_on >= starts_on),
    CONSTRAINT fund_within_budget CHECK (reserved + reimbursed <= allocated AND allocated <= budget)
);
CREATE INDEX fund_of_vendor ON fund (vendor_id, id);

-- Money promised to a partner: later given back to it, or released.
CREATE TABLE fund_reservation (
    id         uuid PRIMARY KEY,
    fund_id    uuid           NOT NULL REFERENCES fund (id),
    vendor_id  uuid           NOT NULL REFERENCES organisation (id),
    partner_id uuid           NOT NULL REFERENCES organisation (id),
    purpose    text           NOT NULL,
    amount     numeric(20, 4) NOT NULL CHECK (amount > 0),
    released   numeric(20, 4) NOT NULL DEFAULT 0 CHECK (released >= 0),
    reimbursed numeric(20, 4) NOT NULL DEFAULT 0 CHECK (reimbursed >= 0),
    version    bigint         NOT NULL DEFAULT 1,
    created_at timestamptz    NOT NULL,
    updated_at timestamptz    NOT NULL,
    CONSTRAINT fund_reservation_within CHECK (released + reimbursed <= amount)
);
CREATE INDEX fund_reservation_of_fund ON fund_reservation (fund_id, id);
CREATE INDEX fund_reservation_of_partner ON fund_reservation (partner_id, fund_id, id);
CREATE INDEX fund_reservation_vendor ON fund_reservation (vendor_id);

-- A line that one person proposes and another approves.
CREATE TABLE adjustment (
    id          uuid PRIMARY KEY,
    vendor_id   uuid           NOT NULL REFERENCES organisation (id),
    partner_id  uuid           NOT NULL REFERENCES organisation (id),
    -- The person, where a person is paid.
    user_id     uuid           REFERENCES user_account (id),
    currency    text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount      numeric(20, 4) NOT NULL CHECK (amount <> 0),
    reason      text           NOT NULL,
    -- The line that it corrects.
    earning_id  uuid           REFERENCES earning (id),
    status      text           NOT NULL DEFAULT 'proposed'
        CHECK (status IN ('proposed', 'approved', 'declined', 'withdrawn')),
    proposed_by uuid           NOT NULL REFERENCES user_account (id),
    decided_by  uuid           REFERENCES user_account (id),
    decided_at  timestamptz,
    note        text,
    -- The line that was posted.
    posted_id   uuid           UNIQUE REFERENCES earning (id),
    version     bigint         NOT NULL DEFAULT 1,
    created_at  timestamptz    NOT NULL,
    updated_at  timestamptz    NOT NULL,
    CONSTRAINT adjustment_decided CHECK ((status = 'proposed') = (decided_by IS NULL)
        AND (status = 'proposed') = (decided_at IS NULL)),
    CONSTRAINT adjustment_posted CHECK ((status = 'approved') = (posted_id IS NOT NULL)),
    -- Withdrawing is for the one who proposed it, deciding for another.
    CONSTRAINT adjustment_by_two CHECK (decided_by IS NULL OR (decided_by = proposed_by) = (status = 'withdrawn'))
);
CREATE INDEX adjustment_of_vendor ON adjustment (vendor_id, id);
CREATE INDEX adjustment_of_vendor_by_status ON adjustment (vendor_id, status, id);
CREATE INDEX adjustment_of_partner ON adjustment (vendor_id, partner_id, id);
CREATE INDEX adjustment_partner ON adjustment (partner_id);
CREATE INDEX adjustment_user ON adjustment (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX adjustment_earning ON adjustment (earning_id) WHERE earning_id IS NOT NULL;
CREATE INDEX adjustment_proposed_by ON adjustment (proposed_by);
CREATE INDEX adjustment_decided_by ON adjustment (decided_by) WHERE decided_by IS NOT NULL;

-- A partner's objection to a line.
CREATE TABLE dispute (
    id            uuid PRIMARY KEY,
    vendor_id     uuid           NOT NULL REFERENCES organisation (id),
    partner_id    uuid           NOT NULL REFERENCES organisation (id),
    -- The person whose line it is.
    user_id       uuid           REFERENCES user_account (id),
    earning_id    uuid           NOT NULL REFERENCES earning (id),
    reason        text           NOT NULL,
    -- What the line should have been.
    expected      numeric(20, 4),
    status        text           NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'upheld', 'rejected', 'withdrawn')),
    opened_by     uuid           REFERENCES user_account (id),
    decided_by    uuid           REFERENCES user_account (id),
    decided_at    timestamptz,
    note          text,
    -- What upholding it proposed.
    adjustment_id uuid           UNIQUE REFERENCES adjustment (id),
    -- How many messages the thread has.
    messages      integer        NOT NULL DEFAULT 0,
    version       bigint         NOT NULL DEFAULT 1,
    created_at    timestamptz    NOT NULL,
    updated_at    timestamptz    NOT NULL,
    CONSTRAINT dispute_decided CHECK ((status = 'open') = (decided_at IS NULL)),
    CONSTRAINT dispute_upheld CHECK ((status = 'upheld') = (adjustment_id IS NOT NULL))
);
-- A line has one open dispute.
CREATE UNIQUE INDEX dispute_open ON dispute (earning_id) WHERE status = 'open';
CREATE INDEX dispute_of_earning ON dispute (earning_id);
CREATE INDEX dispute_of_vendor ON dispute (vendor_id, id);
CREATE INDEX dispute_of_vendor_by_status ON dispute (vendor_id, status, id);
CREATE INDEX dispute_of_partner ON dispute (partner_id, id);
CREATE INDEX dispute_user ON dispute (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX dispute_opened_by ON dispute (opened_by) WHERE opened_by IS NOT NULL;
CREATE INDEX dispute_decided_by ON dispute (decided_by) WHERE decided_by IS NOT NULL;

CREATE TABLE dispute_message (
    dispute_id uuid        NOT NULL REFERENCES dispute (id),
    no         integer     NOT NULL,
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    user_id    uuid        REFERENCES user_account (id),
    text       text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (dispute_id, no)
);
CREATE INDEX dispute_message_org ON dispute_message (org_id);
CREATE INDEX dispute_message_user ON dispute_message (user_id) WHERE user_id IS NOT NULL;

-- A claim under a plan that asks for proof.
CREATE TABLE spiff_claim (
    id          uuid PRIMARY KEY,
    vendor_id   uuid        NOT NULL REFERENCES organisation (id),
    partner_id  uuid        NOT NULL REFERENCES organisation (id),
    -- Who claims.
    user_id     uuid        NOT NULL REFERENCES user_account (id),
    plan_id     uuid        NOT NULL REFERENCES incentive_plan (id),
    -- What was done, as the plan calls it, and when.
    activity    text        NOT NULL,
    done_on     date        NOT NULL,
    -- The customer's country.
    country     text        CHECK (country ~ '^[A-Z]{2}$'),
    serial      text,
    reference   text,
    note        text,
    -- Serial number or reference as claims are compared by it.
    claimed     text        NOT NULL GENERATED ALWAYS AS
        (CASE WHEN serial IS NOT NULL THEN 'serial ' || upper(serial) ELSE 'reference ' || upper(reference) END) STORED,
    -- [{"id": …, "name": …}]: the files of the proof.
    files       jsonb       NOT NULL,
    status      text        NOT NULL DEFAULT 'submitted'
        CHECK (status IN ('submitted', 'verified', 'rejected', 'withdrawn')),
    because     text        CHECK (because IN ('duplicate', 'not_eligible', 'proof_insufficient', 'out_of_time', 'other')),
    answer      text,
    decided_by  uuid        REFERENCES user_account (id),
    decided_at  timestamptz,
    -- The activity that verifying it recorded.
    sale_id     uuid        UNIQUE REFERENCES sale (id),
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT spiff_claim_names CHECK (serial IS NOT NULL OR reference IS NOT NULL),
    CONSTRAINT spiff_claim_decided CHECK ((status = 'submitted') = (decided_at IS NULL)),
    CONSTRAINT spiff_claim_rejected CHECK ((status = 'rejected') = (because IS NOT NULL)),
    CONSTRAINT spiff_claim_verified CHECK ((status = 'verified') = (sale_id IS NOT NULL))
);
-- A serial number, or the sale itself, is claimed once under a plan.
CREATE UNIQUE INDEX spiff_claim_once ON spiff_claim (plan_id, claimed) WHERE status IN ('submitted', 'verified');
CREATE INDEX spiff_claim_of_plan ON spiff_claim (plan_id, id);
CREATE INDEX spiff_claim_of_vendor ON spiff_claim (vendor_id, id);
CREATE INDEX spiff_claim_of_vendor_by_status ON spiff_claim (vendor_id, status, id);
CREATE INDEX spiff_claim_of_partner ON spiff_claim (partner_id, id);
CREATE INDEX spiff_claim_of_user ON spiff_claim (user_id, id);
CREATE INDEX spiff_claim_decided_by ON spiff_claim (decided_by) WHERE decided_by IS NOT NULL;
