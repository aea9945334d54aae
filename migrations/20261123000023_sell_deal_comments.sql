-- What the two sides of a deal say about it beside their verdicts.
CREATE TABLE deal_comment (
    id         uuid PRIMARY KEY,
    deal_id    uuid        NOT NULL REFERENCES deal (id),
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    author_id  uuid        REFERENCES user_account (id),
    -- Seen by the author's side alone.
    internal   boolean     NOT NULL,
    -- Empty once it is deleted.
    body       text        NOT NULL,
    mentions   uuid[]      NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    edited_at  timestamptz,
    deleted_at timestamptz,
    CONSTRAINT deal_comment_deleted CHECK ((deleted_at IS NULL) = (body <> ''))
);
CREATE INDEX deal_comment_of_deal ON deal_comment (deal_id, id);
CREATE INDEX deal_comment_org ON deal_comment (org_id);
CREATE INDEX deal_comment_author ON deal_comment (author_id) WHERE author_id IS NOT NULL;
