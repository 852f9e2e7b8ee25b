-- What people wrote in chats, kept until it is worked on; each has a job, of kind
-- chat, with the same key. The key is a keyed hash of the surface's own name, by
-- which a repetition is known.

-- +goose Up
-- Bodies that were erased are gone with the next vacuum, which so comes often.
CREATE TABLE letters (
    key  TEXT   NOT NULL PRIMARY KEY CHECK (key <> ''),
    at   BIGINT NOT NULL,
    -- Sealed, and erased when it was worked on: it can hold a PIN.
    body BYTEA
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX letters_at ON letters (at);
CREATE INDEX letters_bodies ON letters (at) WHERE body IS NOT NULL;

-- +goose Down
DROP TABLE letters;
DELETE FROM jobs WHERE kind = 'chat';
