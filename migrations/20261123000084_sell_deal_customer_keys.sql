-- Names of customers are read another way than at first: other alphabets are spelled in Latin letters, and more words
-- are set aside. What was registered before gets its keys anew, by a deadline that goes through the deals.
INSERT INTO timer (kind, subject, at, due_at)
SELECT 'deal_customer_keys', '00000000-0000-0000-0000-000000000000', now(), now()
WHERE EXISTS (SELECT FROM deal);
