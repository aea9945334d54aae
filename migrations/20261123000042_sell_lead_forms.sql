-- Web forms that anybody may send.
CREATE TABLE lead_form (
    id                   uuid PRIMARY KEY,
    vendor_id            uuid        NOT NULL REFERENCES organisation (id),
    name                 text        NOT NULL,
    campaign             text,
    -- Web origins that may send it from a browser; none is any.
    origins              text[]      NOT NULL,
    fields               jsonb       NOT NULL,
    active               boolean     NOT NULL,
    min_fill_seconds     integer     NOT NULL CHECK (min_fill_seconds BETWEEN 0 AND 600),
    most_links           integer     NOT NULL CHECK (most_links BETWEEN 0 AND 100),
    per_address_hourly   integer     NOT NULL CHECK (per_address_hourly > 0),
    per_form_hourly      integer     NOT NULL CHECK (per_form_hourly > 0),
    version              bigint      NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);
CREATE INDEX lead_form_of_vendor ON lead_form (vendor_id, id);
ALTER TABLE lead ADD CONSTRAINT lead_form_of FOREIGN KEY (form_id) REFERENCES lead_form (id);
CREATE INDEX lead_of_form ON lead (form_id) WHERE form_id IS NOT NULL;

-- How often a form was sent in an hour, by an address and by all: keyed hashes, forgotten after a day.
CREATE TABLE lead_form_rate (
    key    bytea       NOT NULL,
    hour   timestamptz NOT NULL,
    count  integer     NOT NULL,
    PRIMARY KEY (key, hour)
);
CREATE INDEX lead_form_rate_hour ON lead_form_rate (hour);
