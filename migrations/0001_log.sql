-- The log: the one truth. Rows are added by eventstore's writer under the lock
-- of log.head, and never changed: the triggers below refuse everything else.

CREATE SCHEMA log;

CREATE FUNCTION log.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% of %.% is refused: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
		USING ERRCODE = 'insufficient_privilege';
END $$;

-- ALWAYS: also in a session that plays replica, where other triggers sleep.
CREATE FUNCTION log.make_append_only(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION log.refuse()', relation);
	EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', relation);
END $$;

-- The head: one row, locked by whoever appends. Open creates it, and with it the log's identity.
CREATE TABLE log.head (
	singleton   boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
	log         uuid        NOT NULL,
	position    bigint      NOT NULL,
	recorded_at timestamptz NOT NULL,
	-- The last position of each context: the next event's prev.
	last_access bigint      NOT NULL,
	last_dns    bigint      NOT NULL,
	last_ops    bigint      NOT NULL
) WITH (fillfactor = 10); -- room for hot updates while a long snapshot blocks pruning

CREATE FUNCTION log.move_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.log <> OLD.log OR NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at
		OR NEW.last_access < OLD.last_access OR NEW.last_dns < OLD.last_dns OR NEW.last_ops < OLD.last_ops THEN
		RAISE EXCEPTION 'the head of the log moves forward only' USING ERRCODE = 'insufficient_privilege';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER forward_only BEFORE UPDATE ON log.head FOR EACH ROW EXECUTE FUNCTION log.move_head();
ALTER TABLE log.head ENABLE ALWAYS TRIGGER forward_only;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON log.head FOR EACH STATEMENT EXECUTE FUNCTION log.refuse();
ALTER TABLE log.head ENABLE ALWAYS TRIGGER append_only;

CREATE TABLE log.events (
	position    bigint      NOT NULL,
	prev        bigint      NOT NULL,
	id          uuid        NOT NULL,
	type        text        NOT NULL,
	context     text        NOT NULL,
	schema      smallint    NOT NULL,
	key         bigint      NOT NULL,
	tags        text        NOT NULL, -- one a line
	data        json        NOT NULL, -- json keeps the bytes, jsonb would not
	actor       bigint      NOT NULL,
	command_id  uuid        NOT NULL,
	causation   bigint      NOT NULL, -- 0: none
	correlation uuid        NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (position)
) PARTITION BY RANGE (position);

-- The tag index. Hashes keep it small: tag_hash is the first 8 bytes of the tag's
-- SHA-256, type_hash the first 4 of the type's. Readers look at the event itself,
-- so a collision costs at most one needless conflict.
CREATE TABLE log.event_tags (
	tag_hash  bigint NOT NULL,
	position  bigint NOT NULL,
	type_hash int    NOT NULL,
	PRIMARY KEY (tag_hash, position)
) PARTITION BY RANGE (position);

-- What became of a command that came with an id of its own: events, nothing
-- (first and last are 0), or a refusal. It answers the command's repetition.
CREATE TABLE log.commands (
	command_id  uuid        PRIMARY KEY,
	fingerprint bytea       NOT NULL,
	first       bigint      NOT NULL,
	last        bigint      NOT NULL,
	status      int,  -- of the refusal
	body        json, -- of the refusal
	recorded_at timestamptz NOT NULL
);

SELECT log.make_append_only('log.events');
SELECT log.make_append_only('log.event_tags');
SELECT log.make_append_only('log.commands');

-- The partitions of events and event_tags; lower is in it, upper is not.
CREATE TABLE log.partitions (
	lower bigint PRIMARY KEY,
	upper bigint NOT NULL UNIQUE CHECK (upper > lower)
);

-- A parent's trigger does not see a partition's TRUNCATE, UPDATE or DELETE, so
-- each partition gets its own. ATTACH, unlike CREATE … PARTITION OF, lets readers
-- and writers of the parent go on.
CREATE FUNCTION log.add_partition(lower bigint, upper bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	parent text;
	part   text;
BEGIN
	FOREACH parent IN ARRAY ARRAY['events', 'event_tags'] LOOP
		part := format('log.%I', parent || '_' || lower);
		EXECUTE format('CREATE TABLE %s (LIKE log.%I INCLUDING ALL)', part, parent);
		PERFORM log.make_append_only(part::regclass);
		EXECUTE format('ALTER TABLE log.%I ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', parent, part, lower, upper);
	END LOOP;
	INSERT INTO log.partitions VALUES (lower, upper);
END $$;

-- extend makes sure that the position and two whole partitions beyond its own
-- fit, and returns the first position for which it must be called again. The
-- caller holds the head's lock.
CREATE FUNCTION log.extend(target bigint, size bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	next bigint;
	beyond int;
BEGIN
	LOOP
		SELECT count(*) FILTER (WHERE lower > target), coalesce(max(upper), 1) INTO beyond, next FROM log.partitions;
		EXIT WHEN beyond >= 2 AND next > target;
		PERFORM log.add_partition(next, next + size);
	END LOOP;
	RETURN (SELECT lower FROM log.partitions ORDER BY lower DESC OFFSET 1 LIMIT 1);
END $$;

-- Integer ids come from here. An id is wasted when its command is refused.
-- What is built in has its ids before them: the admin of the first start is
-- user 1, there are seven built-in roles and four built-in privileges. A resource
-- has three privileges, whose ids follow each other.
CREATE SEQUENCE log.id_user START WITH 2;
CREATE SEQUENCE log.id_role START WITH 8;
CREATE SEQUENCE log.id_privilege START WITH 5 INCREMENT BY 3;
CREATE SEQUENCE log.id_server;
CREATE SEQUENCE log.id_view;
CREATE SEQUENCE log.id_zone;
CREATE SEQUENCE log.id_record;
