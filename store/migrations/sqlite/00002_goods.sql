-- What was bought, sealed; how often in a row the provider gave its last code;
-- and the last good catalogue.

-- +goose Up
ALTER TABLE orders ADD COLUMN goods BLOB;
ALTER TABLE orders ADD COLUMN code_times INTEGER NOT NULL DEFAULT 0 CHECK (code_times >= 0);
ALTER TABLE orders ADD COLUMN code_since INTEGER NOT NULL DEFAULT 0;

-- One row: a product is no fact of ours, and only the newest list is any good.
CREATE TABLE catalogue (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    text BLOB    NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
