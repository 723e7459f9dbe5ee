-- Who has transferred which zone, and is to be notified of its changes for a while. It is no part of
-- the log: who is not notified asks by itself, by the times of the zone's SOA.
CREATE TABLE cache.transfers (
	zone bigint NOT NULL,
	view bigint NOT NULL,
	address inet NOT NULL,
	-- The TSIG key of the transfer, which signs what the address is told.
	key_name text NOT NULL,
	transferred_at timestamptz NOT NULL,
	-- The position of the zone in the view that the address has, or has been told of.
	told bigint NOT NULL,
	PRIMARY KEY (zone, view, address)
);
