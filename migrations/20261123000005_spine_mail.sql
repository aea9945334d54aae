-- Mail to be sent. Queued in the transaction that causes it; the text is dropped once it has gone out.
CREATE TABLE mail (
    id         uuid PRIMARY KEY,
    recipient  text        NOT NULL,
    template   text        NOT NULL,
    subject    text        NOT NULL,
    body       text,
    created_at timestamptz NOT NULL,
    -- When it is tried next. The node that tries it moves this on first, so that no other does.
    due_at     timestamptz NOT NULL,
    attempts   integer     NOT NULL DEFAULT 0,
    sent_at    timestamptz,
    failed_at  timestamptz,
    last_error text
);
CREATE INDEX mail_due ON mail (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX mail_age ON mail (created_at);
