-- Where an organisation hears of its events by HTTP. A deleted one has `deleted_at` until its queue has been cleared away.
CREATE TABLE webhook_endpoint (
    id           uuid PRIMARY KEY,
    org_id       uuid        NOT NULL REFERENCES organisation (id),
    url          text        NOT NULL CHECK (length(url) <= 2000),
    description  text        CHECK (length(description) BETWEEN 1 AND 200),
    -- It hears events of these kinds, and all of these topics.
    kinds        text[]      NOT NULL,
    topics       text[]      NOT NULL,
    enabled      boolean     NOT NULL,
    -- Who or what switched it off.
    off_because  text        CHECK (off_because IN ('member', 'gone', 'failing')),
    -- Nothing has been delivered since.
    failing_since timestamptz,
    -- No message is due before; null when none waits. One that reads or moves it holds the row's lock.
    pending_at   timestamptz,
    -- The node that delivers to it has it until then.
    leased_until timestamptz,
    deleted_at   timestamptz,
    created_by   uuid        REFERENCES user_account (id),
    version      bigint      NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT webhook_endpoint_off CHECK (enabled = (off_because IS NULL)),
    CONSTRAINT webhook_endpoint_hears CHECK (cardinality(kinds) + cardinality(topics) > 0)
);
CREATE INDEX webhook_endpoint_of_org ON webhook_endpoint (org_id, id);
CREATE INDEX webhook_endpoint_pending ON webhook_endpoint (pending_at)
    WHERE enabled AND deleted_at IS NULL AND pending_at IS NOT NULL;
CREATE INDEX webhook_endpoint_deleted ON webhook_endpoint (id) WHERE deleted_at IS NOT NULL;
CREATE INDEX webhook_endpoint_created_by ON webhook_endpoint (created_by);

-- What its messages are signed with: each secret that has not ended signs.
CREATE TABLE webhook_secret (
    id          uuid PRIMARY KEY,
    endpoint_id uuid        NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz
);
CREATE INDEX webhook_secret_of_endpoint ON webhook_secret (endpoint_id, id);

-- One row for each event and endpoint.
CREATE TABLE webhook_message (
    id          uuid PRIMARY KEY,
    -- The order in which messages set out.
    place       bigint GENERATED ALWAYS AS IDENTITY,
    endpoint_id uuid        NOT NULL REFERENCES webhook_endpoint (id),
    -- `webhook-id`: the receiver knows a repeated message by it.
    event_id    uuid        NOT NULL,
    kind        text        NOT NULL,
    body        text        NOT NULL,
    outcome     text        NOT NULL CHECK (outcome IN ('waiting', 'delivered', 'failed')),
    -- When it is tried next.
    due_at      timestamptz,
    -- Tries in all, and since it was queued or asked for again.
    tries       integer     NOT NULL DEFAULT 0,
    series      integer     NOT NULL DEFAULT 0,
    last_status smallint,
    last_error  text,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT webhook_message_once UNIQUE (endpoint_id, event_id),
    CONSTRAINT webhook_message_due CHECK ((outcome = 'waiting') = (due_at IS NOT NULL))
);
CREATE INDEX webhook_message_log ON webhook_message (endpoint_id, id);
CREATE INDEX webhook_message_by_outcome ON webhook_message (endpoint_id, outcome, id);
CREATE INDEX webhook_message_due ON webhook_message (endpoint_id, due_at, place) WHERE outcome = 'waiting';
CREATE INDEX webhook_message_age ON webhook_message (created_at);

CREATE TABLE webhook_attempt (
    message_id  uuid        NOT NULL REFERENCES webhook_message (id) ON DELETE CASCADE,
    no          integer     NOT NULL,
    at          timestamptz NOT NULL,
    duration_ms integer     NOT NULL,
    -- The receiver's status, when it answered.
    status      smallint,
    -- What went wrong, when something did.
    error       text,
    -- The beginning of the answer.
    response    text        CHECK (octet_length(response) <= 4096),
    PRIMARY KEY (message_id, no)
);
