package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// target is a zone whose records a case changes.
type target struct {
	id   int64
	name string
}

// operation is one of a batch.
type operation struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Body   map[string]any `json:"body"`
}

// loadBatch is how many operations a load puts into one batch: enough to be
// quick, and few enough to hold nobody up for long.
const loadBatch = 1000

// postBatch has the operations carried out as one and returns where what they
// created is, and the position of the last.
func postBatch(conn *apiConn, token string, operations []operation) (locations []string, position int64, err error) {
	reply, err := post(conn, token, "/v1/batch", map[string]any{"operations": operations})
	if err != nil {
		return nil, 0, err
	}
	var answer struct {
		Results []struct {
			Location string `json:"location"`
		} `json:"results"`
	}
	if err := json.Unmarshal(reply.body, &answer); err != nil {
		return nil, 0, fmt.Errorf("reply to a batch: %w", err)
	}
	if len(answer.Results) != len(operations) {
		return nil, 0, fmt.Errorf("a batch of %d has %d results", len(operations), len(answer.Results))
	}
	for _, r := range answer.Results {
		locations = append(locations, r.Location)
	}
	return locations, reply.position, nil
}

// load carries out n operations in batches and returns the locations.
func (s *session) load(ctx context.Context, n int, make func(i int) operation) (locations []string, position int64, err error) {
	for first := 0; first < n; first += loadBatch {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		operations := []operation{}
		for i := first; i < min(n, first+loadBatch); i++ {
			operations = append(operations, make(i))
		}
		part, last, err := postBatch(s.conn, s.token, operations)
		if err != nil {
			return nil, 0, err
		}
		locations, position = append(locations, part...), last
	}
	return locations, position, nil
}

// loadZones creates zones with some records each and waits until named is
// proved to serve all of it.
func (s *session) loadZones(ctx context.Context, label string, n, records int) ([]target, error) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d.bench.example", label, i)
	}
	zones, position, err := s.createZones(ctx, names)
	if err != nil {
		return nil, err
	}
	if records > 0 {
		if position, err = s.loadRecords(ctx, zones, n*records); err != nil {
			return nil, err
		}
	}
	return zones, s.settled(ctx, position)
}

// createZones creates zones without records.
func (s *session) createZones(ctx context.Context, names []string) (zones []target, position int64, err error) {
	locations, position, err := s.load(ctx, len(names), func(i int) operation {
		return operation{http.MethodPost, "/dns/zones", zoneBody(names[i], s.viewID)}
	})
	if err != nil {
		return nil, 0, err
	}
	for i, location := range locations {
		id, err := idOf(location)
		if err != nil {
			return nil, 0, err
		}
		zones = append(zones, target{id: id, name: names[i]})
	}
	return zones, position, nil
}

// loadRecords creates n records, host0 and so on, the zones taken in turn.
func (s *session) loadRecords(ctx context.Context, zones []target, n int) (position int64, err error) {
	_, position, err = s.load(ctx, n, func(i int) operation {
		host := fmt.Sprintf("host%d", i/len(zones))
		return operation{http.MethodPost, "/dns/records", recordBody(zones[i%len(zones)].id, s.view, host, address(i))}
	})
	return position, err
}
