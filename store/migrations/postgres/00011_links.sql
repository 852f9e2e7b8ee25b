-- One customer in many chats: who of a surface is which customer, the codes by
-- which that is proved, and what became of a wallet that nobody used for long.

-- +goose Up
-- When the owner of the wallet last proved to be that, beside by an order and a
-- PIN (pin_proved).
ALTER TABLE customers ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
-- The number, as a keyed hash, from which the wallet was put aside, and when.
ALTER TABLE customers ADD COLUMN aside BYTEA;
ALTER TABLE customers ADD COLUMN aside_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX customers_aside ON customers (aside, aside_at) WHERE aside IS NOT NULL;

CREATE TABLE links (
    channel   TEXT   NOT NULL,
    person    TEXT   NOT NULL CHECK (person <> ''),
    customer  TEXT   NOT NULL,
    how       TEXT   NOT NULL,
    linked_at BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (channel, person)
);

CREATE INDEX links_customer ON links (customer, seen_at);
CREATE INDEX links_seen ON links (seen_at);

-- The code that somebody was sent last. Who that is, to which number, and the
-- code are keyed hashes; number and code once more, sealed, for the message.
CREATE TABLE codes (
    person     BYTEA    NOT NULL PRIMARY KEY,
    id         TEXT     NOT NULL UNIQUE,
    number     BYTEA    NOT NULL,
    code       BYTEA    NOT NULL,
    sealed     BYTEA    NOT NULL,
    tries      SMALLINT NOT NULL,
    expires_at BIGINT   NOT NULL
);

CREATE INDEX codes_number ON codes (number);
CREATE INDEX codes_expires ON codes (expires_at);

-- Codes that were sent, to a number and to a person, and wrong tries of a person.
CREATE TABLE code_counts (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what TEXT   NOT NULL,
    whom BYTEA  NOT NULL,
    at   BIGINT NOT NULL
);

CREATE INDEX code_counts_whom ON code_counts (whom, what, at);
CREATE INDEX code_counts_what ON code_counts (what, at);
CREATE INDEX code_counts_at ON code_counts (at);

-- +goose Down
-- A wallet that was put aside keeps its id and its money, and is found by the id.
DROP TABLE code_counts;
DROP TABLE codes;
DROP TABLE links;
DROP INDEX customers_aside;
ALTER TABLE customers DROP COLUMN aside_at;
ALTER TABLE customers DROP COLUMN aside;
ALTER TABLE customers DROP COLUMN used_at;
