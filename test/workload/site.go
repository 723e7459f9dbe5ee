package workload

import (
	"fmt"
	"net/http"

	"github.com/opsledger/opsledger/domain/dns"
)

// server adds, changes and removes servers, which have no agents; as masters
// they are the name servers of all zones.
func (c *client) server() {
	if c.id != serverClient {
		return
	}
	n := c.next()
	s := dns.ServerData{
		Host: fmt.Sprintf("ns%d.example", n), IP: fmt.Sprintf("10.9.%d.%d", n>>8&255, n&255), Env: "prod",
		Type: []string{"master", "slave"}[c.rng.IntN(2)], ZbProcessItem: "1", ZbPortItem: "2", ZbResolveItem: "3", ZbResolveRateID: "4",
	}
	body := map[string]any{"host": s.Host, "ip": s.IP, "env": s.Env, "dns_server_type": s.Type, "zb_process_itemid": "1",
		"zb_port_itemid": "2", "zb_resolve_itemid": "3", "zb_resolve_rate_itemid": "4"}
	switch id := pick(c.rng, c.own.servers, every); {
	case id == 0 || c.rng.IntN(3) == 0:
		if a, ok := c.write("ServerCreated", http.MethodPost, "/dns/servers", body); ok {
			c.own.servers[a.id] = s
		}
	case c.rng.IntN(2) == 0:
		if _, ok := c.write("ServerUpdated", http.MethodPut, resource("servers", id), body); ok {
			c.own.servers[id] = s
		}
	default:
		if _, ok := c.write("ServerDeleted", http.MethodDelete, resource("servers", id), nil); ok {
			delete(c.own.servers, id)
		}
	}
}

func (c *client) configure() {
	if c.id != confClient {
		return
	}
	text := fmt.Sprintf("options {\n  recursion no;\n  version \"soak %d\";\n};\n", c.next())
	if _, ok := c.write("BindConfChanged", http.MethodPost, "/dns/bind_conf", map[string]any{"bind_conf": text}); ok {
		c.own.conf = text
	}
}
