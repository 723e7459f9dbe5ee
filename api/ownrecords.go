package api

import (
	"context"
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/eventstore"
)

// ownRecords are a zone's records in a view under a name, read when they are asked for.
type ownRecords struct {
	now        *dns.Now
	zone, view int64
	name       string
	known      zonedata.Records
	looked     map[string]bool
	err        error
}

func (d *difference) own(p zonedata.Part, name string) *ownRecords {
	return &ownRecords{now: d.now, zone: p.ZoneID, view: p.View, name: dns.FoldName(name), known: zonedata.Records{}, looked: map[string]bool{}}
}

// node is an owner name as the log's records are found by it.
func (o *ownRecords) node(owner string) dns.Node {
	return dns.Node{Zone: o.zone, Host: dns.Respelled(owner)}
}

// at returns the records of an RRset.
func (o *ownRecords) at(key zonedata.Key) []zonedata.Record {
	if !o.looked[key.Owner] && o.err == nil {
		o.looked[key.Owner] = true
		o.err = o.look(o.node(key.Owner))
	}
	return o.known[key]
}

func (o *ownRecords) lookup(key zonedata.Key) *zonedata.RRset { return zonedata.Assemble(o.at(key)) }

func (o *ownRecords) look(node dns.Node) error {
	if eventstore.Undrawn(o.zone) {
		return nil
	}
	if err := o.now.Read(nil, []dns.Node{node}); err != nil {
		return err
	}
	for id, r := range o.now.Records(node) {
		if r.ViewID != o.view {
			continue
		}
		key, data, err := zonedata.Locate(o.name, r)
		if err != nil {
			return fmt.Errorf("record %d: %w", id, err)
		}
		o.known[key] = append(o.known[key], zonedata.Record{ID: id, TTL: r.TTL, Data: data})
	}
	return nil
}

// lookback reads the log as it is now.
type lookback struct {
	ctx   context.Context
	store *eventstore.Store
}

// Load implements [domain.History].
func (l lookback) Load(folds ...domain.Fold) error {
	_, err := l.store.Load(l.ctx, folds...)
	return err
}
