-- What each host said last that it offers. It follows from the hosts and may be lost.
CREATE TABLE control.host_offers (
    host      bigint PRIMARY KEY,
    -- enrolment is the position of the enrolment that the host's agent spoke under: what an
    -- earlier agent of the machine offered says nothing.
    enrolment bigint NOT NULL,
    -- offers is the host's message (package protocol, type HostOffers).
    offers    jsonb NOT NULL,
    told_at   timestamptz NOT NULL
);

-- The processes of agents that asked for orders lately, and which of those with one identity
-- gets them. It follows from the agents and may be lost.
CREATE TABLE control.sessions (
    kind        text NOT NULL,
    agent       bigint NOT NULL,
    boot        uuid NOT NULL,
    instance    uuid NOT NULL,
    enrolment   bigint NOT NULL,
    host        text NOT NULL,
    address     text NOT NULL,
    -- started_at is by the agent's clock, the others are by the database's.
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    holds       boolean NOT NULL,
    -- replaced_at is when a process of the same instance took its place.
    replaced_at timestamptz,
    PRIMARY KEY (kind, agent, boot)
) WITH (fillfactor = 50);
