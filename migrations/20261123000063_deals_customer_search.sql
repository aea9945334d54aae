-- Finding deals by the beginning of the customer's name, and by its domain.
CREATE INDEX deal_of_vendor_by_name ON deal (vendor_id, (customer_key COLLATE "C"), id);
CREATE INDEX deal_of_partner_by_name ON deal (partner_id, (customer_key COLLATE "C"), id);
CREATE INDEX deal_of_vendor_by_domain ON deal (vendor_id, customer_domain, id) WHERE customer_domain IS NOT NULL;
CREATE INDEX deal_of_partner_by_domain ON deal (partner_id, customer_domain, id) WHERE customer_domain IS NOT NULL;
