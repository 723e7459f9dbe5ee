-- A change is what one append wrote. Each of its events says how many events of the
-- change follow it, and how many of those are of its own context: so a reader of the
-- log, and one of a context alone, know where a change ends without looking ahead.
-- What was appended before is a change for each event. The defaults cost no rewrite.
ALTER TABLE log.events
	ADD COLUMN more integer NOT NULL DEFAULT 0,
	ADD COLUMN more_own integer NOT NULL DEFAULT 0;
