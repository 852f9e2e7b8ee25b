-- What people at the operator's did, by command; and orders found by what is rare
-- among them.

-- +goose Up
CREATE TABLE acts (
    id      INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    by_whom TEXT    NOT NULL CHECK (by_whom <> ''),
    what    TEXT    NOT NULL CHECK (what <> ''),
    why     TEXT    NOT NULL CHECK (why <> '')
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER acts_keep_update BEFORE UPDATE ON acts
BEGIN
    SELECT RAISE(ABORT, 'acts are only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER acts_keep_delete BEFORE DELETE ON acts
BEGIN
    SELECT RAISE(ABORT, 'acts are only added to');
END;
-- +goose StatementEnd

-- Without these, looking for the few would read all orders.
CREATE INDEX orders_decided ON orders (state, created_at) WHERE state IN ('resolved', 'reversed');
CREATE INDEX orders_given_back ON orders (kind, created_at) WHERE kind IN ('refund', 'reverse');
