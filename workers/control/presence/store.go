package presence

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	loadHosts = `SELECT host, boot, version, seen_at FROM control.hosts`

	saveHosts = `INSERT INTO control.hosts AS h (host, boot, version, seen_at)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[])
		ON CONFLICT (host) DO UPDATE SET boot = excluded.boot, version = excluded.version, seen_at = excluded.seen_at
		WHERE h.seen_at < excluded.seen_at`

	// saveWithin bounds one save.
	saveWithin = 5 * time.Second
)

// restore reads the hosts that earlier processes have known. A restored entry does not
// make a host online; it says since when the host has been offline.
func (p *Presence) restore(ctx context.Context) error {
	rows, err := p.cfg.Pool.Query(ctx, loadHosts)
	if err != nil {
		return err
	}
	defer rows.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for rows.Next() {
		var host int64
		e := &entry{}
		if err := rows.Scan(&host, &e.heartbeat.Boot, &e.heartbeat.Version, &e.seen); err != nil {
			return err
		}
		e.saved = e.seen
		if p.hosts[host] == nil {
			p.hosts[host] = e
		}
	}
	return rows.Err()
}

// save stores the heartbeats since the last save. If it fails, the heartbeats that come
// later are stored by the next one.
func (p *Presence) save(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, saveWithin)
	defer cancel()
	var hosts []int64
	var boots []uuid.UUID
	var versions []string
	var seen []time.Time
	p.mu.Lock()
	for id, e := range p.hosts {
		if e.seen.After(e.saved) {
			hosts, boots = append(hosts, id), append(boots, e.heartbeat.Boot)
			versions, seen = append(versions, e.heartbeat.Version), append(seen, e.seen)
			e.saved = e.seen
		}
	}
	p.mu.Unlock()
	if len(hosts) == 0 {
		return
	}
	if _, err := p.cfg.Pool.Exec(ctx, saveHosts, hosts, boots, versions, seen); err != nil {
		p.cfg.Log.Debug("presence: not saved", "error", err)
	}
}
