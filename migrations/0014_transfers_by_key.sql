-- Whoever transfers a zone from a secondary's host, with a key of their own, takes nothing from the
-- secondary: each is told of changes in the key that it has transferred with.
ALTER TABLE cache.transfers
	DROP CONSTRAINT transfers_pkey,
	ADD PRIMARY KEY (zone, view, address, key_name);
