-- What conversations need of a customer beside the orders: the wallet PIN and the
-- tries at it, what regular numbers, meters and accounts are called, and which
-- were asked about.

-- +goose Up
-- A hash with its parameters; empty where none is set.
ALTER TABLE customers ADD COLUMN pin TEXT NOT NULL DEFAULT '';
-- When the first one was set, of those that were changed for one another.
ALTER TABLE customers ADD COLUMN pin_since BIGINT NOT NULL DEFAULT 0;
-- When it was last right, until another one is set on the strength of that.
ALTER TABLE customers ADD COLUMN pin_proved BIGINT NOT NULL DEFAULT 0;

-- Tries that were not right, or of which that is not known yet.
CREATE TABLE pin_tries (
    id       BIGINT   NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer TEXT     NOT NULL,
    at       BIGINT   NOT NULL,
    in_run   SMALLINT NOT NULL DEFAULT 1 CHECK (in_run IN (0, 1))
);

CREATE INDEX pin_tries_customer ON pin_tries (customer, id);
CREATE INDEX pin_tries_at ON pin_tries (at);

CREATE TABLE regulars (
    customer     TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    target       TEXT   NOT NULL CHECK (target <> ''),
    nickname     TEXT   NOT NULL,
    named_at     BIGINT NOT NULL,
    -- What was bought until then is not listed.
    forgotten_at BIGINT NOT NULL,
    PRIMARY KEY (customer, kind, target)
);

CREATE INDEX regulars_target ON regulars (target);

-- What was asked about stands under a keyed hash.
CREATE TABLE enquiries (
    customer TEXT   NOT NULL,
    target   BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (customer, target)
);

CREATE INDEX enquiries_at ON enquiries (at);

-- +goose Down
DROP TABLE enquiries;
DROP TABLE regulars;
DROP TABLE pin_tries;
ALTER TABLE customers DROP COLUMN pin_proved;
ALTER TABLE customers DROP COLUMN pin_since;
ALTER TABLE customers DROP COLUMN pin;
