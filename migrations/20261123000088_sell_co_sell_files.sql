-- A document is a link, or a file that lies here.
ALTER TABLE co_sell_document
    ALTER COLUMN url DROP NOT NULL,
    ADD COLUMN file_id uuid REFERENCES file (id),
    ADD CONSTRAINT co_sell_document_is_one CHECK ((url IS NULL) <> (file_id IS NULL));
CREATE UNIQUE INDEX co_sell_document_file ON co_sell_document (file_id) WHERE file_id IS NOT NULL;
