-- What is known of a stored file; its bytes lie in the object store under its id. They are there before the row is.
CREATE TABLE file (
    id           uuid PRIMARY KEY,
    org_id       uuid        NOT NULL REFERENCES organisation (id),
    uploaded_by  uuid        REFERENCES user_account (id),
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- Decided by its content.
    media_type   text        NOT NULL,
    size         bigint      NOT NULL CHECK (size > 0),
    sha256       bytea       NOT NULL,
    -- What it is attached to: the prefix of an id, and the id. Until then it expires.
    subject_kind text,
    subject_id   uuid,
    -- The organisations that may read it then, and what their member needs to.
    readers      uuid[]      NOT NULL DEFAULT '{}',
    needs        text,
    attached_at  timestamptz,
    created_at   timestamptz NOT NULL,
    CONSTRAINT file_attached CHECK ((subject_kind IS NULL) = (subject_id IS NULL)
        AND (subject_id IS NULL) = (attached_at IS NULL) AND (subject_id IS NULL) = (needs IS NULL))
);
CREATE INDEX file_of_subject ON file (subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX file_unattached ON file (org_id) WHERE subject_id IS NULL;
CREATE INDEX file_of_org ON file (org_id);
CREATE INDEX file_uploaded_by ON file (uploaded_by) WHERE uploaded_by IS NOT NULL;
