-- What a provider must be told of a sale: that it stands, or that it must not. There
-- is one for a reference, for ever: a sale that is confirmed is never undone, and
-- one that is undone never confirmed.

-- +goose Up
CREATE TABLE advices (
    ref      TEXT    NOT NULL PRIMARY KEY CHECK (ref <> ''),
    undo     INTEGER NOT NULL CHECK (undo IN (0, 1)),
    op       TEXT    NOT NULL,
    -- Sealed, and erased when it need not be sent any more.
    sealed   BLOB,
    state    TEXT    NOT NULL CHECK (state IN ('waiting', 'due', 'taken', 'refused', 'dropped')),
    tries    INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    CHECK ((sealed IS NOT NULL) = (state IN ('waiting', 'due')))
) STRICT;

CREATE INDEX advices_open ON advices (ref) WHERE sealed IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER advices_keep_update BEFORE UPDATE OF ref, undo, op, made_at ON advices
BEGIN
    SELECT RAISE(ABORT, 'an advice stays what it is');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER advices_keep_delete BEFORE DELETE ON advices
BEGIN
    SELECT RAISE(ABORT, 'advices are never deleted');
END;
-- +goose StatementEnd

-- +goose Down
-- A sale that is being undone is asked after again by whoever knows no advices.
UPDATE jobs SET kind = 'order' WHERE kind = 'advice' AND key IN (SELECT ref FROM advices WHERE undo = 1 AND state = 'due');
DELETE FROM jobs WHERE kind = 'advice';
DROP TABLE advices;
