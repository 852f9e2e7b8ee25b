-- Jobs in lanes, with an end; and since when the buried ones are so.

-- +goose Up
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- Not the first of its lane. A job without a lane is never behind.
ALTER TABLE jobs ADD COLUMN behind SMALLINT NOT NULL DEFAULT 0 CHECK (behind IN (0, 1));
ALTER TABLE jobs ADD COLUMN until_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN unrun BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN died_at BIGINT NOT NULL DEFAULT 0;
-- Those buried before this have no better time.
UPDATE jobs SET died_at = run_at WHERE dead = 1;

-- What is behind can be held by nobody, whoever tries.
ALTER TABLE jobs ADD CONSTRAINT jobs_behind CHECK (behind = 0 OR (lane <> '' AND owner = '' AND dead = 0));

DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (kind, run_at, id) WHERE dead = 0 AND behind = 0;
-- A lane has one first.
CREATE UNIQUE INDEX jobs_lane_first ON jobs (lane) WHERE lane <> '' AND dead = 0 AND behind = 0;
CREATE INDEX jobs_lane_behind ON jobs (lane, id) WHERE dead = 0 AND behind = 1;
CREATE INDEX jobs_dead ON jobs (kind, died_at, id) WHERE dead = 1;

-- A lane that has no first gets its oldest one, by whatever way the last first
-- went. Whoever adds to a lane or takes from it waits here for the others that
-- do, until their transactions end; and each statement sees what they wrote, at
-- READ COMMITTED. So none that is added is overlooked by one that leaves.
-- +goose StatementBegin
CREATE FUNCTION jobs_lane_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved TEXT := CASE WHEN TG_OP = 'DELETE' THEN OLD.lane ELSE NEW.lane END;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('spaza.jobs.lane.' || moved, 0));
    IF NOT EXISTS (SELECT 1 FROM jobs WHERE lane = moved AND lane <> '' AND dead = 0 AND behind = 0) THEN
        UPDATE jobs SET behind = 0 WHERE id =
            (SELECT id FROM jobs WHERE lane = moved AND dead = 0 AND behind = 1 ORDER BY id LIMIT 1);
    END IF;
    RETURN NULL;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER jobs_lane_added AFTER INSERT ON jobs
    FOR EACH ROW WHEN (NEW.lane <> '') EXECUTE FUNCTION jobs_lane_moves();
CREATE TRIGGER jobs_lane_finished AFTER DELETE ON jobs
    FOR EACH ROW WHEN (OLD.lane <> '' AND OLD.dead = 0 AND OLD.behind = 0) EXECUTE FUNCTION jobs_lane_moves();
CREATE TRIGGER jobs_lane_buried AFTER UPDATE OF dead ON jobs
    FOR EACH ROW WHEN (NEW.lane <> '') EXECUTE FUNCTION jobs_lane_moves();
