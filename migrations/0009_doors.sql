-- By which credential of a program an event was made, 0 for a login and the system, and by
-- which door it came; the events of before have neither. The defaults cost no rewrite.
ALTER TABLE log.events
	ADD COLUMN credential bigint NOT NULL DEFAULT 0,
	ADD COLUMN door text NOT NULL DEFAULT '';
