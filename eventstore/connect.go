package eventstore

import (
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connectLimit bounds one attempt to reach the server.
	connectLimit = 2 * time.Second
	// readLimit bounds one read of a decision; a server that is slower counts as away.
	readLimit = 10 * time.Second
)

// pinned keeps latency flat however the log grows: without statistics the
// planner would now and then choose a sequential scan or a hash join over the
// whole log, and JIT costs more than any of these statements.
func pinned() map[string]string {
	return map[string]string{
		"application_name":     "opsledger",
		"jit":                  "off",
		"enable_seqscan":       "off",
		"enable_hashjoin":      "off",
		"enable_mergejoin":     "off",
		"plan_cache_mode":      "force_generic_plan",
		"timezone":             "UTC",
		"tcp_keepalives_idle":  "5", // without effect on a unix socket
		"tcp_keepalives_count": "3",
		"tcp_user_timeout":     "15000",
		// A frozen process must not hold the head's lock for long.
		"idle_in_transaction_session_timeout": "10000",
		"tcp_keepalives_interval":             "3",
	}
}

// readConfig is for the decisions' reads and the pages of the log, which commit
// nothing that matters; ids are drawn with [keepDrawn].
func readConfig(base *pgxpool.Config) *pgxpool.Config {
	c := base.Copy()
	set(c.ConnConfig, "synchronous_commit", "off")
	c.MinConns, c.MinIdleConns = 0, 0
	c.MaxConns = max(c.MaxConns, 8)
	c.PrepareConn, c.AfterRelease, c.AfterConnect, c.BeforeClose = nil, nil, nil, nil
	return c
}

// writeConfig is for the writer's one connection.
func writeConfig(base *pgx.ConnConfig) *pgx.ConnConfig {
	c := base.Copy()
	set(c, "synchronous_commit", "on")
	c.RuntimeParams["lock_timeout"] = "15000"
	c.RuntimeParams["statement_timeout"] = "20000"
	return c
}

func set(c *pgx.ConnConfig, name, value string) {
	c.ConnectTimeout = connectLimit
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	if c.RuntimeParams == nil {
		c.RuntimeParams = map[string]string{}
	}
	maps.Copy(c.RuntimeParams, pinned())
	c.RuntimeParams[name] = value
}
