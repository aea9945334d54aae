-- Keys of names that so many live registrations, or open direct accounts, have that a search for conflicts passes them
-- over unread: by the statistics of ANALYZE, noted now and then.
CREATE TABLE frequent_name_key (
    of_accounts boolean NOT NULL,
    key         bigint  NOT NULL,
    PRIMARY KEY (of_accounts, key)
);
