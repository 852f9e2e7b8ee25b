-- Orders of one kind, the newest first: without this, looking for a kind that is
-- seldom sold would read all orders. It has refunds and reversals, too.

-- +goose Up
CREATE INDEX orders_kind ON orders (kind, created_at);
DROP INDEX orders_given_back;
