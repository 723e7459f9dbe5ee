package zoneimport

import (
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// generated finds the RRsets of the file that are left out, since they are generated, and are
// generated as they stand there without them, and returns what is generated then.
func (c *Comparison) generated() (left map[zonedata.Key]bool, after zonedata.Generated) {
	left = c.candidates()
	for {
		after = zonedata.Generate(c.to.Zone.Name, c.to.Zone.Fleet, c.ttl(), func(key zonedata.Key) *zonedata.RRset {
			if left[key] {
				return nil
			}
			return c.after(key)
		})
		sound := true
		for key := range left {
			if !c.file.Set(key).Equal(after.Sets[key]) {
				delete(left, key)
				sound = false
			}
		}
		if sound {
			return left, after
		}
	}
}

// asked are the owners that [zonedata.Generate] looks at, before the import and after it.
func (c *Comparison) asked() map[string]bool {
	owners := map[string]bool{}
	for _, lookup := range []zonedata.Lookup{c.to.Own, c.after} {
		zonedata.Generate(c.to.Zone.Name, c.to.Zone.Fleet, c.ttl(), func(key zonedata.Key) *zonedata.RRset {
			owners[key.Owner] = true
			return lookup(key)
		})
	}
	return owners
}

// candidates are the RRsets of the file that are generated now, and of which the zone has no
// records.
func (c *Comparison) candidates() map[zonedata.Key]bool {
	left := map[zonedata.Key]bool{}
	for key := range c.to.Zone.Sets {
		if c.file.LenOf(key) > 0 && c.to.Own(key) == nil {
			left[key] = true
		}
	}
	return left
}

// after is an RRset of the zone's own once the file is imported.
func (c *Comparison) after(key zonedata.Key) *zonedata.RRset {
	file := c.file.Set(key)
	if c.mode == Replace {
		return file
	}
	own := c.to.Own(key)
	if file == nil || own == nil {
		if file == nil {
			return own
		}
		return file
	}
	both := &zonedata.RRset{TTL: min(file.TTL, own.TTL), Data: slices.Concat(file.Data, own.Data)}
	slices.Sort(both.Data)
	both.Data = slices.Compact(both.Data)
	return both
}

// ttl is the zone's default TTL once the file is imported.
func (c *Comparison) ttl() uint32 {
	if c.file.SOA != nil {
		return c.file.SOA.TTL
	}
	return c.to.Zone.Settings.TTL()
}

// settings is the change of the zone's settings that the file's SOA asks for, if it does.
func (c *Comparison) settings(after zonedata.Generated) (*dns.ChangeZoneSettings, error) {
	soa := c.file.SOA
	if soa == nil {
		return nil, nil
	}
	is := zonedata.SOA(c.to.Zone.Name, c.to.Zone.Settings, after.Primary, c.to.Zone.Serial)
	in, asks := dns.ZoneSettingsInput{}, false
	for _, name := range []struct {
		to          *dns.Setting[string]
		has, wanted string
	}{{&in.MName, is.Ns, soa.MName}, {&in.RName, is.Mbox, soa.RName}} {
		if dns.FoldName(name.has) != dns.FoldName(name.wanted) {
			*name.to, asks = dns.Setting[string]{Given: true, Value: &name.wanted}, true
		}
	}
	for _, number := range []struct {
		to          *dns.Setting[int64]
		has, wanted uint32
	}{
		{&in.DefaultTTL, is.Hdr.Ttl, soa.TTL}, {&in.Refresh, is.Refresh, soa.Refresh}, {&in.Retry, is.Retry, soa.Retry},
		{&in.Expire, is.Expire, soa.Expire}, {&in.Minimum, is.Minttl, soa.Minimum}, {&in.SerialAtLeast, is.Serial, max(is.Serial, soa.Serial)},
	} {
		if number.has != number.wanted {
			*number.to, asks = dns.Setting[int64]{Given: true, Value: new(int64(number.wanted))}, true
		}
	}
	if !asks {
		return nil, nil
	}
	cmd, err := dns.NewChangeZoneSettings(c.to.ZoneID, in, c.to.Serials, nil)
	if err != nil {
		return nil, refusedAt(soa.Line, err)
	}
	return &cmd, nil
}
