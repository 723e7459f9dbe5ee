-- Credentials of programs: their ids, and when each was last used, which is no part of the
-- log and may be lost.
CREATE SEQUENCE log.id_credential;

CREATE TABLE cache.credential_uses (
	credential bigint PRIMARY KEY,
	-- used_at is to the minute.
	used_at  timestamptz NOT NULL,
	-- in_clear: a token was once sent unencrypted from another machine.
	in_clear boolean NOT NULL
) WITH (fillfactor = 50);
