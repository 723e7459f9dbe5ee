-- The transparency log: the Merkle tree over the events, and the checkpoints that are signed
-- of it. All of it but the signatures follows from the log and is computed from it.
CREATE SCHEMA translog;

-- A tree for each origin. None is ever deleted: who goes back to an origin goes on with its tree.
CREATE TABLE translog.tree (
    -- origin is what the checkpoints name the log by; under another one another tree begins.
    origin     text    PRIMARY KEY,
    log        uuid    NOT NULL,
    -- size is how many events are in the tiles.
    size       bigint  NOT NULL,
    -- signed_size is that of the newest checkpoint, whose note is checkpoint; 0 and empty
    -- before the first.
    signed_size bigint NOT NULL,
    checkpoint text    NOT NULL,
    -- begun counts, over all origins, when a process began to sign under this one: the origin
    -- with the highest is the one that is published.
    begun      bigint  NOT NULL UNIQUE
) WITH (fillfactor = 10);

-- The tiles by C2SP tlog-tiles: up to 256 hashes, one behind the other. Only the last tile of
-- a level ever changes, and only by growing.
CREATE TABLE translog.tiles (
    origin text     NOT NULL,
    level  smallint NOT NULL,
    n      bigint   NOT NULL,
    hashes bytea    NOT NULL,
    PRIMARY KEY (origin, level, n)
);
-- Hashes cannot be compressed.
ALTER TABLE translog.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- The keys of an origin's checkpoints, in order.
CREATE TABLE translog.keys (
    origin     text   NOT NULL,
    -- since is the position of the event by which the key came, 0 for the first.
    since      bigint NOT NULL,
    -- verifier is the key as a verifier key of a signed note.
    verifier   text   NOT NULL,
    -- checkpoint covers that event and is signed by the key before as well, empty for the first.
    checkpoint text   NOT NULL,
    PRIMARY KEY (origin, since)
);
