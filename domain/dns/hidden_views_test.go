package dns_test

import (
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
)

func TestHiddenViews(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		acls   []string
		hidden []int64
	}{
		{"any before", []string{"any", "10.0.0.0/8"}, []int64{2}},
		{"any behind", []string{"10.0.0.0/8", "any"}, nil},
		{"only one family", []string{"0.0.0.0/0", "any"}, nil},
		{"both families", []string{"0.0.0.0/0", "::/0", "any", "2001:db8::1"}, []int64{3, 4}},
		{"halves", []string{"10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/8"}, []int64{3}},
		{"all but one", []string{"!10.0.0.1 10.0.0.0/8", "10.0.0.1", "10.0.0.2"}, []int64{3}},
		{"negated later counts for nothing", []string{"10.0.0.0/8 !10.0.0.1", "10.0.0.1"}, []int64{2}},
		{"the edges", []string{"!255.255.255.255 !0.0.0.0 any", "255.255.255.255", "0.0.0.0", "::"}, []int64{4}},
		{"without addresses", []string{"any", "none"}, nil},
	} {
		var views []dns.MatchedView
		for i, acl := range c.acls {
			views = append(views, dns.MatchedView{ID: int64(i + 1), ViewData: dns.ViewData{Name: "v", ACL: acl}})
		}
		var got []int64
		for _, h := range dns.HiddenViews(views) {
			got = append(got, h.View.ID)
		}
		if !slices.Equal(got, c.hidden) {
			t.Errorf("%s: %v, want %v", c.name, got, c.hidden)
		}
	}
}
