package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
)

// reach brings the serial of a zone that has no records yet so near to the one of its file that an import
// can reach it. A zone that was just made begins with a low serial, and a file may have one that
// RFC 1982 calls earlier: then it takes two steps, each of which is one that secondaries would take. It is for
// zones that this run has made: of another one, even without records, others may have a copy, and not see the
// step in between. There the import is refused, and says why.
func (in *intake) reach(ctx context.Context, zone int64, view string, wanted uint32) error {
	if in.DryRun || wanted <= dns.SerialReach {
		return nil
	}
	present, err := in.serial(ctx, zone, view)
	if err != nil || wanted <= present || wanted-present <= dns.SerialReach {
		return err
	}
	var records struct{ Total int }
	if err := in.ask(ctx, "/dns/records", url.Values{"zone_id": {fmt.Sprint(zone)}, "pageSize": {"1"}}, &records); err != nil || records.Total > 0 {
		return err
	}
	step := map[string]uint32{"serial_at_least": present + dns.SerialReach}
	_, err = in.write(ctx, http.MethodPut, fmt.Sprintf("/v1/zones/%d/settings", zone), step, &struct{}{})
	return err
}

// serial is that of a zone in a view: its SOA is the first line of its file.
func (c *client) serial(ctx context.Context, zone int64, view string) (uint32, error) {
	reply, err := c.exported(ctx, zone, view)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	line, err := bufio.NewReader(reply.Body).ReadString('\n')
	if err != nil {
		return 0, err
	}
	rr, err := mdns.NewRR(line)
	if soa, isSOA := rr.(*mdns.SOA); err == nil && isSOA {
		return soa.Serial, nil
	}
	return 0, fmt.Errorf("the export of the zone does not begin with an SOA, but with %q", line)
}
