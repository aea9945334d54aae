-- What an approver of a chain said: {step, approved, for}, with the user whose approvals were on loan. The chain itself
-- goes when the deal is routed anew; the history keeps its votes.
ALTER TABLE deal_history ADD COLUMN vote jsonb;
