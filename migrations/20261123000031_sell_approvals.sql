-- The approver chain of one deal: made from the rule when the deal is submitted, gone when it is routed anew.
CREATE TABLE approval_step (
    id             uuid PRIMARY KEY,
    deal_id        uuid        NOT NULL REFERENCES deal (id),
    no             smallint    NOT NULL,
    name           text        NOT NULL,
    needs          text        NOT NULL CHECK (needs IN ('all', 'any')),
    status         text        NOT NULL CHECK (status IN ('waiting', 'open', 'approved', 'rejected')),
    opened_at      timestamptz,
    escalate_hours integer,
    escalated_at   timestamptz,
    CONSTRAINT approval_step_no UNIQUE (deal_id, no)
);

-- Who is to approve in a step, a user or whoever has a role, with the vote.
CREATE TABLE approval_approver (
    step_id    uuid     NOT NULL REFERENCES approval_step (id) ON DELETE CASCADE,
    no         smallint NOT NULL,
    user_id    uuid     REFERENCES user_account (id),
    role       text,
    -- Counts once the step has been escalated; then this one vote is enough.
    escalation boolean  NOT NULL,
    voted_by   uuid     REFERENCES user_account (id),
    -- Whose approvals the voter had on loan.
    voted_for  uuid     REFERENCES user_account (id),
    approved   boolean,
    voted_at   timestamptz,
    note       text,
    PRIMARY KEY (step_id, no),
    CONSTRAINT approver_is_one CHECK ((user_id IS NULL) <> (role IS NULL)),
    CONSTRAINT approver_vote CHECK ((voted_by IS NULL) = (approved IS NULL))
);
CREATE INDEX approval_approver_user ON approval_approver (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX approval_approver_voted_by ON approval_approver (voted_by) WHERE voted_by IS NOT NULL;
CREATE INDEX approval_approver_voted_for ON approval_approver (voted_for) WHERE voted_for IS NOT NULL;

-- Somebody's approvals, lent to another for a time.
CREATE TABLE approval_delegation (
    id         uuid PRIMARY KEY,
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    from_user  uuid        NOT NULL REFERENCES user_account (id),
    to_user    uuid        NOT NULL REFERENCES user_account (id),
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    created_by uuid        REFERENCES user_account (id),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT delegation_to_another CHECK (from_user <> to_user),
    CONSTRAINT delegation_lasts CHECK (ends_at > starts_at)
);
CREATE INDEX approval_delegation_of_vendor ON approval_delegation (vendor_id, id);
CREATE INDEX approval_delegation_to ON approval_delegation (vendor_id, to_user) WHERE revoked_at IS NULL;
CREATE INDEX approval_delegation_from ON approval_delegation (from_user);
CREATE INDEX approval_delegation_to_user ON approval_delegation (to_user);
CREATE INDEX approval_delegation_created_by ON approval_delegation (created_by) WHERE created_by IS NOT NULL;
