package api

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// serverIDs are the servers of the caller's that events touch, by id: all that have an agent, since
// each serves all zones, or the one that is changed itself.
func (d *difference) serverIDs() ([]int64, error) {
	touched := map[int64]bool{}
	everywhere := d.moved() || slices.ContainsFunc(d.events, dns.Touches)
	for id, s := range d.servers {
		if everywhere && s.Enrolled {
			touched[id] = true
		}
	}
	for _, e := range d.events {
		switch e := e.(type) {
		case dns.ServerUpdated:
			touched[e.ID] = d.servers[e.ID].Enrolled
		case dns.ServerDeleted:
			touched[e.ID] = d.servers[e.ID].Enrolled
		}
	}
	maps.DeleteFunc(touched, func(_ int64, is bool) bool { return !is })
	if len(touched) == 0 || d.request.Caller.Narrow() {
		return []int64{}, nil
	}
	servers, _, err := d.DNS.Servers(d.ctx(), d.request.Viewer(), dnsmodel.ServerFilter{}, query.Everything())
	if err != nil {
		return nil, fmt.Errorf("read servers: %w", err)
	}
	ids := []int64{}
	for _, s := range servers {
		if touched[s.ID] {
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// config is what events make of the BIND main configuration, of which the caller may know.
func (d *difference) config() (*configDiff, error) {
	for _, e := range slices.Backward(d.events) {
		changed, is := e.(dns.BindConfChanged)
		if !is || !d.request.Caller.May(access.EditBindConf()) {
			continue
		}
		before, err := d.DNS.BindConf(d.ctx())
		if errors.Is(err, query.ErrNotFound) {
			before.Text, err = dns.DefaultBindConf, nil
		}
		return &configDiff{Before: before.Text, After: changed.Text}, err
	}
	return nil, nil
}

// configDiff is what changes of the BIND main configuration.
type configDiff struct {
	Before string `json:"before"`
	After  string `json:"after"`
}
