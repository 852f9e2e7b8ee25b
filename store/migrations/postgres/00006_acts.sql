-- What people at the operator's did, by command; and orders found by what is rare
-- among them.

-- +goose Up
CREATE TABLE acts (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      BIGINT NOT NULL,
    by_whom TEXT   NOT NULL CHECK (by_whom <> ''),
    what    TEXT   NOT NULL CHECK (what <> ''),
    why     TEXT   NOT NULL CHECK (why <> '')
);

-- +goose StatementBegin
CREATE FUNCTION acts_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'acts are only added to';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER acts_keep BEFORE UPDATE OR DELETE ON acts
    FOR EACH ROW EXECUTE FUNCTION acts_keep();
CREATE TRIGGER acts_keep_all BEFORE TRUNCATE ON acts
    FOR EACH STATEMENT EXECUTE FUNCTION acts_keep();

-- Without these, looking for the few would read all orders.
CREATE INDEX orders_decided ON orders (state, created_at) WHERE state IN ('resolved', 'reversed');
CREATE INDEX orders_given_back ON orders (kind, created_at) WHERE kind IN ('refund', 'reverse');
