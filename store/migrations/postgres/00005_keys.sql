-- Data keys, each wrapped by a key of the operator. What they sealed names them
-- by number, so a row that is lost is data that is lost.

-- +goose Up
CREATE TABLE keys (
    id         SMALLINT NOT NULL PRIMARY KEY CHECK (id >= 1),
    purpose    TEXT     NOT NULL CHECK (purpose IN ('seal', 'hash')),
    sealed     BYTEA    NOT NULL,
    created_at BIGINT   NOT NULL,
    retired_at BIGINT   NOT NULL DEFAULT 0,
    note       TEXT     NOT NULL DEFAULT ''
);

-- What was hashed must be recognised for ever: one key, never another.
CREATE UNIQUE INDEX keys_hash ON keys (purpose) WHERE purpose = 'hash';

-- +goose StatementBegin
CREATE FUNCTION keys_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'data keys are only added, wrapped again or retired';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER keys_keep BEFORE DELETE OR UPDATE OF id, purpose, created_at, note ON keys
    FOR EACH ROW EXECUTE FUNCTION keys_keep();
CREATE TRIGGER keys_keep_all BEFORE TRUNCATE ON keys
    FOR EACH STATEMENT EXECUTE FUNCTION keys_keep();
