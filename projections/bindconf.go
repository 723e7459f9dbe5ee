package projections

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
)

// BindConf is the BIND main configuration.
type BindConf struct {
	// Text holds references in place of secrets.
	Text string
	// Secrets are the ids of the vault entries that Text refers to.
	Secrets []string
	// Changed is the position of the event that set the configuration.
	Changed domain.Position
}

// BindConf returns the current configuration, or [ErrNotFound] while nobody has
// set one and the default holds.
func (r *Reader) BindConf(ctx context.Context) (BindConf, error) {
	var c BindConf
	err := r.pool.QueryRow(ctx, selectBindConf).Scan(scanBindConf(&c)...)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return c, err
}

const selectBindConf = `SELECT text, secrets, changed FROM dns.bind_conf`

func scanBindConf(c *BindConf) []any { return []any{&c.Text, &c.Secrets, &c.Changed} }
