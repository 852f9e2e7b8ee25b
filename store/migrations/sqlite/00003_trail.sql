-- The trail of every order, what a person decided, how far a delivery came, and
-- reversals. Orders can now be found by whom they were for and by the provider's
-- number.

-- +goose Up
ALTER TABLE orders ADD COLUMN resolution TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN delivery TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN original TEXT NOT NULL DEFAULT '';

-- A sale that was paid and whose goods are missing is a state of its own now, in
-- which its hold is spent. Those of before still hold it: a person looks.
UPDATE orders SET state = 'person' WHERE state = 'unknown' AND reason = 'owed';

DROP INDEX orders_open;
CREATE INDEX orders_open ON orders (state, updated_at) WHERE state IN ('confirmed', 'sending', 'unknown', 'owed', 'person');
CREATE INDEX orders_made ON orders (created_at);
CREATE INDEX orders_target ON orders (target, created_at) WHERE target <> '';
CREATE INDEX orders_provider_ref ON orders (provider_ref) WHERE provider_ref <> '';
CREATE INDEX orders_original ON orders (original) WHERE original <> '';
-- What the operator's float paid, by day.
CREATE INDEX orders_merchant ON orders (created_at) WHERE fund = 'merchant';
-- Customers read out the end of a reference.
CREATE INDEX orders_short ON orders (substr(ref, length(ref) - 5));

CREATE TABLE moves (
    id         INTEGER NOT NULL PRIMARY KEY,
    ref        TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    from_state TEXT    NOT NULL,
    to_state   TEXT    NOT NULL,
    delivery   TEXT    NOT NULL,
    cause      TEXT    NOT NULL,
    by_whom    TEXT    NOT NULL,
    attempt    INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    note       TEXT    NOT NULL
) STRICT;

CREATE INDEX moves_ref ON moves (ref, id);
-- A gateway's report finds the order by the gateway's id of the message.
CREATE INDEX moves_message ON moves (note) WHERE cause = 'message' AND note <> '';

-- +goose StatementBegin
CREATE TRIGGER moves_keep_update BEFORE UPDATE ON moves
BEGIN
    SELECT RAISE(ABORT, 'the trail is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER moves_keep_delete BEFORE DELETE ON moves
BEGIN
    SELECT RAISE(ABORT, 'the trail is only added to');
END;
-- +goose StatementEnd
