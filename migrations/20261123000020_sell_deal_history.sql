-- What happened to a deal, for both of its sides: one row a step, written with it. The registration itself is on the
-- deal. Rows are never changed.
CREATE TABLE deal_history (
    deal_id    uuid        NOT NULL REFERENCES deal (id),
    no         bigint      GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    -- What it was: 'approved', 'changed', 'commented'.
    kind       text        NOT NULL,
    -- Who did it, and for whom; neither when a deadline did.
    user_id    uuid        REFERENCES user_account (id),
    org_id     uuid        REFERENCES organisation (id),
    -- The side that alone may see it; both when null.
    only_for   uuid        REFERENCES organisation (id),
    -- What was said with it, and why the vendor refused.
    said       text,
    reason     text,
    -- What is another now: a list of {field, from, to}.
    changes    jsonb       NOT NULL DEFAULT '[]',
    -- What it was about: a comment, an amendment, a file.
    about_kind text,
    about_id   uuid,
    CONSTRAINT deal_history_about CHECK ((about_kind IS NULL) = (about_id IS NULL)),
    PRIMARY KEY (deal_id, no)
);
CREATE INDEX deal_history_user ON deal_history (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX deal_history_org ON deal_history (org_id) WHERE org_id IS NOT NULL;
CREATE INDEX deal_history_only_for ON deal_history (only_for) WHERE only_for IS NOT NULL;

-- Of deals that were decided on before, the last word is what is known.
INSERT INTO deal_history (deal_id, at, kind, user_id, org_id, said, reason)
SELECT id, decided_at, status, decided_by,
       CASE WHEN status = 'withdrawn' THEN partner_id ELSE vendor_id END, decision_note, decision_reason
FROM deal WHERE decided_at IS NOT NULL;

CREATE TRIGGER deal_history_no_change BEFORE UPDATE OR DELETE ON deal_history
    FOR EACH ROW EXECUTE FUNCTION log_is_append_only();
