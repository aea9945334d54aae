-- The answer to a write with an Idempotency-Key, stored in the transaction of its effect.
CREATE TABLE idempotency_key (
    -- The principal: a user acting for an organisation, or an API key.
    principal   uuid        NOT NULL,
    operation   text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    status      smallint    NOT NULL,
    headers     jsonb       NOT NULL,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (principal, operation, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
