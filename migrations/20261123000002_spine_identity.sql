CREATE TABLE organisation (
    id         uuid PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('vendor', 'partner')),
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    slug       text        NOT NULL,
    country    text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    domain     text,
    status     text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT organisation_slug_taken UNIQUE (slug),
    CONSTRAINT organisation_kind_of UNIQUE (id, kind)
);
CREATE INDEX organisation_vendor ON organisation (id) WHERE kind = 'vendor';

CREATE TABLE user_account (
    id                uuid PRIMARY KEY,
    email             text        NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
    name              text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    password_hash     text,
    email_verified_at timestamptz,
    locale            text        NOT NULL DEFAULT 'en',
    operator          boolean     NOT NULL DEFAULT false,
    status            text        NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    version           bigint      NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT user_account_email_taken UNIQUE (email)
);

CREATE TABLE membership (
    id         uuid PRIMARY KEY,
    org_id     uuid        NOT NULL REFERENCES organisation (id),
    user_id    uuid        NOT NULL REFERENCES user_account (id),
    role       text        NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT membership_exists UNIQUE (org_id, user_id)
);
CREATE INDEX membership_of_user ON membership (user_id);

CREATE TABLE invitation (
    id          uuid PRIMARY KEY,
    org_id      uuid        NOT NULL REFERENCES organisation (id),
    email       text        NOT NULL CHECK (email = lower(email)),
    role        text        NOT NULL,
    token_hash  bytea       NOT NULL,
    invited_by  uuid        REFERENCES user_account (id),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at  timestamptz,
    CONSTRAINT invitation_token UNIQUE (token_hash)
);
CREATE UNIQUE INDEX invitation_pending ON invitation (org_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_of_org ON invitation (org_id, id);
CREATE INDEX invitation_invited_by ON invitation (invited_by);

-- A signed-in device. Its access tokens name it, so ending the row ends them all.
CREATE TABLE session (
    id         uuid PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES user_account (id),
    org_id     uuid        REFERENCES organisation (id),
    user_agent text,
    ip         inet,
    mfa        boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text
);
CREATE INDEX session_of_user ON session (user_id, id);
CREATE INDEX session_org ON session (org_id);
CREATE INDEX session_ended ON session (least(expires_at, revoked_at));

-- Only hashes are kept. A successor is derived from its predecessor by the server's key, so a client that lost
-- the answer gets the same one again within the grace period.
CREATE TABLE refresh_token (
    hash       bytea PRIMARY KEY,
    session_id uuid        NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_age ON refresh_token (issued_at);

-- Single-use links sent by mail.
CREATE TABLE mail_token (
    hash       bytea PRIMARY KEY,
    purpose    text        NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    user_id    uuid        NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    email      text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX mail_token_user ON mail_token (user_id, purpose);

CREATE TABLE totp_factor (
    user_id      uuid PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    secret       bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    -- The last time step accepted: a code is good once (RFC 6238 section 5.2).
    last_step    bigint      NOT NULL DEFAULT 0
);

CREATE TABLE recovery_code (
    user_id uuid  NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    hash    bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (user_id, hash)
);

-- The password was right and the second factor is still owed.
CREATE TABLE mfa_challenge (
    hash       bytea PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    org_id     uuid        REFERENCES organisation (id),
    attempts   integer     NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX mfa_challenge_user ON mfa_challenge (user_id);
CREATE INDEX mfa_challenge_org ON mfa_challenge (org_id);

CREATE TABLE api_key (
    id           uuid PRIMARY KEY,
    org_id       uuid        NOT NULL REFERENCES organisation (id),
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- The first characters of the secret, to recognise it by.
    hint         text        NOT NULL,
    hash         bytea       NOT NULL,
    scopes       text[]      NOT NULL,
    created_by   uuid        NOT NULL REFERENCES user_account (id),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_key_hash UNIQUE (hash)
);
CREATE INDEX api_key_of_org ON api_key (org_id, id);
CREATE INDEX api_key_created_by ON api_key (created_by);

-- Token signing keys (Ed25519). `secret` is sealed; `retired_at` keys still verify until the last token is gone.
CREATE TABLE signing_key (
    kid        text PRIMARY KEY,
    secret     bytea       NOT NULL,
    public     bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);

CREATE TABLE live_ticket (
    hash       bytea PRIMARY KEY,
    session_id uuid        NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    org_id     uuid        REFERENCES organisation (id),
    -- The end of the access token that it was bought with, and so of the socket.
    token_expires_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX live_ticket_org ON live_ticket (org_id);
CREATE INDEX live_ticket_session ON live_ticket (session_id);
CREATE INDEX live_ticket_expiry ON live_ticket (expires_at);
