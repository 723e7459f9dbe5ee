-- Webhooks: their ids, and how far the delivery of each is, which is no history. What a webhook
-- is set to is in the log.
CREATE SEQUENCE log.id_webhook;

CREATE TABLE control.webhooks (
    webhook bigint PRIMARY KEY,
    -- since is the position of the webhook's event by which this delivery began.
    since bigint NOT NULL,
    -- reached is the position up to which everything was delivered, or is not for the webhook.
    reached bigint NOT NULL,
    -- attempts are those since the last success, the first of them at failing_since.
    attempts int NOT NULL DEFAULT 0,
    failing_since timestamptz,
    -- next_try is when a failed delivery is tried again.
    next_try timestamptz,
    -- given_up says why nothing is delivered any more, empty while it is.
    given_up text NOT NULL DEFAULT '',
    last_try timestamptz,
    -- last_status is the status of the reply to the last attempt, 0 for none.
    last_status int NOT NULL DEFAULT 0,
    -- last_error is empty after a success.
    last_error text NOT NULL DEFAULT '',
    last_success timestamptz
) WITH (fillfactor = 50);
