-- A change of an approved deal that the partner proposes and the vendor decides on. The deal stands as approved until
-- then.
CREATE TABLE deal_amendment (
    id            uuid PRIMARY KEY,
    deal_id       uuid        NOT NULL REFERENCES deal (id),
    status        text        NOT NULL CHECK (status IN ('proposed', 'approved', 'rejected', 'withdrawn', 'lapsed')),
    -- The change as it was sent, and what it made of the deal as it was then: a list of {field, from, to}.
    proposed      jsonb       NOT NULL,
    changes       jsonb       NOT NULL,
    note          text,
    proposed_by   uuid        REFERENCES user_account (id),
    proposed_at   timestamptz NOT NULL,
    decided_by    uuid        REFERENCES user_account (id),
    decided_at    timestamptz,
    decision_note text,
    version       bigint      NOT NULL DEFAULT 1,
    CONSTRAINT deal_amendment_decided CHECK ((status = 'proposed') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX deal_amendment_one_open ON deal_amendment (deal_id) WHERE status = 'proposed';
CREATE INDEX deal_amendment_of_deal ON deal_amendment (deal_id, id);
CREATE INDEX deal_amendment_proposed_by ON deal_amendment (proposed_by) WHERE proposed_by IS NOT NULL;
CREATE INDEX deal_amendment_decided_by ON deal_amendment (decided_by) WHERE decided_by IS NOT NULL;
