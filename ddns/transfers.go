package ddns

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// notifiedOfZone is how many of those who transferred a zone last are notified, and notifiedFor how
// long after their last transfer.
const (
	notifiedOfZone = 32
	notifiedFor    = "interval '24 hours'"
)

// remember notes who has transferred a zone, up to the position that it has in its view.
func (n *notifier) remember(ctx context.Context, a *asked, at placed) error {
	if n.cfg.Pool == nil {
		return nil
	}
	out := &pgx.Batch{}
	out.Queue(`INSERT INTO cache.transfers AS t VALUES ($1, $2, $3, $4, now(), $5)
		ON CONFLICT (zone, view, address, key_name) DO UPDATE SET transferred_at = excluded.transferred_at,
			told = greatest(t.told, excluded.told)`,
		at.ID, at.view, a.from.Addr(), a.signed.key.Name, int64(a.position))
	out.Queue(`DELETE FROM cache.transfers WHERE zone = $1 AND (view, address, key_name) IN
		(SELECT view, address, key_name FROM cache.transfers WHERE zone = $1 ORDER BY transferred_at DESC OFFSET $2)`, at.ID, notifiedOfZone)
	out.Queue("DELETE FROM cache.transfers WHERE transferred_at < now() - " + notifiedFor)
	if err := n.cfg.Pool.SendBatch(ctx, out).Close(); err != nil {
		return fmt.Errorf("note a transfer: %w", err)
	}
	return nil
}

// due is one who is to be notified.
type due struct {
	id, view  int64
	zone, key string
	address   netip.Addr
}

// takeDue returns those who have not been told yet that a zone has changed, and marks them as told. A
// change of the fleet counts as one of each zone: it costs a question to which the serial is the answer.
func takeDue(ctx context.Context, pool *pgxpool.Pool) ([]due, error) {
	const take = `UPDATE cache.transfers t SET told = c.changed
		FROM (SELECT z.name, l.zone_id, l.view_id,
				greatest(l.changed, v.renamed, f.zones_changed, f.names_changed, f.addresses_changed) AS changed
			FROM dns.zone_views l JOIN dns.zones z ON z.id = l.zone_id JOIN dns.views v ON v.id = l.view_id CROSS JOIN dns.fleet f) c
		WHERE c.zone_id = t.zone AND c.view_id = t.view AND c.changed > t.told AND t.transferred_at > now() - ` + notifiedFor + `
		RETURNING c.zone_id, c.view_id, c.name, t.key_name, t.address`
	rows, err := pool.Query(ctx, take)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d due, err error) {
		err = row.Scan(&d.id, &d.view, &d.zone, &d.key, &d.address)
		return d, err
	})
}
