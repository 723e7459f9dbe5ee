package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	mdns "github.com/miekg/dns"
)

// ixfrChanges is how many records come between two IXFR.
const ixfrChanges = 10

// copies prints what transfers of a large zone take.
func (c *ddnsCase) copies(ctx context.Context, e *Env, s *session, key tsigKey) error {
	e.Progress("a zone of %d records", c.records)
	zones, err := s.loadZones(ctx, "large", 1, c.records)
	if err != nil {
		return err
	}
	zone := zones[0]
	_, records, err := key.copyOf(s.ddns, zone.name)
	if err != nil {
		return err
	}
	conn, err := dialDoor(ctx, s.ddns)
	if err != nil {
		return err
	}
	defer conn.close()
	rows, err := pgx.Connect(ctx, s.databaseURL)
	if err != nil {
		return err
	}
	defer rows.Close(ctx)
	var whole, bare Latencies
	for i := range c.transfers {
		e.Progress("AXFR %d of %d", i+1, c.transfers)
		sent := time.Now()
		if err := conn.transfer(key, new(mdns.Msg).SetAxfr(zone.name+"."), records); err != nil {
			return fmt.Errorf("AXFR: %w", err)
		}
		whole.Add(time.Since(sent))
		sent = time.Now()
		if err := selectRecords(ctx, rows, zone.id); err != nil {
			return err
		}
		bare.Add(time.Since(sent))
	}
	err = e.Print(Line{
		Params: []Field{{"axfr_records", c.records}}, Result: whole.Fields(), Baseline: bare.Fields(),
		Ratio: float64(whole.Percentile(50)) / float64(max(bare.Percentile(50), 1)),
	})
	if err != nil {
		return err
	}
	return c.differences(ctx, e, s, key, conn, zone)
}

// differences prints what IXFR of a few changes takes.
func (c *ddnsCase) differences(ctx context.Context, e *Env, s *session, key tsigKey, conn *doorConn, zone target) error {
	serial, _, err := key.copyOf(s.ddns, zone.name)
	if err != nil {
		return err
	}
	var took Latencies
	for round := range c.transfers {
		_, position, err := s.load(ctx, ixfrChanges, func(i int) operation {
			return operation{http.MethodPost, "/dns/records", recordBody(zone.id, s.view, fmt.Sprintf("new%d-%d", round, i), address(i))}
		})
		if err != nil {
			return err
		}
		if err := s.settled(ctx, position); err != nil {
			return err
		}
		sent := time.Now()
		const four = 4 // SOA records that a difference has
		if err := conn.transfer(key, new(mdns.Msg).SetIxfr(zone.name+".", serial, "a.", "b."), ixfrChanges+four); err != nil {
			return fmt.Errorf("IXFR: %w", err)
		}
		took.Add(time.Since(sent))
		serial = uint32(position)
	}
	return e.Print(Line{Params: []Field{{"ixfr_changes", ixfrChanges}, {"records", c.records}}, Result: took.Fields()})
}

// copyOf transfers a zone, checks all signatures, and returns its serial and how many records came.
func (k tsigKey) copyOf(addr, zone string) (serial uint32, records int, err error) {
	m := new(mdns.Msg).SetAxfr(zone+".").SetTsig(k.Name, mdns.HmacSHA256, 300, time.Now().Unix())
	in := &mdns.Transfer{TsigSecret: map[string]string{k.Name: k.Secret}, ReadTimeout: time.Minute}
	envelopes, err := in.In(m, addr)
	if err != nil {
		return 0, 0, err
	}
	for e := range envelopes {
		if e.Error != nil {
			err = fmt.Errorf("AXFR: %w", e.Error)
		}
		for _, rr := range e.RR {
			if soa, is := rr.(*mdns.SOA); is {
				serial = soa.Serial
			}
		}
		records += len(e.RR)
	}
	return serial, records, err
}

// selectRecords reads what a transfer is made of.
func selectRecords(ctx context.Context, conn *pgx.Conn, zone int64) error {
	rows, err := conn.Query(ctx, "SELECT host, type, ttl, value FROM dns.records WHERE zone_id = $1 ORDER BY place, type", zone)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var host, kind, value string
		var ttl int64
		if err := rows.Scan(&host, &kind, &ttl, &value); err != nil {
			return err
		}
	}
	return rows.Err()
}
