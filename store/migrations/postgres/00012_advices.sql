-- What a provider must be told of a sale: that it stands, or that it must not. There
-- is one for a reference, for ever: a sale that is confirmed is never undone, and
-- one that is undone never confirmed.

-- +goose Up
-- Bytes that were erased are gone with the next vacuum, which so comes often.
CREATE TABLE advices (
    ref      TEXT     NOT NULL PRIMARY KEY CHECK (ref <> ''),
    undo     SMALLINT NOT NULL CHECK (undo IN (0, 1)),
    op       TEXT     NOT NULL,
    -- Sealed, and erased when it need not be sent any more.
    sealed   BYTEA,
    state    TEXT     NOT NULL CHECK (state IN ('waiting', 'due', 'taken', 'refused', 'dropped')),
    tries    BIGINT   NOT NULL,
    code     TEXT     NOT NULL,
    made_at  BIGINT   NOT NULL,
    tried_at BIGINT   NOT NULL,
    CHECK ((sealed IS NOT NULL) = (state IN ('waiting', 'due')))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX advices_open ON advices (ref) WHERE sealed IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION advices_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an advice stays what it is, and is never deleted';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER advices_keep BEFORE DELETE OR UPDATE OF ref, undo, op, made_at ON advices
    FOR EACH ROW EXECUTE FUNCTION advices_keep();
CREATE TRIGGER advices_keep_all BEFORE TRUNCATE ON advices
    FOR EACH STATEMENT EXECUTE FUNCTION advices_keep();

-- +goose Down
-- A sale that is being undone is asked after again by whoever knows no advices.
UPDATE jobs SET kind = 'order' WHERE kind = 'advice' AND key IN (SELECT ref FROM advices WHERE undo = 1 AND state = 'due');
DELETE FROM jobs WHERE kind = 'advice';
DROP TABLE advices;
DROP FUNCTION advices_keep();
