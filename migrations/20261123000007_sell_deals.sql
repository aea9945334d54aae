CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE deal (
    id               uuid PRIMARY KEY,
    vendor_id        uuid           NOT NULL REFERENCES organisation (id),
    partner_id       uuid           NOT NULL REFERENCES organisation (id),
    submitted_by     uuid           REFERENCES user_account (id),
    status           text           NOT NULL
        CHECK (status IN ('submitted', 'info_requested', 'approved', 'rejected', 'withdrawn', 'expired')),
    customer_name    text           NOT NULL,
    -- The name without legal form, accents and punctuation: equality and trigrams go by it.
    customer_key     text           NOT NULL,
    -- What a similar name has in common with this one (`NameKeys` of guildhall-sell); empty once the deal is not live.
    customer_keys    bigint[]       NOT NULL,
    -- The registrable domain (public suffix list), lower case, IDNA.
    customer_domain  text,
    customer_country text           NOT NULL CHECK (customer_country ~ '^[A-Z]{2}$'),
    currency         text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount           numeric(20, 4) NOT NULL,
    expected_close   date           NOT NULL,
    note             text,
    -- The last word on it: the question, the approval, the refusal or the withdrawal.
    decided_by       uuid           REFERENCES user_account (id),
    decided_at       timestamptz,
    decision_note    text,
    decision_reason  text
        CHECK (decision_reason IN ('already_registered', 'existing_customer', 'out_of_territory', 'not_qualified',
                                   'insufficient_information', 'other')),
    -- What the partner may know of conflicts: their level when its own registration was last looked at.
    conflict_level   text           NOT NULL DEFAULT 'none'
        CHECK (conflict_level IN ('none', 'possible', 'likely', 'certain')),
    version          bigint         NOT NULL DEFAULT 1,
    created_at       timestamptz    NOT NULL,
    updated_at       timestamptz    NOT NULL,
    -- Two partners can't both hold an approved registration for one customer of one vendor.
    CONSTRAINT deal_customer_protected EXCLUDE USING gist
        (vendor_id WITH =, customer_domain WITH =, partner_id WITH <>) WHERE (status = 'approved')
);
-- Lists go by id, which rises with time; each filter that can be rare has its own range.
CREATE INDEX deal_of_vendor ON deal (vendor_id, id);
CREATE INDEX deal_of_vendor_by_status ON deal (vendor_id, status, id);
CREATE INDEX deal_of_vendor_by_country ON deal (vendor_id, customer_country, id);
CREATE INDEX deal_of_partnership ON deal (vendor_id, partner_id, id);
CREATE INDEX deal_of_partner ON deal (partner_id, id);
CREATE INDEX deal_of_partner_by_status ON deal (partner_id, status, id);
CREATE INDEX deal_submitted_by ON deal (submitted_by) WHERE submitted_by IS NOT NULL;
CREATE INDEX deal_decided_by ON deal (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX deal_live_domain ON deal (vendor_id, customer_domain)
    WHERE status IN ('submitted', 'info_requested', 'approved');
-- Keys are of one vendor each. No pending list: a reader would have to go through all of it.
CREATE INDEX deal_live_name ON deal USING gin (customer_keys)
    WITH (fastupdate = off)
    WHERE status IN ('submitted', 'info_requested', 'approved');

CREATE TABLE deal_line (
    deal_id     uuid           NOT NULL REFERENCES deal (id),
    no          smallint       NOT NULL,
    product     text           NOT NULL,
    quantity    numeric(14, 4) NOT NULL CHECK (quantity > 0),
    unit_amount numeric(20, 4) NOT NULL CHECK (unit_amount >= 0),
    amount      numeric(20, 4) NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (deal_id, no)
);

CREATE TABLE deal_contact (
    deal_id   uuid     NOT NULL REFERENCES deal (id),
    no        smallint NOT NULL,
    vendor_id uuid     NOT NULL,
    name      text     NOT NULL,
    title     text,
    email     text     NOT NULL,
    -- Lower case, without a plus tag.
    email_key text     NOT NULL,
    phone     text,
    PRIMARY KEY (deal_id, no)
);
CREATE INDEX deal_contact_email ON deal_contact (vendor_id, email_key);

-- What two deals of one vendor have in common, one row a pair, for the vendor's eyes. A pair that no longer conflicts
-- stays with score 0, so that its end is noticed too.
CREATE TABLE deal_conflict (
    deal_id       uuid        NOT NULL REFERENCES deal (id),
    other_deal_id uuid        NOT NULL REFERENCES deal (id),
    score         smallint    NOT NULL CHECK (score BETWEEN 0 AND 100),
    level         text        NOT NULL CHECK (level IN ('none', 'possible', 'likely', 'certain')),
    reasons       jsonb       NOT NULL,
    found_at      timestamptz NOT NULL,
    PRIMARY KEY (deal_id, other_deal_id),
    CONSTRAINT deal_conflict_is_a_pair CHECK (deal_id < other_deal_id)
);
CREATE INDEX deal_conflict_other ON deal_conflict (other_deal_id);
