-- What was bought, sealed; how often in a row the provider gave its last code;
-- and the last good catalogue.

-- +goose Up
ALTER TABLE orders ADD COLUMN goods BYTEA;
ALTER TABLE orders ADD COLUMN code_times BIGINT NOT NULL DEFAULT 0 CHECK (code_times >= 0);
ALTER TABLE orders ADD COLUMN code_since BIGINT NOT NULL DEFAULT 0;

-- One row: a product is no fact of ours, and only the newest list is any good.
CREATE TABLE catalogue (
    id   SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    text BYTEA    NOT NULL,
    at   BIGINT   NOT NULL
);
