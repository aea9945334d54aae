-- Paying what was earned: where a partner or a person is paid, batches of payouts, and what became of each.

-- Bank details, tax numbers and keys of payment services, sealed by the master keys.
CREATE TABLE payout_secret (
    id     uuid PRIMARY KEY,
    sealed bytea NOT NULL
);

-- Settings of the whole platform: one row.
CREATE TABLE payout_platform (
    sole              boolean PRIMARY KEY DEFAULT true CHECK (sole),
    -- How long a new destination rests before money goes there.
    cooling_off_hours integer NOT NULL CHECK (cooling_off_hours BETWEEN 0 AND 720),
    -- Where Stripe answers.
    stripe_url        text    NOT NULL
);
INSERT INTO payout_platform (cooling_off_hours, stripe_url) VALUES (72, 'https://api.stripe.com');

-- Where a partner company is paid by all its vendors, or a person is.
CREATE TABLE payout_profile (
    id             uuid PRIMARY KEY,
    partner_id     uuid           REFERENCES organisation (id),
    user_id        uuid           REFERENCES user_account (id),
    destination_id uuid           NOT NULL,
    currency       text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    minimum_payout numeric(20, 4) NOT NULL CHECK (minimum_payout >= 0),
    -- Where the payee is taxed.
    country        text           NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    tax_form       text           NOT NULL CHECK (tax_form IN ('w9', 'w8ben', 'w8bene', 'vat', 'none')),
    tax_secret_id  uuid           REFERENCES payout_secret (id),
    -- Nothing that is proposed before goes to the present destination.
    usable_from    timestamptz    NOT NULL,
    version        bigint         NOT NULL DEFAULT 1,
    created_at     timestamptz    NOT NULL,
    updated_at     timestamptz    NOT NULL,
    CONSTRAINT payout_profile_of_one CHECK (num_nonnulls(partner_id, user_id) = 1),
    CONSTRAINT payout_profile_of_partner UNIQUE (partner_id),
    CONSTRAINT payout_profile_of_user UNIQUE (user_id)
);
CREATE INDEX payout_profile_destination ON payout_profile (destination_id);
CREATE INDEX payout_profile_tax_secret ON payout_profile (tax_secret_id) WHERE tax_secret_id IS NOT NULL;

