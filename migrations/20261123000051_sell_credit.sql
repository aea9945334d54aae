-- What a program says of credit; a program without a row is as its defaults say.
CREATE TABLE credit_rules (
    program_id       uuid PRIMARY KEY,
    vendor_id        uuid        NOT NULL,
    roles            text[]      NOT NULL DEFAULT '{sourced}'
        CHECK (roles <@ ARRAY['sourced', 'influenced', 'fulfilled', 'serviced'] AND 'sourced' = ANY (roles)),
    -- Whether a partner sees the shares of the others, or only its own and the rest as one.
    shares_open      boolean     NOT NULL DEFAULT false,
    version          bigint      NOT NULL DEFAULT 1,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT credit_rules_program FOREIGN KEY (vendor_id, program_id) REFERENCES program (vendor_id, id)
);
CREATE INDEX credit_rules_of_vendor ON credit_rules (vendor_id, program_id);

-- One way of sharing the credit of a deal: proposed, in force, or once in force. None is ever deleted.
CREATE TABLE credit_agreement (
    id          uuid PRIMARY KEY,
    deal_id     uuid        NOT NULL REFERENCES deal (id),
    vendor_id   uuid        NOT NULL REFERENCES organisation (id),
    -- Counts what has been in force, from 1.
    revision    integer,
    status      text        NOT NULL
        CHECK (status IN ('proposed', 'in_force', 'superseded', 'declined', 'withdrawn', 'lapsed')),
    source      text        NOT NULL CHECK (source IN ('default', 'agreement', 'decision')),
    proposed_by uuid        NOT NULL REFERENCES organisation (id),
    note        text,
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    in_force_at timestamptz,
    ended_at    timestamptz,
    CONSTRAINT credit_agreement_revision UNIQUE (deal_id, revision),
    CONSTRAINT credit_agreement_numbered CHECK ((status IN ('in_force', 'superseded')) = (revision IS NOT NULL))
);
CREATE UNIQUE INDEX credit_agreement_in_force ON credit_agreement (deal_id) WHERE status = 'in_force';
CREATE INDEX credit_agreement_of_deal ON credit_agreement (deal_id, id);
CREATE INDEX credit_agreement_vendor ON credit_agreement (vendor_id);
CREATE INDEX credit_agreement_proposer ON credit_agreement (proposed_by);

CREATE TABLE credit_share (
    agreement_id uuid          NOT NULL REFERENCES credit_agreement (id),
    role         text          NOT NULL CHECK (role IN ('sourced', 'influenced', 'fulfilled', 'serviced')),
    partner_id   uuid          NOT NULL REFERENCES organisation (id),
    percent      numeric(5, 2) NOT NULL CHECK (percent > 0 AND percent <= 100),
    PRIMARY KEY (agreement_id, role, partner_id)
);
CREATE INDEX credit_share_partner ON credit_share (partner_id, agreement_id);

-- Who has to agree, and since when who does.
CREATE TABLE credit_signature (
    agreement_id uuid NOT NULL REFERENCES credit_agreement (id),
    org_id       uuid NOT NULL REFERENCES organisation (id),
    deal_id      uuid NOT NULL REFERENCES deal (id),
    user_id      uuid REFERENCES user_account (id),
    signed_at    timestamptz,
    PRIMARY KEY (agreement_id, org_id)
);
CREATE INDEX credit_signature_of_deal ON credit_signature (deal_id, org_id);
CREATE INDEX credit_signature_org ON credit_signature (org_id);
CREATE INDEX credit_signature_user ON credit_signature (user_id) WHERE user_id IS NOT NULL;

-- Since when the credit of a won deal is settled.
CREATE TABLE credit_lock (
    deal_id   uuid PRIMARY KEY REFERENCES deal (id),
    locked_at timestamptz NOT NULL
);

-- At commit, the shares of each role of each agreement are the whole, and there is at least one role.
CREATE FUNCTION credit_shares_are_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    agreement uuid;
    wrong     record;
BEGIN
    IF TG_TABLE_NAME = 'credit_agreement' THEN
        agreement := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        agreement := OLD.agreement_id;
    ELSE
        agreement := NEW.agreement_id;
    END IF;
    SELECT role, sum(percent) AS total INTO wrong
    FROM credit_share WHERE agreement_id = agreement GROUP BY role HAVING sum(percent) <> 100 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the shares of % sum to %, not to 100', wrong.role, wrong.total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_shares_are_whole';
    END IF;
    IF NOT EXISTS (SELECT FROM credit_share WHERE agreement_id = agreement) THEN
        RAISE EXCEPTION 'an agreement without shares'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_shares_are_whole';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER credit_shares_are_whole AFTER INSERT OR UPDATE OR DELETE ON credit_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_shares_are_whole();
CREATE CONSTRAINT TRIGGER credit_agreement_has_shares AFTER INSERT ON credit_agreement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION credit_shares_are_whole();

-- What was agreed is never rewritten: a change is another agreement.
CREATE FUNCTION credit_share_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the shares of an agreement stay: change them by another agreement'
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER credit_share_stays BEFORE UPDATE OR DELETE ON credit_share
    FOR EACH ROW EXECUTE FUNCTION credit_share_stays();

-- Each side has one open proposal a deal.
CREATE UNIQUE INDEX credit_agreement_proposal ON credit_agreement (deal_id, proposed_by) WHERE status = 'proposed';
