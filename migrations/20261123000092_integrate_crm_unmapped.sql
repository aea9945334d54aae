-- What a CRM says may have no name here; the log says so.
ALTER TABLE crm_sync DROP CONSTRAINT crm_sync_outcome_check;
ALTER TABLE crm_sync ADD CONSTRAINT crm_sync_outcome_check
    CHECK (outcome IN ('created', 'updated', 'applied', 'echo', 'stale', 'retried', 'failed', 'disconnected', 'difference',
                       'relinked', 'ignored', 'unmapped'));
