-- The people who have earned with a vendor, found without looking at the companies' accounts.
CREATE INDEX ledger_account_of_vendor_person ON ledger_account (vendor_id, user_id) WHERE user_id IS NOT NULL;
