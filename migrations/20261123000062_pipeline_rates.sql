-- How many units of a currency one euro bought on a day. The nil vendor's rates are everyone's; a vendor's own come first.
CREATE TABLE exchange_rate (
    vendor_id uuid    NOT NULL,
    currency  text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    day       date    NOT NULL,
    rate      numeric NOT NULL CHECK (rate > 0),
    PRIMARY KEY (vendor_id, currency, day)
);

-- How an organisation wants its pipeline reported.
CREATE TABLE pipeline_setting (
    vendor_id          uuid PRIMARY KEY REFERENCES organisation (id),
    reporting_currency text        NOT NULL CHECK (reporting_currency ~ '^[A-Z]{3}$'),
    -- [{"name": …, "countries": […]}]; no country stands in two.
    regions            jsonb       NOT NULL,
    version            bigint      NOT NULL,
    updated_at         timestamptz NOT NULL
);
