ALTER TABLE demo_load
    DROP CONSTRAINT demo_load_scale_check,
    ADD CONSTRAINT demo_load_scale_check CHECK (scale IN ('small', 'large', 'crowded'));
