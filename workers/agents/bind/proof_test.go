package bind

import (
	"slices"
	"testing"

	mdns "github.com/miekg/dns"
)

// A transfer proves a content if it is just that, beside what signing adds.
func TestProof(t *testing.T) {
	t.Parallel()
	const soa = "a.test. 60 IN SOA ns.a.test. h.a.test. 7 1 1 1 1"
	generated := []string{"a.test. 60 IN NS ns.a.test.", "ns.a.test. 60 IN A 192.0.2.9"}
	const digest = "x.a.test. 60 IN CDS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" // may be signing's, and is the log's
	own := []string{"x.a.test. 60 IN A 192.0.2.1", "x.a.test. 60 IN A 192.0.2.2", "y.a.test. 60 IN TXT \"y\"", digest}
	content := content{zone: "a.test.", sets: map[setKey][]logRecord{}}
	sets, err := collect(content.zone, records(t, own))
	if err != nil {
		t.Fatal(err)
	}
	for key, set := range sets {
		for i, data := range set.rdata {
			content.sets[key] = append(content.sets[key], logRecord{id: int64(i), ttl: set.ttl, rdata: data})
		}
	}
	if content.apex.sets, err = collect(content.zone, records(t, generated)); err != nil {
		t.Fatal(err)
	}
	// one that is generated as absent although the log has records of it
	absent := setKey{"gone", mdns.TypeA}
	content.sets[absent] = content.sets[setKey{"x", mdns.TypeA}]
	content.apex.sets[absent] = nil
	all := []string{generated[0], generated[1], own[0], own[1], own[2]}
	for name, c := range map[string]struct {
		// served comes after all, or instead of them if it has as many.
		served []string
		proved bool
	}{
		"as it is":           {[]string{digest}, true},
		"in another order":   {[]string{own[2], digest, own[1], own[0], generated[1], generated[0]}, true},
		"signed":             {[]string{"a.test. 60 IN NSEC x.a.test. NS SOA", digest}, true},
		"without an RRset":   {nil, false},
		"without generated":  {[]string{generated[0], own[0], own[1], own[2], digest}, false},
		"without a record":   {[]string{generated[0], generated[1], own[0], own[2], digest}, false},
		"with an RRset":      {[]string{digest, "z.a.test. 60 IN A 192.0.2.1"}, false},
		"with another type":  {[]string{digest, "y.a.test. 60 IN A 192.0.2.1"}, false},
		"with the absent":    {[]string{digest, "gone.a.test. 60 IN A 192.0.2.1", "gone.a.test. 60 IN A 192.0.2.2"}, false},
		"another address":    {[]string{generated[0], generated[1], own[0], "x.a.test. 60 IN A 192.0.2.3", own[2], digest}, false},
		"another TTL":        {[]string{generated[0], generated[1], own[0], own[1], "y.a.test. 61 IN TXT \"y\"", digest}, false},
		"an RRset twice":     {[]string{digest, own[2]}, false},
		"an RRset in pieces": {[]string{generated[0], generated[1], own[0], own[2], own[1], digest}, false},
		"outside the zone":   {[]string{digest, "b.test. 60 IN A 192.0.2.1"}, false},
	} {
		if len(c.served) < 4 {
			c.served = append(slices.Clone(all), c.served...)
		}
		p := &proof{content: content, proved: map[setKey]struct{}{}}
		for _, rr := range records(t, append([]string{soa}, c.served...)) {
			p.take(rr)
		}
		if err := p.end(); (err == nil) != c.proved || p.soa == nil || p.soa.Serial != 7 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func records(t *testing.T, texts []string) (rrs []mdns.RR) {
	t.Helper()
	for _, text := range texts {
		rr, err := mdns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	return rrs
}

// A comparison takes away what the log no longer has, also keys and what is about them, and leaves what
// signing makes.
func TestSigningIsLeftAlone(t *testing.T) {
	t.Parallel()
	const (
		keys     = "a.test. 60 IN CDNSKEY 257 3 8 AwEAAQ=="
		below    = "x.a.test. 60 IN CDNSKEY 257 3 8 AwEAAQ=="
		signed   = "a.test. 60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 a.test. AAAA"
		chain    = "x.a.test. 60 IN NSEC a.test. A"
		progress = "a.test. 60 IN TYPE65534 \\# 5 0800010000"
	)
	for name, c := range map[string]struct{ served, gone []string }{
		"keys of an unsigned zone": {[]string{keys, progress}, []string{"@ CDNSKEY"}},
		"keys of a signed zone":    {[]string{keys, signed, chain, progress}, nil},
		"keys below the apex":      {[]string{below, signed, chain}, []string{"x CDNSKEY"}},
	} {
		held, err := collect("a.test.", records(t, c.served))
		if err != nil {
			t.Fatal(err)
		}
		var gone []string
		for _, change := range (content{zone: "a.test."}).diff(held) {
			gone = append(gone, change.key.owner+" "+mdns.TypeToString[change.key.rrtype])
		}
		if !slices.Equal(gone, c.gone) {
			t.Errorf("%s: %v goes, want %v", name, gone, c.gone)
		}
	}
}
