-- The vault: what must never enter the log. Secrets are sealed by the program
-- with a key that the database does not know.

CREATE SCHEMA vault;

-- One row that only the right key opens.
CREATE TABLE vault.check_value (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	sealed    bytea   NOT NULL
);

CREATE TABLE vault.secrets (
	id         uuid        PRIMARY KEY,
	kind       text        NOT NULL,
	-- name is set for secrets of which there is one, such as the token key.
	name       text        UNIQUE,
	sealed     bytea       NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION vault.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% of %.% is refused: secrets are immutable', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER immutable BEFORE UPDATE OR TRUNCATE ON vault.secrets FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse();
ALTER TABLE vault.secrets ENABLE ALWAYS TRIGGER immutable;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON vault.check_value FOR EACH STATEMENT EXECUTE FUNCTION vault.refuse();
ALTER TABLE vault.check_value ENABLE ALWAYS TRIGGER immutable;

-- Personal keys are deleted to erase a person's data; a secret without a name
-- may turn out to be an orphan, written for an event that was never appended.
CREATE FUNCTION vault.keep_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.name IS NOT NULL THEN
		RAISE EXCEPTION 'DELETE of the secret % is refused', OLD.name USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER keep_named BEFORE DELETE ON vault.secrets FOR EACH ROW EXECUTE FUNCTION vault.keep_named();
ALTER TABLE vault.secrets ENABLE ALWAYS TRIGGER keep_named;
