-- A program's terms for registrations. A program without a row has the defaults of the code.
CREATE TABLE deal_policy (
    program_id uuid PRIMARY KEY REFERENCES program (id),
    terms      jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    updated_by uuid        REFERENCES user_account (id),
    updated_at timestamptz NOT NULL
);
CREATE INDEX deal_policy_updated_by ON deal_policy (updated_by) WHERE updated_by IS NOT NULL;

ALTER TABLE deal
    -- Until when an approval protects; NULL on deals that were approved before programs had terms.
    ADD COLUMN protected_until     timestamptz,
    -- The last sign of work on an approved deal.
    ADD COLUMN progress_at         timestamptz,
    ADD COLUMN ended_because       text CHECK (ended_because IN ('window', 'idle', 'release')),
    -- When the vendor owes its decision; the clock stands still while it waits for the partner.
    ADD COLUMN decision_due_at     timestamptz,
    ADD COLUMN decision_paused_at  timestamptz,
    ADD COLUMN decision_overdue_at timestamptz,
    -- The rule of the approval policy that decided what happens to it.
    ADD COLUMN routed_by           text;

ALTER TABLE deal DROP CONSTRAINT deal_decision_reason_check;
ALTER TABLE deal ADD CONSTRAINT deal_decision_reason_check CHECK (decision_reason IN
    ('already_registered', 'existing_customer', 'out_of_territory', 'not_qualified', 'insufficient_information',
     'credit_shared', 'co_sell', 'other'));

-- What the partner did for the customer, as it says itself.
CREATE TABLE deal_progress (
    deal_id      uuid        NOT NULL REFERENCES deal (id),
    no           integer     NOT NULL,
    text         text        NOT NULL,
    next_step    text,
    next_step_on date,
    recorded_by  uuid        REFERENCES user_account (id),
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (deal_id, no)
);
CREATE INDEX deal_progress_by ON deal_progress (recorded_by) WHERE recorded_by IS NOT NULL;

CREATE TABLE deal_extension (
    id           uuid PRIMARY KEY,
    deal_id      uuid        NOT NULL REFERENCES deal (id),
    vendor_id    uuid        NOT NULL,
    partner_id   uuid        NOT NULL,
    evidence     text,
    next_step    text,
    next_step_on date,
    days         integer     NOT NULL CHECK (days > 0),
    status       text        NOT NULL CHECK (status IN ('requested', 'approved', 'rejected', 'dropped')),
    requested_by uuid        REFERENCES user_account (id),
    requested_at timestamptz NOT NULL,
    decided_by   uuid        REFERENCES user_account (id),
    decided_at   timestamptz,
    note         text,
    version      bigint      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX deal_extension_pending ON deal_extension (deal_id) WHERE status = 'requested';
CREATE INDEX deal_extension_of_deal ON deal_extension (deal_id, id);
CREATE INDEX deal_extension_requested_by ON deal_extension (requested_by) WHERE requested_by IS NOT NULL;
CREATE INDEX deal_extension_decided_by ON deal_extension (decided_by) WHERE decided_by IS NOT NULL;

-- A customer that asks to be released from the partner who registered it.
CREATE TABLE deal_release (
    id            uuid PRIMARY KEY,
    deal_id       uuid        NOT NULL REFERENCES deal (id),
    vendor_id     uuid        NOT NULL,
    partner_id    uuid        NOT NULL,
    asked_by      text        NOT NULL,
    asked_email   text,
    evidence      text        NOT NULL,
    -- The partner is heard until then.
    hearing_until timestamptz NOT NULL,
    status        text        NOT NULL CHECK (status IN ('requested', 'released', 'kept')),
    recorded_by   uuid        REFERENCES user_account (id),
    recorded_at   timestamptz NOT NULL,
    answer        text,
    answered_by   uuid        REFERENCES user_account (id),
    answered_at   timestamptz,
    decided_by    uuid        REFERENCES user_account (id),
    decided_at    timestamptz,
    note          text,
    version       bigint      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX deal_release_pending ON deal_release (deal_id) WHERE status = 'requested';
CREATE INDEX deal_release_of_deal ON deal_release (deal_id, id);
CREATE INDEX deal_release_recorded_by ON deal_release (recorded_by) WHERE recorded_by IS NOT NULL;
CREATE INDEX deal_release_answered_by ON deal_release (answered_by) WHERE answered_by IS NOT NULL;
CREATE INDEX deal_release_decided_by ON deal_release (decided_by) WHERE decided_by IS NOT NULL;

CREATE TABLE deal_appeal (
    id             uuid PRIMARY KEY,
    deal_id        uuid        NOT NULL REFERENCES deal (id),
    statement      text        NOT NULL,
    appealed_by    uuid        REFERENCES user_account (id),
    appealed_at    timestamptz NOT NULL,
    -- The refusal that is objected to.
    refused_by     uuid        REFERENCES user_account (id),
    refused_reason text,
    outcome        text CHECK (outcome IN ('upheld', 'approved', 'withdrawn')),
    decided_by     uuid        REFERENCES user_account (id),
    decided_at     timestamptz
);
CREATE UNIQUE INDEX deal_appeal_pending ON deal_appeal (deal_id) WHERE outcome IS NULL;
CREATE INDEX deal_appeal_of_deal ON deal_appeal (deal_id, id);
CREATE INDEX deal_appeal_by ON deal_appeal (appealed_by) WHERE appealed_by IS NOT NULL;
CREATE INDEX deal_appeal_refused_by ON deal_appeal (refused_by) WHERE refused_by IS NOT NULL;
CREATE INDEX deal_appeal_decided_by ON deal_appeal (decided_by) WHERE decided_by IS NOT NULL;
