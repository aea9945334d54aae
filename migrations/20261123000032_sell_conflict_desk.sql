-- The vendor's own customers and open opportunities, as its CRM has them.
CREATE TABLE direct_account (
    id           uuid PRIMARY KEY,
    vendor_id    uuid           NOT NULL REFERENCES organisation (id),
    external_ref text           NOT NULL,
    kind         text           NOT NULL CHECK (kind IN ('account', 'opportunity')),
    name         text           NOT NULL,
    name_key     text           NOT NULL,
    -- As `deal.customer_keys`; empty once it is closed.
    name_keys    bigint[]       NOT NULL,
    domain       text,
    country      text           NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    stage        text           NOT NULL CHECK (stage IN ('open', 'closed')),
    owner_name   text,
    amount       numeric(20, 4),
    currency     text CHECK (currency ~ '^[A-Z]{3}$'),
    version      bigint         NOT NULL DEFAULT 1,
    created_at   timestamptz    NOT NULL,
    updated_at   timestamptz    NOT NULL,
    CONSTRAINT direct_account_ref UNIQUE (vendor_id, external_ref),
    CONSTRAINT direct_account_amount CHECK ((amount IS NULL) = (currency IS NULL))
);
CREATE INDEX direct_account_of_vendor ON direct_account (vendor_id, id);
CREATE INDEX direct_account_open_domain ON direct_account (vendor_id, domain) WHERE stage = 'open';
CREATE INDEX direct_account_open_name ON direct_account USING gin (name_keys) WITH (fastupdate = off)
    WHERE stage = 'open';

CREATE TABLE deal_direct_conflict (
    deal_id    uuid        NOT NULL REFERENCES deal (id),
    account_id uuid        NOT NULL REFERENCES direct_account (id),
    score      smallint    NOT NULL CHECK (score BETWEEN 0 AND 100),
    level      text        NOT NULL CHECK (level IN ('none', 'possible', 'likely', 'certain')),
    reasons    jsonb       NOT NULL,
    found_at   timestamptz NOT NULL,
    PRIMARY KEY (deal_id, account_id)
);
CREATE INDEX deal_direct_conflict_account ON deal_direct_conflict (account_id);

-- Registrations and direct accounts that collide, for one person to settle.
CREATE TABLE conflict_case (
    id             uuid PRIMARY KEY,
    vendor_id      uuid        NOT NULL REFERENCES organisation (id),
    status         text        NOT NULL CHECK (status IN ('open', 'decided')),
    decision       text CHECK (decision IN ('first_wins', 'split_credit', 'co_sell', 'reject')),
    winner_deal_id uuid        REFERENCES deal (id),
    note           text,
    opened_by      uuid        REFERENCES user_account (id),
    decided_by     uuid        REFERENCES user_account (id),
    decided_at     timestamptz,
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT conflict_case_decided CHECK ((status = 'decided') = (decision IS NOT NULL))
);
CREATE INDEX conflict_case_of_vendor ON conflict_case (vendor_id, id);
CREATE INDEX conflict_case_by_status ON conflict_case (vendor_id, status, id);
CREATE INDEX conflict_case_winner ON conflict_case (winner_deal_id) WHERE winner_deal_id IS NOT NULL;
CREATE INDEX conflict_case_opened_by ON conflict_case (opened_by) WHERE opened_by IS NOT NULL;
CREATE INDEX conflict_case_decided_by ON conflict_case (decided_by) WHERE decided_by IS NOT NULL;

CREATE TABLE conflict_party (
    case_id    uuid        NOT NULL REFERENCES conflict_case (id),
    no         smallint    NOT NULL,
    deal_id    uuid        REFERENCES deal (id),
    account_id uuid        REFERENCES direct_account (id),
    -- Whose side: the partner of the deal, or none for the vendor's own sales team.
    partner_id uuid        REFERENCES organisation (id),
    joined_at  timestamptz NOT NULL,
    outcome    text CHECK (outcome IN ('protected', 'in_approval', 'rejected', 'credit_shared', 'co_sell', 'kept')),
    -- Of the credit, in percent.
    share      numeric(5, 2) CHECK (share >= 0 AND share <= 100),
    PRIMARY KEY (case_id, no),
    CONSTRAINT conflict_party_is_one CHECK ((deal_id IS NULL) <> (account_id IS NULL)),
    CONSTRAINT conflict_party_partner CHECK ((deal_id IS NULL) = (partner_id IS NULL)),
    CONSTRAINT conflict_party_deal UNIQUE (case_id, deal_id),
    CONSTRAINT conflict_party_account UNIQUE (case_id, account_id)
);
CREATE INDEX conflict_party_of_deal ON conflict_party (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX conflict_party_of_account ON conflict_party (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX conflict_party_of_partner ON conflict_party (partner_id, case_id) WHERE partner_id IS NOT NULL;

-- What a side puts forward. A partner's is for the vendor and itself, the vendor's own for the vendor.
CREATE TABLE conflict_evidence (
    case_id  uuid        NOT NULL REFERENCES conflict_case (id),
    no       integer     NOT NULL,
    org_id   uuid        NOT NULL REFERENCES organisation (id),
    text     text        NOT NULL,
    given_by uuid        REFERENCES user_account (id),
    given_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, no)
);
CREATE INDEX conflict_evidence_org ON conflict_evidence (org_id);
CREATE INDEX conflict_evidence_by ON conflict_evidence (given_by) WHERE given_by IS NOT NULL;

ALTER TABLE deal
    -- What of the vendor's own pipeline it is.
    ADD COLUMN direct_account_id uuid REFERENCES direct_account (id),
    -- Registrations that the conflict desk found to be one opportunity share the id of its first case.
    ADD COLUMN opportunity_id    uuid REFERENCES conflict_case (id);
-- However it is known that registrations are of one opportunity, one of them protects it.
CREATE UNIQUE INDEX deal_account_protected ON deal (direct_account_id)
    WHERE status = 'approved' AND direct_account_id IS NOT NULL;
CREATE UNIQUE INDEX deal_opportunity_protected ON deal (opportunity_id)
    WHERE status = 'approved' AND opportunity_id IS NOT NULL;
CREATE INDEX deal_of_account ON deal (direct_account_id) WHERE direct_account_id IS NOT NULL;
CREATE INDEX deal_of_opportunity ON deal (opportunity_id) WHERE opportunity_id IS NOT NULL;
