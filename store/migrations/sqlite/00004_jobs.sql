-- Jobs in lanes, with an end; and since when the buried ones are so.

-- +goose Up
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
-- Not the first of its lane. A job without a lane is never behind, and what is
-- behind can be held by nobody, whoever tries.
ALTER TABLE jobs ADD COLUMN behind INTEGER NOT NULL DEFAULT 0
    CHECK (behind = 0 OR (behind = 1 AND lane <> '' AND owner = '' AND dead = 0));
ALTER TABLE jobs ADD COLUMN until_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN unrun INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN died_at INTEGER NOT NULL DEFAULT 0;
-- Those buried before this have no better time.
UPDATE jobs SET died_at = run_at WHERE dead = 1;

DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (kind, run_at, id) WHERE dead = 0 AND behind = 0;
-- A lane has one first.
CREATE UNIQUE INDEX jobs_lane_first ON jobs (lane) WHERE lane <> '' AND dead = 0 AND behind = 0;
CREATE INDEX jobs_lane_behind ON jobs (lane, id) WHERE dead = 0 AND behind = 1;
CREATE INDEX jobs_dead ON jobs (kind, died_at, id) WHERE dead = 1;

-- A lane that has no first gets its oldest one, by whatever way the last first
-- went.
-- +goose StatementBegin
CREATE TRIGGER jobs_lane_added AFTER INSERT ON jobs WHEN NEW.lane <> ''
BEGIN
    UPDATE jobs SET behind = 0 WHERE id =
        (SELECT id FROM jobs WHERE lane = NEW.lane AND dead = 0 AND behind = 1 ORDER BY id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = NEW.lane AND lane <> '' AND dead = 0 AND behind = 0);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER jobs_lane_finished AFTER DELETE ON jobs WHEN OLD.lane <> '' AND OLD.dead = 0 AND OLD.behind = 0
BEGIN
    UPDATE jobs SET behind = 0 WHERE id =
        (SELECT id FROM jobs WHERE lane = OLD.lane AND dead = 0 AND behind = 1 ORDER BY id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = OLD.lane AND lane <> '' AND dead = 0 AND behind = 0);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER jobs_lane_buried AFTER UPDATE OF dead ON jobs WHEN NEW.lane <> ''
BEGIN
    UPDATE jobs SET behind = 0 WHERE id =
        (SELECT id FROM jobs WHERE lane = NEW.lane AND dead = 0 AND behind = 1 ORDER BY id LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = NEW.lane AND lane <> '' AND dead = 0 AND behind = 0);
END;
-- +goose StatementEnd
