-- A vendor's programs. Each vendor has one that partnerships stand in unless another is named.
CREATE TABLE program (
    id         uuid PRIMARY KEY,
    vendor_id  uuid        NOT NULL REFERENCES organisation (id),
    name       text        NOT NULL,
    is_default boolean     NOT NULL,
    archived_at timestamptz,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT program_name UNIQUE (vendor_id, name),
    CONSTRAINT program_of_vendor UNIQUE (vendor_id, id),
    CONSTRAINT program_default_stays CHECK (NOT is_default OR archived_at IS NULL)
);
CREATE UNIQUE INDEX program_default ON program (vendor_id) WHERE is_default;
CREATE INDEX program_list ON program (vendor_id, id);

-- In the database, so that a vendor without a program can't be, whoever makes it.
CREATE FUNCTION program_for_vendor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'vendor' THEN
        INSERT INTO program (id, vendor_id, name, is_default, created_at, updated_at)
        VALUES (NEW.id, NEW.id, 'Partner program', true, NEW.created_at, NEW.created_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER program_for_vendor AFTER INSERT ON organisation FOR EACH ROW EXECUTE FUNCTION program_for_vendor();

-- The first program of a vendor has the vendor's own UUID: what is registered in it needs no look-up.
INSERT INTO program (id, vendor_id, name, is_default, created_at, updated_at)
SELECT id, id, 'Partner program', true, created_at, created_at FROM organisation WHERE kind = 'vendor';

ALTER TABLE partnership ADD COLUMN program_id uuid;
UPDATE partnership SET program_id = vendor_id;

CREATE FUNCTION partnership_in_program() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.program_id := coalesce(NEW.program_id, NEW.vendor_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER partnership_in_program BEFORE INSERT ON partnership FOR EACH ROW EXECUTE FUNCTION partnership_in_program();

ALTER TABLE partnership ALTER COLUMN program_id SET NOT NULL;
ALTER TABLE partnership ADD CONSTRAINT partnership_program FOREIGN KEY (vendor_id, program_id)
    REFERENCES program (vendor_id, id);
CREATE INDEX partnership_of_program ON partnership (vendor_id, program_id, id);
