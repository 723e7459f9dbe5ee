-- The ids of the operations dialect.
CREATE SEQUENCE log.id_machine;
CREATE SEQUENCE log.id_task;

-- When each host was last heard of, so that a control plane that starts knows it.
-- It follows from the hosts and may be lost.
CREATE TABLE control.hosts (
    host     bigint PRIMARY KEY,
    boot     uuid NOT NULL,
    version  text NOT NULL,
    -- seen_at is by the control plane's clock.
    seen_at  timestamptz NOT NULL
);
