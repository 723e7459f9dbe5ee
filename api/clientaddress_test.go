package api

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusting := &Kernel{Config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for name, c := range map[string]struct {
		kernel    *Kernel
		remote    string
		forwarded []string
		want      string
	}{
		"direct":             {&Kernel{}, "192.0.2.1:5", nil, "192.0.2.1"},
		"nobody is trusted":  {&Kernel{}, "10.0.0.1:5", []string{"192.0.2.1"}, "10.0.0.1"},
		"a proxy":            {trusting, "10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"mapped":             {trusting, "[::ffff:10.0.0.1]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"made up":            {trusting, "192.0.2.7:5", []string{"192.0.2.1"}, "192.0.2.7"},
		"made up before":     {trusting, "10.0.0.1:5", []string{"1.1.1.1, 192.0.2.1"}, "192.0.2.1"},
		"two proxies":        {trusting, "[::1]:5", []string{"192.0.2.1", "10.1.1.1"}, "192.0.2.1"},
		"with a port":        {trusting, "10.0.0.1:5", []string{"192.0.2.1:77"}, "192.0.2.1"},
		"nonsense":           {trusting, "10.0.0.1:5", []string{"192.0.2.1, unknown"}, "10.0.0.1"},
		"trusted themselves": {trusting, "10.0.0.1:5", []string{"10.0.0.9"}, "10.0.0.9"},
		"none named":         {trusting, "10.0.0.1:5", nil, "10.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := c.kernel.ClientAddress(r); got.String() != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
