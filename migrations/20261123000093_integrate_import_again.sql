-- SHA-256 of the content: by it a file is known that was imported before. Files of before have none.
ALTER TABLE import_file ADD COLUMN digest bytea CHECK (octet_length(digest) = 32);
CREATE INDEX import_file_digest ON import_file (org_id, digest) WHERE digest IS NOT NULL;
