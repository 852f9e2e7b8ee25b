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

DROP TRIGGER moves_keep_update;
-- +goose StatementBegin
CREATE TRIGGER moves_keep_update BEFORE UPDATE ON moves
WHEN instr(NEW.note, '[erased]') = 0
    OR (NEW.id, NEW.ref, NEW.at, NEW.from_state, NEW.to_state, NEW.delivery, NEW.cause, NEW.by_whom, NEW.attempt, NEW.code)
    <> (OLD.id, OLD.ref, OLD.at, OLD.from_state, OLD.to_state, OLD.delivery, OLD.cause, OLD.by_whom, OLD.attempt, OLD.code)
BEGIN
    SELECT RAISE(ABORT, 'the trail is only added to');
END;
-- +goose StatementEnd

DROP TRIGGER acts_keep_update;
-- +goose StatementBegin
CREATE TRIGGER acts_keep_update BEFORE UPDATE ON acts
WHEN (NEW.id, NEW.at, NEW.by_whom) <> (OLD.id, OLD.at, OLD.by_whom)
    OR NEW.what <> OLD.what AND instr(NEW.what, '[erased]') = 0
    OR NEW.why <> OLD.why AND instr(NEW.why, '[erased]') = 0
BEGIN
    SELECT RAISE(ABORT, 'acts are only added to');
END;
-- +goose StatementEnd
