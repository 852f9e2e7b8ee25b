-- The first schema: customers, orders, books, jobs.
-- Times are milliseconds since 1970 UTC (0: not set), money is cents.
-- There is no way down: money that was recorded is not unrecorded.

-- +goose Up
CREATE TABLE customers (
    id         TEXT    NOT NULL PRIMARY KEY,
    msisdn     TEXT    NOT NULL UNIQUE,
    language   TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    ref           TEXT    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    customer      TEXT    NOT NULL,
    product       TEXT    NOT NULL,
    label         TEXT    NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    target        TEXT    NOT NULL,
    fund          TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    channel       TEXT    NOT NULL,
    op            TEXT    NOT NULL,
    sealed        BLOB,
    pin_hash      BLOB,
    provider_ref  TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    call_centre   TEXT    NOT NULL,
    told          INTEGER NOT NULL CHECK (told IN (0, 1)),
    created_at    INTEGER NOT NULL,
    first_sent_at INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX orders_customer ON orders (customer, created_at);
CREATE INDEX orders_pin ON orders (pin_hash, created_at) WHERE pin_hash IS NOT NULL;
CREATE INDEX orders_open ON orders (state, updated_at) WHERE state IN ('sending', 'unknown', 'person');
-- For counting wrong PINs: of one customer, and of all.
CREATE INDEX orders_declined_customer ON orders (kind, customer, created_at) WHERE state = 'declined';
CREATE INDEX orders_declined ON orders (kind, created_at) WHERE state = 'declined';

CREATE TABLE accounts (
    id      TEXT    NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL,
    -- A customer's account is never overdrawn.
    CHECK (balance >= 0 OR substr(id, 1, 5) <> 'cust:')
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    id        INTEGER NOT NULL PRIMARY KEY,
    ref       TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    ends_hold INTEGER NOT NULL CHECK (ends_hold IN (0, 1)),
    UNIQUE (ref, kind)
) STRICT;

-- A hold is captured or released, once.
CREATE UNIQUE INDEX entries_hold_end ON entries (ref) WHERE ends_hold = 1;

-- Amounts are credit-positive. The two sides of one posting share a line.
CREATE TABLE postings (
    entry_id INTEGER NOT NULL REFERENCES entries (id),
    line     INTEGER NOT NULL,
    account  TEXT    NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, line, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX postings_account ON postings (account, entry_id);

-- A balance is moved by its postings and by nothing else.
-- +goose StatementBegin
CREATE TRIGGER postings_move_balance BEFORE INSERT ON postings
BEGIN
    INSERT INTO accounts (id, balance) VALUES (NEW.account, 0) ON CONFLICT (id) DO NOTHING;
    UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entries_keep_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the books are only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER entries_keep_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'the books are only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER postings_keep_update BEFORE UPDATE ON postings
BEGIN
    SELECT RAISE(ABORT, 'the books are only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER postings_keep_delete BEFORE DELETE ON postings
BEGIN
    SELECT RAISE(ABORT, 'the books are only added to');
END;
-- +goose StatementEnd

-- Finished jobs are deleted. AUTOINCREMENT keeps their ids from coming back,
-- where they would pass the fence of a job that is gone.
CREATE TABLE jobs (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    data         TEXT    NOT NULL,
    first_run_at INTEGER NOT NULL,
    run_at       INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    owner        TEXT    NOT NULL DEFAULT '',
    lease_until  INTEGER NOT NULL DEFAULT 0,
    dead         INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)),
    note         TEXT    NOT NULL DEFAULT '',
    UNIQUE (kind, key)
) STRICT;

CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead = 0;
