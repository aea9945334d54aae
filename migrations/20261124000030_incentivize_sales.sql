-- What earnings are made of: won deals, invoices, activities.
CREATE TABLE sale (
    id           uuid PRIMARY KEY,
    vendor_id    uuid           NOT NULL REFERENCES organisation (id),
    kind         text           NOT NULL CHECK (kind IN ('deal', 'invoice', 'activity')),
    -- The vendor's own number; a deal's is its id.
    reference    text           NOT NULL,
    deal_id      uuid           REFERENCES deal (id),
    -- Who sold it: the one to whom it goes when no share of a role is given.
    partner_id   uuid           NOT NULL REFERENCES organisation (id),
    currency     text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount       numeric(20, 4) NOT NULL CHECK (amount >= 0),
    -- What of it has not been refunded or charged back.
    kept         numeric(20, 4) NOT NULL CHECK (kept >= 0 AND kept <= amount),
    sold_on      date           NOT NULL,
    paid_on      date,
    deal_type    text           NOT NULL CHECK (deal_type IN ('new', 'renewal', 'expansion')),
    country      text           CHECK (country ~ '^[A-Z]{2}$'),
    -- What was done, for an activity.
    activity     text,
    -- The subscription that an invoice is of: how long a plan pays for one counts from the earliest.
    subscription text,
    facts        jsonb          NOT NULL DEFAULT '{}',
    version      bigint         NOT NULL DEFAULT 1,
    created_at   timestamptz    NOT NULL,
    updated_at   timestamptz    NOT NULL,
    CONSTRAINT sale_reference UNIQUE (vendor_id, kind, reference),
    CONSTRAINT sale_activity CHECK ((kind = 'activity') = (activity IS NOT NULL)),
    CONSTRAINT sale_paid CHECK (paid_on IS NULL OR kind = 'invoice')
);
CREATE INDEX sale_of_vendor ON sale (vendor_id, kind, id);
CREATE INDEX sale_of_partner ON sale (vendor_id, partner_id, id);
CREATE INDEX sale_by_day ON sale (vendor_id, sold_on, id);
CREATE INDEX sale_partner ON sale (partner_id);
CREATE INDEX sale_of_deal ON sale (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX sale_of_subscription ON sale (vendor_id, subscription, sold_on) WHERE subscription IS NOT NULL;

CREATE TABLE sale_line (
    sale_id    uuid           NOT NULL REFERENCES sale (id),
    no         smallint       NOT NULL,
    product_id uuid           REFERENCES product (id),
    sku        text,
    family     text,
    name       text           NOT NULL,
    quantity   numeric(14, 4) NOT NULL CHECK (quantity > 0),
    amount     numeric(20, 4) NOT NULL CHECK (amount >= 0),
    cost       numeric(20, 4) CHECK (cost >= 0),
    kept       numeric(20, 4) NOT NULL CHECK (kept >= 0 AND kept <= amount),
    PRIMARY KEY (sale_id, no)
);
CREATE INDEX sale_line_product ON sale_line (product_id) WHERE product_id IS NOT NULL;

-- Who has what part in it, as it stands; the tier is that of the day of the sale. A part that was given away stays with 0,
-- so that one that comes back has the same tier; so do those of an activity that was taken back.
CREATE TABLE sale_party (
    sale_id    uuid          NOT NULL REFERENCES sale (id),
    role       text          NOT NULL CHECK (role IN ('sourced', 'influenced', 'fulfilled', 'serviced', 'distributed')),
    partner_id uuid          NOT NULL REFERENCES organisation (id),
    percent    numeric(5, 2) NOT NULL CHECK (percent >= 0 AND percent <= 100),
    tier       text,
    program_id uuid,
    country    text,
    -- Who sold it there.
    user_id    uuid          REFERENCES user_account (id),
    PRIMARY KEY (sale_id, role, partner_id)
);
CREATE INDEX sale_party_partner ON sale_party (partner_id, sale_id);
CREATE INDEX sale_party_user ON sale_party (user_id) WHERE user_id IS NOT NULL;

-- What became of a sale: refunds, chargebacks, and chargebacks that were won. Never deleted.
CREATE TABLE sale_reversal (
    id         uuid PRIMARY KEY,
    sale_id    uuid           NOT NULL REFERENCES sale (id),
    vendor_id  uuid           NOT NULL REFERENCES organisation (id),
    kind       text           NOT NULL CHECK (kind IN ('refund', 'chargeback', 'chargeback_won')),
    -- The vendor's own number.
    reference  text           NOT NULL,
    on_day     date           NOT NULL,
    -- 0 for an activity without amounts, which is taken back as a whole.
    amount     numeric(20, 4) NOT NULL CHECK (amount >= 0),
    -- [{"no": 1, "amount": "10.00"}]: what of which line.
    lines      jsonb          NOT NULL,
    -- The chargeback that was won.
    undoes     uuid           REFERENCES sale_reversal (id),
    note       text,
    created_at timestamptz    NOT NULL,
    CONSTRAINT sale_reversal_reference UNIQUE (vendor_id, reference),
    CONSTRAINT sale_reversal_undoes CHECK ((kind = 'chargeback_won') = (undoes IS NOT NULL))
);
CREATE INDEX sale_reversal_of_sale ON sale_reversal (sale_id, id);
CREATE UNIQUE INDEX sale_reversal_undone ON sale_reversal (undoes) WHERE undoes IS NOT NULL;
