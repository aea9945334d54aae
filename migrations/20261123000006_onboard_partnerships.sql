-- A partner's standing in one vendor's program.
CREATE TABLE partnership (
    id                 uuid PRIMARY KEY,
    vendor_id          uuid        NOT NULL,
    partner_id         uuid        NOT NULL,
    vendor_kind        text        NOT NULL GENERATED ALWAYS AS ('vendor') STORED,
    partner_kind       text        NOT NULL GENERATED ALWAYS AS ('partner') STORED,
    status             text        NOT NULL CHECK (status IN ('invited', 'active', 'suspended', 'ended')),
    tier               text        NOT NULL CHECK (tier IN ('registered', 'silver', 'gold', 'platinum')),
    account_manager_id uuid        REFERENCES user_account (id),
    version            bigint      NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT partnership_exists UNIQUE (vendor_id, partner_id),
    CONSTRAINT partnership_vendor FOREIGN KEY (vendor_id, vendor_kind) REFERENCES organisation (id, kind),
    CONSTRAINT partnership_partner FOREIGN KEY (partner_id, partner_kind) REFERENCES organisation (id, kind)
);
CREATE INDEX partnership_of_vendor ON partnership (vendor_id, id);
CREATE INDEX partnership_of_vendor_by_status ON partnership (vendor_id, status, id);
CREATE INDEX partnership_of_vendor_by_tier ON partnership (vendor_id, tier, id);
CREATE INDEX partnership_of_partner ON partnership (partner_id, id);
CREATE INDEX partnership_account_manager ON partnership (account_manager_id);
