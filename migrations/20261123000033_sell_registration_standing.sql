-- What became of a partner's registrations with a vendor: counted as deals move, never at read. The row is also what
-- two submissions at once queue at, so that a quota holds.
CREATE TABLE registration_standing (
    vendor_id  uuid   NOT NULL REFERENCES organisation (id),
    partner_id uuid   NOT NULL REFERENCES organisation (id),
    registered bigint NOT NULL DEFAULT 0,
    -- Neither over nor refused: submitted, questioned, approved, appealed.
    open       bigint NOT NULL DEFAULT 0,
    approved   bigint NOT NULL DEFAULT 0,
    rejected   bigint NOT NULL DEFAULT 0,
    expired    bigint NOT NULL DEFAULT 0,
    won        bigint NOT NULL DEFAULT 0,
    lost       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (vendor_id, partner_id)
);
CREATE INDEX registration_standing_of_partner ON registration_standing (partner_id, vendor_id);

-- Statement triggers: a load of a million deals touches each row once. In the order of the key, so that two of them
-- can't wait for each other.
CREATE FUNCTION registration_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registration_standing AS s (vendor_id, partner_id, registered, open, approved, rejected, expired, won, lost)
    SELECT vendor_id, partner_id, count(*),
           count(*) FILTER (WHERE status IN ('submitted', 'info_requested', 'approved', 'appealed')),
           count(*) FILTER (WHERE status = 'approved'), count(*) FILTER (WHERE status = 'rejected'),
           count(*) FILTER (WHERE status = 'expired'), count(*) FILTER (WHERE status = 'won'),
           count(*) FILTER (WHERE status = 'lost')
    FROM added GROUP BY vendor_id, partner_id ORDER BY vendor_id, partner_id
    ON CONFLICT (vendor_id, partner_id) DO UPDATE
    SET registered = s.registered + excluded.registered, open = s.open + excluded.open,
        approved = s.approved + excluded.approved, rejected = s.rejected + excluded.rejected,
        expired = s.expired + excluded.expired, won = s.won + excluded.won, lost = s.lost + excluded.lost;
    RETURN NULL;
END
$$;
CREATE TRIGGER registration_counted AFTER INSERT ON deal REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION registration_counted();

CREATE FUNCTION registration_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE registration_standing s
    SET open = s.open + m.open, approved = s.approved + m.approved, rejected = s.rejected + m.rejected,
        expired = s.expired + m.expired, won = s.won + m.won, lost = s.lost + m.lost
    FROM (
        SELECT n.vendor_id, n.partner_id,
               sum((n.status IN ('submitted', 'info_requested', 'approved', 'appealed'))::int
                   - (o.status IN ('submitted', 'info_requested', 'approved', 'appealed'))::int) AS open,
               sum((n.status = 'approved')::int - (o.status = 'approved')::int) AS approved,
               sum((n.status = 'rejected')::int - (o.status = 'rejected')::int) AS rejected,
               sum((n.status = 'expired')::int - (o.status = 'expired')::int) AS expired,
               sum((n.status = 'won')::int - (o.status = 'won')::int) AS won,
               sum((n.status = 'lost')::int - (o.status = 'lost')::int) AS lost
        FROM moved_from o JOIN moved_to n ON n.id = o.id
        WHERE n.status <> o.status
        GROUP BY n.vendor_id, n.partner_id) m
    WHERE s.vendor_id = m.vendor_id AND s.partner_id = m.partner_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER registration_moved AFTER UPDATE ON deal REFERENCING OLD TABLE AS moved_from NEW TABLE AS moved_to
    FOR EACH STATEMENT EXECUTE FUNCTION registration_moved();

INSERT INTO registration_standing (vendor_id, partner_id, registered, open, approved, rejected, expired, won, lost)
SELECT vendor_id, partner_id, count(*),
       count(*) FILTER (WHERE status IN ('submitted', 'info_requested', 'approved', 'appealed')),
       count(*) FILTER (WHERE status = 'approved'), count(*) FILTER (WHERE status = 'rejected'),
       count(*) FILTER (WHERE status = 'expired'), count(*) FILTER (WHERE status = 'won'),
       count(*) FILTER (WHERE status = 'lost')
FROM deal GROUP BY vendor_id, partner_id;
