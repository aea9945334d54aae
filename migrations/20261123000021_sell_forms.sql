-- What a program asks of a registration besides the fields that every deal has. Each version is a row and stays: a deal
-- keeps the one that it was registered with.
CREATE TABLE deal_form (
    id           uuid PRIMARY KEY,
    vendor_id    uuid        NOT NULL,
    program_id   uuid        NOT NULL,
    -- 1 for the program's first.
    no           integer     NOT NULL CHECK (no > 0),
    fields       jsonb       NOT NULL,
    published_by uuid        REFERENCES user_account (id),
    created_at   timestamptz NOT NULL,
    CONSTRAINT deal_form_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id),
    CONSTRAINT deal_form_version UNIQUE (program_id, no)
);
CREATE INDEX deal_form_of_vendor ON deal_form (vendor_id, program_id);
CREATE INDEX deal_form_published_by ON deal_form (published_by) WHERE published_by IS NOT NULL;

-- The form that the deal was registered with, and its answers by key.
ALTER TABLE deal ADD COLUMN form_id uuid REFERENCES deal_form (id);
ALTER TABLE deal ADD COLUMN custom jsonb NOT NULL DEFAULT '{}';
CREATE INDEX deal_form_id ON deal (form_id) WHERE form_id IS NOT NULL;

-- A registration that is still being written. Nothing in it has been checked.
CREATE TABLE deal_draft (
    id         uuid PRIMARY KEY,
    partner_id uuid        NOT NULL REFERENCES organisation (id),
    created_by uuid        REFERENCES user_account (id),
    content    jsonb       NOT NULL,
    -- What became of it: a draft is submitted once.
    deal_id    uuid        REFERENCES deal (id),
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT deal_draft_submitted_once UNIQUE (deal_id)
);
CREATE INDEX deal_draft_of_partner ON deal_draft (partner_id, id);
CREATE INDEX deal_draft_created_by ON deal_draft (created_by) WHERE created_by IS NOT NULL;
