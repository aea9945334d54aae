-- Leads: what might become a deal. The vendor's until a partner accepts one.
CREATE TABLE lead (
    id               uuid PRIMARY KEY,
    vendor_id        uuid        NOT NULL REFERENCES organisation (id),
    stage            text        NOT NULL CHECK (stage IN ('quarantined', 'new', 'offered', 'accepted', 'contacted',
                                                           'qualified', 'converted', 'returned', 'disqualified')),
    company_name     text        NOT NULL,
    -- As of deals: what tells one company from another.
    company_key      text        NOT NULL,
    company_keys     bigint[]    NOT NULL,
    domain           text,
    country          text        CHECK (country ~ '^[A-Z]{2}$'),
    industry         text,
    employees        integer     CHECK (employees > 0),
    product          text,
    amount           numeric(20, 4) CHECK (amount >= 0),
    currency         text        CHECK (currency ~ '^[A-Z]{3}$'),
    contact_name     text,
    contact_title    text,
    contact_email    text,
    contact_email_key text,
    contact_phone    text,
    message          text,
    source           text        NOT NULL CHECK (source IN ('api', 'web_form', 'campaign', 'marketplace', 'event',
                                                            'referral', 'import')),
    campaign         text,
    reference        text,
    form_id          uuid,
    score            smallint    NOT NULL CHECK (score BETWEEN 0 AND 100),
    score_parts      jsonb       NOT NULL,
    -- Why it looks like spam.
    suspicions       text[]      NOT NULL DEFAULT '{}',
    -- Who has it: the partner that accepted it, or that it is offered to alone.
    partner_id       uuid        REFERENCES organisation (id),
    -- How often it was handed out.
    round            integer     NOT NULL DEFAULT 0,
    touches          integer     NOT NULL DEFAULT 1,
    contact_due_at   timestamptz,
    -- Why it was given back or given up.
    reason           text,
    reason_note      text,
    deal_id          uuid        REFERENCES deal (id),
    -- The live deal that it is another sign of.
    existing_deal_id uuid        REFERENCES deal (id),
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT lead_amount_has_currency CHECK ((amount IS NULL) = (currency IS NULL)),
    CONSTRAINT lead_converted CHECK ((stage = 'converted') = (deal_id IS NOT NULL))
);
CREATE INDEX lead_of_vendor ON lead (vendor_id, id);
CREATE INDEX lead_of_vendor_by_stage ON lead (vendor_id, stage, id);
CREATE INDEX lead_of_vendor_by_partner ON lead (vendor_id, partner_id, id) WHERE partner_id IS NOT NULL;
CREATE INDEX lead_partner ON lead (partner_id) WHERE partner_id IS NOT NULL;
CREATE INDEX lead_deal ON lead (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX lead_existing_deal ON lead (existing_deal_id) WHERE existing_deal_id IS NOT NULL;
CREATE INDEX lead_open_domain ON lead (vendor_id, domain)
    WHERE stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned');
CREATE INDEX lead_open_email ON lead (vendor_id, contact_email_key)
    WHERE stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned');
CREATE INDEX lead_open_name ON lead USING gin (company_keys) WITH (fastupdate = off)
    WHERE stage IN ('new', 'offered', 'accepted', 'contacted', 'qualified', 'returned');

-- One lead converts once.
CREATE UNIQUE INDEX deal_of_lead ON deal (lead_id) WHERE lead_id IS NOT NULL;
ALTER TABLE deal ADD CONSTRAINT deal_lead FOREIGN KEY (lead_id) REFERENCES lead (id);

-- Each sign of interest of one company: the first makes the lead, the others are kept with it.
CREATE TABLE lead_touch (
    lead_id   uuid        NOT NULL REFERENCES lead (id),
    no        integer     NOT NULL,
    at        timestamptz NOT NULL,
    source    text        NOT NULL,
    campaign  text,
    reference text,
    -- As it was sent.
    data      jsonb       NOT NULL,
    PRIMARY KEY (lead_id, no)
);

-- A lead offered to a partner: one row for each time.
CREATE TABLE lead_offer (
    id         uuid PRIMARY KEY,
    lead_id    uuid        NOT NULL REFERENCES lead (id),
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    partner_id uuid        NOT NULL REFERENCES organisation (id),
    round      integer     NOT NULL,
    pool       boolean     NOT NULL,
    state      text        NOT NULL CHECK (state IN ('open', 'accepted', 'done', 'declined', 'expired', 'taken',
                                                     'returned', 'pulled_back')),
    offered_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    answered_at timestamptz,
    answered_by uuid       REFERENCES user_account (id),
    reason     text,
    note       text,
    -- What of the decision concerns this partner, for its eyes.
    why        jsonb       NOT NULL,
    CONSTRAINT lead_offer_once UNIQUE (lead_id, round, partner_id)
);
-- However two partners' answers meet, one has the lead.
CREATE UNIQUE INDEX lead_offer_holder ON lead_offer (lead_id) WHERE state IN ('accepted', 'done');
CREATE UNIQUE INDEX lead_offer_seen ON lead_offer (partner_id, lead_id) WHERE state IN ('open', 'accepted', 'done');
CREATE INDEX lead_offer_load ON lead_offer (vendor_id, partner_id) WHERE state IN ('open', 'accepted');
CREATE INDEX lead_offer_answered_by ON lead_offer (answered_by) WHERE answered_by IS NOT NULL;

-- How each round of handing out was decided.
CREATE TABLE lead_assignment (
    lead_id     uuid        NOT NULL REFERENCES lead (id),
    round       integer     NOT NULL,
    vendor_id   uuid        NOT NULL,
    at          timestamptz NOT NULL,
    cause       text        NOT NULL,
    -- The version of the rules; null when somebody chose the partner.
    rules       bigint,
    outcome     text        NOT NULL CHECK (outcome IN ('offered', 'pooled', 'unassigned')),
    partner_ids uuid[]      NOT NULL,
    explanation jsonb       NOT NULL,
    PRIMARY KEY (lead_id, round)
);

CREATE TABLE lead_note (
    lead_id uuid        NOT NULL REFERENCES lead (id),
    no      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    org_id  uuid        NOT NULL REFERENCES organisation (id),
    user_id uuid        REFERENCES user_account (id),
    kind    text        NOT NULL CHECK (kind IN ('note', 'call', 'email', 'meeting')),
    text    text        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (lead_id, no)
);
CREATE INDEX lead_note_org ON lead_note (org_id);
CREATE INDEX lead_note_user ON lead_note (user_id) WHERE user_id IS NOT NULL;
