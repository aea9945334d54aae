-- What a vendor sells. Lists go by name; a prefix of the name is a range of the same index.
CREATE TABLE product (
    id               uuid PRIMARY KEY,
    vendor_id        uuid        NOT NULL REFERENCES organisation (id),
    sku              text        NOT NULL,
    name             text        NOT NULL,
    name_key         text        COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    family           text,
    description      text,
    -- What a quantity counts: unit, seat, hour.
    unit             text        NOT NULL,
    for_new_business boolean     NOT NULL,
    for_renewal      boolean     NOT NULL,
    is_service       boolean     NOT NULL,
    status           text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'retired')),
    version          bigint      NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT product_sku UNIQUE (vendor_id, sku),
    CONSTRAINT product_of_vendor UNIQUE (vendor_id, id)
);
CREATE INDEX product_list ON product (vendor_id, name_key, id);
CREATE INDEX product_list_by_status ON product (vendor_id, status, name_key, id);
CREATE INDEX product_list_by_family ON product (vendor_id, family, name_key, id);

-- Without a tier it is for every tier, without a program for every program.
CREATE TABLE price_list (
    id         uuid PRIMARY KEY,
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    name       text        NOT NULL,
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tier       text        CHECK (tier IN ('registered', 'silver', 'gold', 'platinum')),
    program_id uuid,
    valid_from date        NOT NULL,
    -- The last day.
    valid_to   date,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT price_list_of_vendor UNIQUE (vendor_id, id),
    CONSTRAINT price_list_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id),
    CONSTRAINT price_list_lasts CHECK (valid_to >= valid_from),
    -- One list for one audience on one day. Also what the price of a day is found by.
    CONSTRAINT price_list_no_overlap EXCLUDE USING gist (
        vendor_id WITH =, currency WITH =, (coalesce(tier, '')) WITH =,
        (coalesce(program_id, '00000000-0000-0000-0000-000000000000'::uuid)) WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX price_list_program ON price_list (vendor_id, program_id) WHERE program_id IS NOT NULL;

CREATE TABLE price (
    price_list_id uuid           NOT NULL,
    product_id    uuid           NOT NULL,
    vendor_id     uuid           NOT NULL,
    -- From this quantity on; 0 is the price of any quantity.
    min_quantity  numeric(14, 4) NOT NULL CHECK (min_quantity >= 0),
    unit_amount   numeric(20, 4) NOT NULL CHECK (unit_amount >= 0),
    PRIMARY KEY (price_list_id, product_id, min_quantity),
    CONSTRAINT price_list_of_price FOREIGN KEY (vendor_id, price_list_id) REFERENCES price_list (vendor_id, id),
    CONSTRAINT price_product FOREIGN KEY (vendor_id, product_id) REFERENCES product (vendor_id, id)
);
CREATE INDEX price_of_product ON price (vendor_id, product_id);
CREATE INDEX price_of_list ON price (vendor_id, price_list_id);

-- What a registered deal gets off the list price. The most particular rule of a list applies.
CREATE TABLE registration_discount (
    price_list_id uuid          NOT NULL,
    no            smallint      NOT NULL,
    vendor_id     uuid          NOT NULL,
    product_id    uuid,
    family        text,
    tier          text          CHECK (tier IN ('registered', 'silver', 'gold', 'platinum')),
    percent       numeric(5, 2) NOT NULL CHECK (percent > 0 AND percent <= 100),
    PRIMARY KEY (price_list_id, no),
    CONSTRAINT registration_discount_of_one CHECK (product_id IS NULL OR family IS NULL),
    CONSTRAINT registration_discount_once UNIQUE NULLS NOT DISTINCT (price_list_id, product_id, family, tier),
    CONSTRAINT registration_discount_list FOREIGN KEY (vendor_id, price_list_id) REFERENCES price_list (vendor_id, id),
    CONSTRAINT registration_discount_product FOREIGN KEY (vendor_id, product_id) REFERENCES product (vendor_id, id)
);
CREATE INDEX registration_discount_of_list ON registration_discount (vendor_id, price_list_id);
CREATE INDEX registration_discount_of_product ON registration_discount (vendor_id, product_id) WHERE product_id IS NOT NULL;

ALTER TABLE deal_line ADD COLUMN product_id uuid REFERENCES product (id);
CREATE INDEX deal_line_product ON deal_line (product_id) WHERE product_id IS NOT NULL;
