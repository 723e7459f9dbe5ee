package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// viewResource is a view as the API shows it.
type viewResource struct {
	ID        int64
	Name, ACL string
}

// zoneResource is a zone as the API shows it.
type zoneResource struct {
	ID         int64
	Name       string
	Group      dns.ZoneGroup `json:"zone_group"`
	Type       string        `json:"zone_type"`
	Forwarders string
	ViewIDs    []int64 `json:"view_ids"`
}

// errListChanged: pages of a list are of different moments.
var errListChanged = errors.New("the list has changed while it was read, try again")

// allOf reads all pages of a list, whose entries stand below the key.
func allOf[T any](ctx context.Context, c *client, path, key string, id func(T) int64, query url.Values) ([]T, error) {
	var all []T
	seen := map[int64]bool{}
	for page := 1; ; page++ {
		asked := url.Values{"pageSize": {"1000"}, "currentPage": {fmt.Sprint(page)}}
		for name, values := range query {
			asked[name] = values
		}
		var reply map[string]json.RawMessage
		if err := c.ask(ctx, path, asked, &reply); err != nil {
			return nil, err
		}
		var some []T
		var total int
		if err := errors.Join(json.Unmarshal(reply[key], &some), json.Unmarshal(reply["total"], &total)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, item := range some {
			if seen[id(item)] {
				return nil, errListChanged
			}
			seen[id(item)] = true
		}
		if all = append(all, some...); len(some) > 0 && len(all) < total {
			continue
		}
		if len(all) != total {
			return nil, errListChanged
		}
		return all, nil
	}
}

// views are all views, in the order in which they are matched.
func (c *client) views(ctx context.Context) ([]viewResource, error) {
	all, err := allOf(ctx, c, "/dns/views", "views", func(v viewResource) int64 { return v.ID }, nil)
	if err != nil {
		return nil, err
	}
	var order struct {
		IDs []int64 `json:"view_ids"`
	}
	if err := c.ask(ctx, "/v1/views/order", nil, &order); err != nil {
		return nil, err
	}
	byID := map[int64]viewResource{}
	for _, v := range all {
		byID[v.ID] = v
	}
	ordered := make([]viewResource, 0, len(all))
	for _, id := range order.IDs {
		v, has := byID[id]
		if !has {
			return nil, errListChanged
		}
		ordered = append(ordered, v)
	}
	if len(ordered) != len(all) {
		return nil, errListChanged
	}
	return ordered, nil
}

// zones are the zones that name servers serve, of those that the caller may see.
func (c *client) zones(ctx context.Context, query url.Values) ([]zoneResource, error) {
	all, err := allOf(ctx, c, "/dns/zones", "zones", func(z zoneResource) int64 { return z.ID }, query)
	if err != nil {
		return nil, err
	}
	var rendered []zoneResource
	for _, z := range all {
		if z.Group.Rendered() {
			rendered = append(rendered, z)
		}
	}
	return rendered, nil
}

// zone finds the id of a zone that name servers serve.
func (c *client) zone(ctx context.Context, name string) (int64, error) {
	wanted := strings.ToLower(strings.TrimSuffix(name, "."))
	all, err := c.zones(ctx, url.Values{"name": {wanted}})
	if err != nil {
		return 0, err
	}
	for _, z := range all {
		if strings.ToLower(z.Name) == wanted {
			return z.ID, nil
		}
	}
	return 0, fmt.Errorf("there is no zone %q that you may see", name)
}

// mainConfiguration is the BIND configuration, with references in the place of secrets.
func (c *client) mainConfiguration(ctx context.Context) (string, error) {
	var conf struct {
		Text string `json:"bind_conf"`
	}
	err := c.ask(ctx, "/dns/bind_conf", nil, &conf)
	return conf.Text, err
}
