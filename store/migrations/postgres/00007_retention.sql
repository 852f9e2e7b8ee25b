-- What is erased on schedule is found without reading what is not due. And the
-- words beside a move or an act may lose what names a customer who is to be
-- forgotten; everything else of them stays as it is.

-- +goose Up
CREATE INDEX orders_keep_requests ON orders (updated_at)
    WHERE sealed IS NOT NULL AND state IN ('delivered', 'declined', 'resolved', 'reversed');
CREATE INDEX orders_keep_goods ON orders (kind, delivery, updated_at)
    WHERE goods IS NOT NULL AND state IN ('delivered', 'declined', 'resolved', 'reversed');
CREATE INDEX orders_keep_pins ON orders (updated_at)
    WHERE pin_hash IS NOT NULL AND state IN ('delivered', 'declined', 'resolved', 'reversed');

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION moves_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF position('[erased]' IN NEW.note) > 0
            AND (NEW.id, NEW.ref, NEW.at, NEW.from_state, NEW.to_state, NEW.delivery, NEW.cause, NEW.by_whom, NEW.attempt, NEW.code)
            = (OLD.id, OLD.ref, OLD.at, OLD.from_state, OLD.to_state, OLD.delivery, OLD.cause, OLD.by_whom, OLD.attempt, OLD.code) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the trail is only added to';
END;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION acts_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.at, NEW.by_whom) = (OLD.id, OLD.at, OLD.by_whom)
            AND (NEW.what = OLD.what OR position('[erased]' IN NEW.what) > 0)
            AND (NEW.why = OLD.why OR position('[erased]' IN NEW.why) > 0) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'acts are only added to';
END;
$$;
-- +goose StatementEnd
