-- Says that what this database holds is demo data.
CREATE TABLE demo_load (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    scale     text        NOT NULL CHECK (scale IN ('small', 'large')),
    deals     bigint      NOT NULL,
    loaded_at timestamptz NOT NULL
);
