-- Data keys, each wrapped by a key of the operator. What they sealed names them
-- by number, so a row that is lost is data that is lost.

-- +goose Up
CREATE TABLE keys (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 32767),
    purpose    TEXT    NOT NULL CHECK (purpose IN ('seal', 'hash')),
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER NOT NULL DEFAULT 0,
    note       TEXT    NOT NULL DEFAULT ''
) STRICT;

-- What was hashed must be recognised for ever: one key, never another.
CREATE UNIQUE INDEX keys_hash ON keys (purpose) WHERE purpose = 'hash';

-- +goose StatementBegin
CREATE TRIGGER keys_keep_delete BEFORE DELETE ON keys
BEGIN
    SELECT RAISE(ABORT, 'data keys are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER keys_keep_update BEFORE UPDATE OF id, purpose, created_at, note ON keys
BEGIN
    SELECT RAISE(ABORT, 'data keys are only wrapped again or retired');
END;
-- +goose StatementEnd
