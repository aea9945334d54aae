-- How a vendor hands its leads out. Every version of the rules is kept; the highest is in force.
CREATE TABLE lead_rule_set (
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    version    bigint      NOT NULL,
    rules      jsonb       NOT NULL,
    created_by uuid        REFERENCES user_account (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (vendor_id, version)
);
CREATE INDEX lead_rule_set_by ON lead_rule_set (created_by) WHERE created_by IS NOT NULL;

-- Whose turn it is under a rule.
CREATE TABLE lead_turn (
    vendor_id  uuid   NOT NULL REFERENCES organisation (id),
    rule_id    uuid   NOT NULL,
    partner_id uuid   NOT NULL REFERENCES organisation (id),
    -- The number of the partner's last turn.
    served     bigint NOT NULL DEFAULT 0,
    -- What the smooth weighted round robin owes it.
    credit     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor_id, rule_id, partner_id)
);
CREATE INDEX lead_turn_partner ON lead_turn (partner_id);

-- Scoring weights and deadlines.
CREATE TABLE lead_settings (
    vendor_id       uuid PRIMARY KEY REFERENCES organisation (id),
    scoring         jsonb       NOT NULL,
    offer_minutes   integer     NOT NULL CHECK (offer_minutes BETWEEN 1 AND 43200),
    contact_minutes integer     NOT NULL CHECK (contact_minutes BETWEEN 1 AND 43200),
    notice_minutes  integer     NOT NULL CHECK (notice_minutes BETWEEN 1 AND 43200),
    notices         integer     NOT NULL CHECK (notices BETWEEN 0 AND 20),
    version         bigint      NOT NULL DEFAULT 1,
    updated_at      timestamptz NOT NULL
);

-- What a partner can do with leads, as the vendor sees it.
CREATE TABLE lead_capability (
    partnership_id uuid PRIMARY KEY REFERENCES partnership (id),
    vendor_id      uuid        NOT NULL,
    partner_id     uuid        NOT NULL,
    countries      text[]      NOT NULL,
    products       text[]      NOT NULL,
    certifications text[]      NOT NULL,
    -- How many leads it can have open; null is no limit.
    capacity       integer     CHECK (capacity >= 0),
    weight         integer     NOT NULL CHECK (weight BETWEEN 0 AND 1000),
    version        bigint      NOT NULL DEFAULT 1,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT lead_capability_of UNIQUE (vendor_id, partner_id)
);
CREATE INDEX lead_capability_partner ON lead_capability (partner_id);

-- Deals won and lost, rolled up from the event log.
CREATE TABLE lead_win_rate (
    vendor_id  uuid   NOT NULL REFERENCES organisation (id),
    partner_id uuid   NOT NULL REFERENCES organisation (id),
    won        bigint NOT NULL DEFAULT 0,
    lost       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor_id, partner_id)
);
CREATE INDEX lead_win_rate_partner ON lead_win_rate (partner_id);
