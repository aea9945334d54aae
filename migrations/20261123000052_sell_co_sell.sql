-- An opportunity that a vendor and partners work on together.
CREATE TABLE co_sell (
    id               uuid PRIMARY KEY,
    vendor_id        uuid           NOT NULL REFERENCES organisation (id),
    deal_id          uuid           REFERENCES deal (id),
    opened_by        uuid           NOT NULL REFERENCES organisation (id),
    title            text           NOT NULL,
    -- What those read who are invited.
    brief            text,
    customer_name    text           NOT NULL,
    customer_country text           NOT NULL CHECK (customer_country ~ '^[A-Z]{2}$'),
    currency         text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount           numeric(20, 4) NOT NULL CHECK (amount >= 0),
    expected_close   date           NOT NULL,
    status           text           NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'won', 'lost', 'dropped')),
    -- Numbers its documents.
    documents        integer        NOT NULL DEFAULT 0,
    version          bigint         NOT NULL DEFAULT 1,
    created_at       timestamptz    NOT NULL,
    updated_at       timestamptz    NOT NULL
);
CREATE UNIQUE INDEX co_sell_of_deal ON co_sell (deal_id) WHERE deal_id IS NOT NULL AND status = 'open';
CREATE INDEX co_sell_deal ON co_sell (deal_id) WHERE deal_id IS NOT NULL;
CREATE INDEX co_sell_of_vendor ON co_sell (vendor_id, id);
CREATE INDEX co_sell_opened_by ON co_sell (opened_by);

CREATE TABLE co_sell_product (
    co_sell_id uuid           NOT NULL REFERENCES co_sell (id),
    no         smallint       NOT NULL,
    product_id uuid           REFERENCES product (id),
    name       text           NOT NULL,
    quantity   numeric(14, 4) NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (co_sell_id, no)
);
CREATE INDEX co_sell_product_product ON co_sell_product (product_id) WHERE product_id IS NOT NULL;

CREATE TABLE co_sell_contact (
    co_sell_id uuid     NOT NULL REFERENCES co_sell (id),
    no         smallint NOT NULL,
    name       text     NOT NULL,
    title      text,
    email      text     NOT NULL,
    phone      text,
    PRIMARY KEY (co_sell_id, no)
);

-- Who is in it, and how far: the vendor joined from the start, partners by stages.
CREATE TABLE co_sell_party (
    co_sell_id uuid        NOT NULL REFERENCES co_sell (id),
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    stage      text        NOT NULL CHECK (stage IN ('invited', 'interested', 'joined', 'declined', 'left', 'removed')),
    -- What was said with the last step, between the vendor and this party alone.
    note       text,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (co_sell_id, org_id)
);
CREATE INDEX co_sell_of_party ON co_sell_party (org_id, co_sell_id) WHERE stage IN ('invited', 'interested', 'joined');
CREATE INDEX co_sell_party_org ON co_sell_party (org_id);

CREATE TABLE co_sell_member (
    co_sell_id uuid NOT NULL REFERENCES co_sell (id),
    org_id     uuid NOT NULL REFERENCES organisation (id),
    user_id    uuid NOT NULL REFERENCES user_account (id),
    role       text NOT NULL CHECK (role IN ('lead', 'sales', 'technical', 'executive', 'delivery', 'other')),
    PRIMARY KEY (co_sell_id, org_id, user_id)
);
CREATE INDEX co_sell_member_org ON co_sell_member (org_id);
CREATE INDEX co_sell_member_user ON co_sell_member (user_id);

-- The joint plan.
CREATE TABLE plan_task (
    id          uuid PRIMARY KEY,
    co_sell_id  uuid        NOT NULL REFERENCES co_sell (id),
    title       text        NOT NULL,
    owner_id    uuid        NOT NULL REFERENCES organisation (id),
    due_on      date,
    status      text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'in_progress', 'done', 'dropped')),
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX plan_task_of_co_sell ON plan_task (co_sell_id, id);
CREATE INDEX plan_task_owner ON plan_task (owner_id);

CREATE TABLE co_sell_note (
    id         uuid PRIMARY KEY,
    co_sell_id uuid        NOT NULL REFERENCES co_sell (id),
    author_id  uuid        NOT NULL REFERENCES organisation (id),
    user_id    uuid        REFERENCES user_account (id),
    -- For the author's own side alone.
    private    boolean     NOT NULL,
    body       text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX co_sell_note_of_co_sell ON co_sell_note (co_sell_id, id);
CREATE INDEX co_sell_note_author ON co_sell_note (author_id);
CREATE INDEX co_sell_note_user ON co_sell_note (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE co_sell_document (
    co_sell_id uuid        NOT NULL REFERENCES co_sell (id),
    no         integer     NOT NULL,
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    name       text        NOT NULL,
    url        text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (co_sell_id, no)
);
CREATE INDEX co_sell_document_org ON co_sell_document (org_id);
