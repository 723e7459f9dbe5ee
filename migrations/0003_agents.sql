-- What each agent said last, so that a control plane that starts knows it before
-- the agents report again. It follows from the agents and may be lost.
CREATE SCHEMA control;

CREATE TABLE control.agent_reports (
    agent       bigint PRIMARY KEY,
    log         uuid NOT NULL,
    -- report is the agent's message (package workers/protocol, type Report).
    report      jsonb NOT NULL,
    -- applied_at is when the agent was first heard to have applied what report
    -- says, received_at when report came, both by the control plane's clock.
    applied_at  timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);
