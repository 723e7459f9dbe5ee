-- What became of a client's command is a cache: it answers a repetition for a
-- while, and is no part of the log. The table leaves the append-only ones as it
-- is, so that a command that is known stays known: nothing is copied.
CREATE SCHEMA cache;

DROP TRIGGER append_only ON log.commands;
ALTER TABLE log.commands SET SCHEMA cache;

-- Until when the row is kept at least. The default, which costs no rewrite, gives
-- the rows of before a whole life from now on.
ALTER TABLE cache.commands ADD COLUMN expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days';
CREATE INDEX commands_expiry ON cache.commands (expires_at);

-- A process of the version before that still runs goes on by this name, and meets
-- the same primary key.
CREATE VIEW log.commands AS
	SELECT command_id, fingerprint, first, last, status, body, recorded_at FROM cache.commands;