-- A destination stays as it was: a change makes another, so that a payout goes where it was approved to go.
CREATE TABLE payout_destination (
    id         uuid PRIMARY KEY,
    profile_id uuid        NOT NULL REFERENCES payout_profile (id) DEFERRABLE INITIALLY DEFERRED,
    method     text        NOT NULL CHECK (method IN ('iban', 'us_ach', 'stripe', 'manual')),
    secret_id  uuid        NOT NULL REFERENCES payout_secret (id),
    masked     text        NOT NULL,
    created_by uuid        NOT NULL REFERENCES user_account (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX payout_destination_of_profile ON payout_destination (profile_id, id);
CREATE INDEX payout_destination_secret ON payout_destination (secret_id);
CREATE INDEX payout_destination_created_by ON payout_destination (created_by);
ALTER TABLE payout_profile ADD CONSTRAINT payout_profile_destination_fkey
    FOREIGN KEY (destination_id) REFERENCES payout_destination (id) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION payout_destination_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destination stays as it was approved: add another'
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER payout_destination_stays BEFORE UPDATE OR DELETE ON payout_destination
    FOR EACH ROW EXECUTE FUNCTION payout_destination_stays();

-- What a vendor knows of a payee's tax form.
CREATE TABLE payout_tax_form (
    profile_id  uuid        NOT NULL REFERENCES payout_profile (id),
    vendor_id   uuid        NOT NULL REFERENCES organisation (id),
    status      text        NOT NULL CHECK (status IN ('missing', 'received', 'verified')),
    note        text,
    recorded_by uuid        NOT NULL REFERENCES user_account (id),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (profile_id, vendor_id)
);
CREATE INDEX payout_tax_form_vendor ON payout_tax_form (vendor_id);
CREATE INDEX payout_tax_form_recorded_by ON payout_tax_form (recorded_by);

-- The employer's word that its people may be paid in person, by one vendor or by all.
CREATE TABLE payee_consent (
    id         uuid PRIMARY KEY,
    partner_id uuid        NOT NULL REFERENCES organisation (id),
    vendor_id  uuid        REFERENCES organisation (id),
    given_by   uuid        NOT NULL REFERENCES user_account (id),
    at         timestamptz NOT NULL,
    revoked_by uuid        REFERENCES user_account (id),
    revoked_at timestamptz,
    CONSTRAINT payee_consent_revoked CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
);
CREATE UNIQUE INDEX payee_consent_once ON payee_consent (partner_id, vendor_id) NULLS NOT DISTINCT
    WHERE revoked_at IS NULL;
CREATE INDEX payee_consent_vendor ON payee_consent (vendor_id) WHERE vendor_id IS NOT NULL;
CREATE INDEX payee_consent_given_by ON payee_consent (given_by);
CREATE INDEX payee_consent_revoked_by ON payee_consent (revoked_by) WHERE revoked_by IS NOT NULL;

-- What is kept from payouts to a country, and whether the vendor writes the invoice.
CREATE TABLE payout_tax_rule (
    vendor_id            uuid          NOT NULL REFERENCES organisation (id),
    country              text          NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    effective_from       date          NOT NULL,
    withholding_percent  numeric(7, 4) NOT NULL CHECK (withholding_percent BETWEEN 0 AND 100),
    -- Instead, for a payee without a form; null: nothing is paid without.
    without_form_percent numeric(7, 4) CHECK (without_form_percent BETWEEN 0 AND 100),
    self_billing         boolean       NOT NULL,
    vat_percent          numeric(7, 4) CHECK (vat_percent BETWEEN 0 AND 100),
    note                 text,
    PRIMARY KEY (vendor_id, country, effective_from)
);

-- From where and how a vendor pays.
CREATE TABLE payout_settings (
    vendor_id         uuid PRIMARY KEY REFERENCES organisation (id),
    debtor_name       text,
    debtor_country    text CHECK (debtor_country ~ '^[A-Z]{2}$'),
    debtor_secret_id  uuid REFERENCES payout_secret (id),
    debtor_masked     text,
    debtor_bic        text,
    -- The identifiers that the vendor's bank has given it for ACH files.
    nacha             jsonb,
    stripe_secret_id  uuid REFERENCES payout_secret (id),
    stripe_webhook_id uuid REFERENCES payout_secret (id),
    -- By currency: the least that is paid, and what a payout costs its payee.
    minimums          jsonb       NOT NULL DEFAULT '{}',
    fees              jsonb       NOT NULL DEFAULT '{}',
    version           bigint      NOT NULL DEFAULT 1,
    updated_at        timestamptz NOT NULL
);
CREATE INDEX payout_settings_debtor ON payout_settings (debtor_secret_id) WHERE debtor_secret_id IS NOT NULL;
CREATE INDEX payout_settings_stripe ON payout_settings (stripe_secret_id) WHERE stripe_secret_id IS NOT NULL;
CREATE INDEX payout_settings_webhook ON payout_settings (stripe_webhook_id) WHERE stripe_webhook_id IS NOT NULL;

CREATE TABLE payout_batch (
    id             uuid PRIMARY KEY,
    vendor_id      uuid           NOT NULL REFERENCES organisation (id),
    currency       text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    method         text           NOT NULL CHECK (method IN ('pain001', 'nacha', 'stripe', 'manual')),
    execution_date date           NOT NULL,
    note           text,
    status         text           NOT NULL
        CHECK (status IN ('proposed', 'approved', 'executing', 'executed', 'reconciled', 'cancelled')),
    -- What it comes to, without payouts that were removed.
    payouts        integer        NOT NULL,
    skipped        integer        NOT NULL,
    gross          numeric(20, 4) NOT NULL,
    withheld       numeric(20, 4) NOT NULL,
    fees           numeric(20, 4) NOT NULL,
    net            numeric(20, 4) NOT NULL,
    proposed_by    uuid           NOT NULL REFERENCES user_account (id),
    approved_by    uuid           REFERENCES user_account (id),
    approved_at    timestamptz,
    -- SHA-256 over what was approved.
    digest         bytea,
    executed_by    uuid           REFERENCES user_account (id),
    executed_at    timestamptz,
    cancelled_by   uuid           REFERENCES user_account (id),
    version        bigint         NOT NULL DEFAULT 1,
    created_at     timestamptz    NOT NULL,
    updated_at     timestamptz    NOT NULL,
    CONSTRAINT payout_batch_by_two CHECK (approved_by <> proposed_by),
    CONSTRAINT payout_batch_approved CHECK (status IN ('proposed', 'cancelled')
        OR num_nonnulls(approved_by, approved_at, digest) = 3),
    CONSTRAINT payout_batch_sums CHECK (gross = withheld + fees + net)
);
CREATE INDEX payout_batch_of_vendor ON payout_batch (vendor_id, id);
CREATE INDEX payout_batch_of_vendor_by_status ON payout_batch (vendor_id, status, id);
CREATE INDEX payout_batch_proposed_by ON payout_batch (proposed_by);
CREATE INDEX payout_batch_approved_by ON payout_batch (approved_by) WHERE approved_by IS NOT NULL;
CREATE INDEX payout_batch_executed_by ON payout_batch (executed_by) WHERE executed_by IS NOT NULL;
CREATE INDEX payout_batch_cancelled_by ON payout_batch (cancelled_by) WHERE cancelled_by IS NOT NULL;

CREATE TABLE payout (
    id                  uuid PRIMARY KEY,
    batch_id            uuid           NOT NULL REFERENCES payout_batch (id),
    vendor_id           uuid           NOT NULL REFERENCES organisation (id),
    partner_id          uuid           NOT NULL REFERENCES organisation (id),
    -- The person, where a person is paid.
    user_id             uuid           REFERENCES user_account (id),
    currency            text           NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    method              text           NOT NULL CHECK (method IN ('pain001', 'nacha', 'stripe', 'manual')),
    -- cancelled: removed, or its batch was. stopped: waits for a person's word.
    status              text           NOT NULL CHECK (status IN ('proposed', 'approved', 'sending', 'sent', 'paid',
        'failed', 'returned', 'stopped', 'cancelled')),
    gross               numeric(20, 4) NOT NULL,
    withheld            numeric(20, 4) NOT NULL CHECK (withheld >= 0),
    fees                numeric(20, 4) NOT NULL CHECK (fees >= 0),
    net                 numeric(20, 4) NOT NULL CHECK (net > 0),
    lines               integer        NOT NULL CHECK (lines > 0),
    -- Where it goes, and what was known of the payee when it was proposed.
    profile_id          uuid           NOT NULL REFERENCES payout_profile (id),
    destination_id      uuid           NOT NULL REFERENCES payout_destination (id),
    masked              text           NOT NULL,
    country             text           NOT NULL,
    withholding_percent numeric(7, 4)  NOT NULL,
    self_billing        boolean        NOT NULL,
    vat_percent         numeric(7, 4),
    self_billing_no     text,
    -- Why it failed, came back or was stopped.
    reason_code         text,
    reason              text,
    -- By which the bank or the payment service names it towards us.
    end_to_end_id       text           NOT NULL,
    -- What the bank or the payment service calls it.
    reference           text,
    -- When the ledger had it leave; null: the money never left.
    posted_at           timestamptz,
    sent_at             timestamptz,
    settled_at          timestamptz,
    -- Calls to a payment service: how many, since when, and when the next is due.
    attempts            integer        NOT NULL DEFAULT 0,
    first_attempt_at    timestamptz,
    due_at              timestamptz,
    resolved_by         uuid           REFERENCES user_account (id),
    version             bigint         NOT NULL DEFAULT 1,
    created_at          timestamptz    NOT NULL,
    updated_at          timestamptz    NOT NULL,
    CONSTRAINT payout_end_to_end UNIQUE (vendor_id, end_to_end_id),
    CONSTRAINT payout_once UNIQUE NULLS NOT DISTINCT (batch_id, partner_id, user_id),
    CONSTRAINT payout_sums CHECK (gross = net + withheld + fees),
    CONSTRAINT payout_posted CHECK (status NOT IN ('sending', 'sent', 'paid', 'returned') OR posted_at IS NOT NULL),
    CONSTRAINT payout_due_while_sending CHECK (due_at IS NULL OR status = 'sending')
);
CREATE INDEX payout_of_batch ON payout (batch_id, id);
CREATE INDEX payout_of_vendor ON payout (vendor_id, id);
CREATE INDEX payout_of_vendor_by_status ON payout (vendor_id, status, id);
CREATE INDEX payout_of_partner ON payout (partner_id, id);
CREATE INDEX payout_of_user ON payout (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX payout_of_profile ON payout (profile_id);
CREATE INDEX payout_destination_used ON payout (destination_id);
CREATE INDEX payout_resolved_by ON payout (resolved_by) WHERE resolved_by IS NOT NULL;
CREATE INDEX payout_by_due ON payout (due_at) WHERE status = 'sending';

-- What was proposed is what is paid.
CREATE FUNCTION payout_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.batch_id, OLD.vendor_id, OLD.partner_id, OLD.user_id, OLD.currency, OLD.gross,
            OLD.withheld, OLD.fees, OLD.net, OLD.lines, OLD.destination_id)
        IS DISTINCT FROM (NEW.batch_id, NEW.vendor_id, NEW.partner_id, NEW.user_id, NEW.currency, NEW.gross,
            NEW.withheld, NEW.fees, NEW.net, NEW.lines, NEW.destination_id) THEN
        RAISE EXCEPTION 'a payout is paid as it was proposed: cancel it and propose another'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payout_stays BEFORE UPDATE OR DELETE ON payout FOR EACH ROW EXECUTE FUNCTION payout_stays();

-- The earnings that a payout pays, kept when it fails and they go into another.
CREATE TABLE payout_line (
    payout_id  uuid           NOT NULL REFERENCES payout (id),
    earning_id uuid           NOT NULL REFERENCES earning (id),
    amount     numeric(20, 4) NOT NULL,
    PRIMARY KEY (payout_id, earning_id)
);
CREATE INDEX payout_line_earning ON payout_line (earning_id);

-- Who was not paid by a batch, and why.
CREATE TABLE payout_skip (
    batch_id   uuid           NOT NULL REFERENCES payout_batch (id),
    no         integer        NOT NULL,
    partner_id uuid           NOT NULL REFERENCES organisation (id),
    user_id    uuid           REFERENCES user_account (id),
    reason     text           NOT NULL CHECK (reason IN ('not_positive', 'below_minimum', 'no_profile', 'other_method',
        'other_currency', 'cooling_off', 'tax_form_missing', 'not_active', 'no_consent')),
    amount     numeric(20, 4) NOT NULL,
    PRIMARY KEY (batch_id, no)
);
CREATE INDEX payout_skip_partner ON payout_skip (partner_id);
CREATE INDEX payout_skip_user ON payout_skip (user_id) WHERE user_id IS NOT NULL;

-- The file of a batch, as it was given to the bank.
CREATE TABLE payout_file (
    batch_id   uuid PRIMARY KEY REFERENCES payout_batch (id),
    name       text        NOT NULL,
    media_type text        NOT NULL,
    bytes      bytea       NOT NULL,
    sha256     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

-- Files of banks that were taken in, and what they brought.
CREATE TABLE payout_status_file (
    vendor_id   uuid        NOT NULL REFERENCES organisation (id),
    sha256      bytea       NOT NULL,
    message_id  text        NOT NULL,
    received_by uuid        REFERENCES user_account (id),
    received_at timestamptz NOT NULL,
    -- The answer that it got.
    result      jsonb       NOT NULL,
    PRIMARY KEY (vendor_id, sha256)
);
CREATE INDEX payout_status_file_received_by ON payout_status_file (received_by) WHERE received_by IS NOT NULL;

-- The numbers of the invoices that a vendor writes for its partners: without gaps within a year.
CREATE TABLE self_billing_no (
    vendor_id uuid    NOT NULL REFERENCES organisation (id),
    year      integer NOT NULL,
    last      bigint  NOT NULL,
    PRIMARY KEY (vendor_id, year)
);
