-- The first schema: customers, orders, books, jobs.
-- Times are milliseconds since 1970 UTC (0: not set), money is cents.
-- There is no way down: money that was recorded is not unrecorded.

-- +goose Up
CREATE TABLE customers (
    id         TEXT   NOT NULL PRIMARY KEY,
    msisdn     TEXT   NOT NULL UNIQUE,
    language   TEXT   NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

CREATE TABLE orders (
    ref           TEXT     NOT NULL PRIMARY KEY,
    kind          TEXT     NOT NULL,
    customer      TEXT     NOT NULL,
    product       TEXT     NOT NULL,
    label         TEXT     NOT NULL,
    amount        BIGINT   NOT NULL CHECK (amount >= 0),
    target        TEXT     NOT NULL,
    fund          TEXT     NOT NULL,
    state         TEXT     NOT NULL,
    reason        TEXT     NOT NULL,
    channel       TEXT     NOT NULL,
    op            TEXT     NOT NULL,
    sealed        BYTEA,
    pin_hash      BYTEA,
    provider_ref  TEXT     NOT NULL,
    code          TEXT     NOT NULL,
    call_centre   TEXT     NOT NULL,
    told          SMALLINT NOT NULL CHECK (told IN (0, 1)),
    created_at    BIGINT   NOT NULL,
    first_sent_at BIGINT   NOT NULL,
    updated_at    BIGINT   NOT NULL
);

CREATE INDEX orders_customer ON orders (customer, created_at);
CREATE INDEX orders_pin ON orders (pin_hash, created_at) WHERE pin_hash IS NOT NULL;
CREATE INDEX orders_open ON orders (state, updated_at) WHERE state IN ('sending', 'unknown', 'person');
-- For counting wrong PINs: of one customer, and of all.
CREATE INDEX orders_declined_customer ON orders (kind, customer, created_at) WHERE state = 'declined';
CREATE INDEX orders_declined ON orders (kind, created_at) WHERE state = 'declined';

-- Balances change far more often than rows are added: leave room in each page.
CREATE TABLE accounts (
    id      TEXT   NOT NULL PRIMARY KEY,
    balance BIGINT NOT NULL,
    -- A customer's account is never overdrawn.
    CHECK (balance >= 0 OR substr(id, 1, 5) <> 'cust:')
) WITH (fillfactor = 70);

CREATE TABLE entries (
    id        BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ref       TEXT     NOT NULL,
    kind      TEXT     NOT NULL,
    at        BIGINT   NOT NULL,
    ends_hold SMALLINT NOT NULL CHECK (ends_hold IN (0, 1)),
    UNIQUE (ref, kind)
);

-- A hold is captured or released, once.
CREATE UNIQUE INDEX entries_hold_end ON entries (ref) WHERE ends_hold = 1;

-- Amounts are credit-positive. The two sides of one posting share a line.
CREATE TABLE postings (
    entry_id BIGINT  NOT NULL REFERENCES entries (id),
    line     INTEGER NOT NULL,
    account  TEXT    NOT NULL,
    amount   BIGINT  NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, line, account)
);

CREATE INDEX postings_account ON postings (account, entry_id);

-- A balance is moved by its postings and by nothing else.
-- +goose StatementBegin
CREATE FUNCTION postings_move_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account;
    IF NOT FOUND THEN
        INSERT INTO accounts (id, balance) VALUES (NEW.account, NEW.amount)
        ON CONFLICT (id) DO UPDATE SET balance = accounts.balance + excluded.balance;
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER postings_move_balance BEFORE INSERT ON postings
    FOR EACH ROW EXECUTE FUNCTION postings_move_balance();

-- +goose StatementBegin
CREATE FUNCTION books_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the books are only added to';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER entries_keep BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION books_keep();
CREATE TRIGGER entries_keep_all BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION books_keep();
CREATE TRIGGER postings_keep BEFORE UPDATE OR DELETE ON postings
    FOR EACH ROW EXECUTE FUNCTION books_keep();
CREATE TRIGGER postings_keep_all BEFORE TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION books_keep();

-- Finished jobs are deleted, so the table is small and churns: vacuum by
-- number of rows, not by share of the table.
CREATE TABLE jobs (
    id           BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         TEXT     NOT NULL,
    key          TEXT     NOT NULL,
    data         TEXT     NOT NULL,
    first_run_at BIGINT   NOT NULL,
    run_at       BIGINT   NOT NULL,
    attempt      BIGINT   NOT NULL,
    owner        TEXT     NOT NULL DEFAULT '',
    lease_until  BIGINT   NOT NULL DEFAULT 0,
    dead         SMALLINT NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    note         TEXT     NOT NULL DEFAULT '',
    UNIQUE (kind, key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead = 0;
