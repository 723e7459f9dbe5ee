package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/domain/dns"
)

// takeZones makes the zones, and then the records of each, what the plan says.
func (in *intake) takeZones(ctx context.Context) error {
	present, err := in.client.zones(ctx, nil)
	if err != nil {
		return err
	}
	in.zones = map[string]zoneResource{}
	for _, z := range present {
		in.zones[dns.FoldName(z.Name)] = z
	}
	for i, z := range in.plan.Zones {
		in.progress.tell("zone %d of %d: %s", i+1, len(in.plan.Zones), z.Name)
		if err := in.refused("zone "+z.Name, in.takeZone(ctx, z)); err != nil {
			return err
		}
	}
	return nil
}

type zoneBody struct {
	Name       string        `json:"name"`
	Group      dns.ZoneGroup `json:"zone_group"`
	Type       string        `json:"zone_type"`
	Forwarders string        `json:"forwarders"`
	ViewIDs    []int64       `json:"view_ids"`
}

func (in *intake) takeZone(ctx context.Context, z *movein.Zone) error {
	is, has := in.zones[z.Name]
	wanted := zoneBody{Name: z.Name, Group: dns.GroupInternal, Type: dns.ZoneMaster}
	if has {
		wanted = zoneBody{Name: is.Name, Group: is.Group, Type: is.Type, ViewIDs: slices.Clone(is.ViewIDs)}
	}
	if z.Forwarders != nil {
		wanted.Type, wanted.Forwarders = dns.ZoneForwardOnly, dns.FormatForwarders(z.Forwarders)
	}
	if has && wanted.Type != is.Type || has && z.Forwarders == nil && is.Type != dns.ZoneMaster {
		in.leave("zone %s: there is a zone of this name and of another type", z.Name)
		return nil
	}
	in.addViews(&wanted, z)
	if in.DryRun && (!has || !sameZone(wanted, is) || in.wouldLink(z)) {
		return in.tryZone(ctx, wanted, is.ID, z)
	}
	if !has || !sameZone(wanted, is) {
		id, err := in.writeZone(ctx, wanted, is.ID, z)
		if err != nil {
			return err
		}
		is.ID = id
	}
	var err error
	if z.Forwarders == nil {
		err = in.takeRecords(ctx, is.ID, has, wanted, z)
	}
	in.tellMade()
	return err
}

// tellMade tells of the zone that was made: once its serial is in reach of the file's, since a run that is
// ended before cannot go on with a zone of which it does not know whether others have it.
func (in *intake) tellMade() {
	if in.made != "" {
		in.say("%s: it is made", in.made)
	}
	in.made = ""
}

// sameZone says whether there is nothing to change.
func sameZone(wanted zoneBody, is zoneResource) bool {
	slices.Sort(is.ViewIDs)
	slices.Sort(wanted.ViewIDs)
	return slices.Equal(wanted.ViewIDs, is.ViewIDs) && wanted.Forwarders == is.Forwarders
}

func (in *intake) addViews(wanted *zoneBody, z *movein.Zone) {
	for _, from := range z.In {
		id, has := in.views[from.View]
		if has && !slices.Contains(wanted.ViewIDs, id) {
			wanted.ViewIDs = append(wanted.ViewIDs, id)
		}
	}
}

func titleOf(wanted zoneBody, z *movein.Zone) string {
	var views []string
	for _, from := range z.In {
		views = append(views, from.View)
	}
	return fmt.Sprintf("zone %s, %s, in %s", z.Name, wanted.Type, strings.Join(views, ", "))
}

// writeZone makes the zone, or changes the one of the id, which is 0 for none.
func (in *intake) writeZone(ctx context.Context, wanted zoneBody, id int64, z *movein.Zone) (int64, error) {
	what := titleOf(wanted, z)
	if id == 0 {
		made, err := in.write(ctx, http.MethodPost, "/dns/zones", wanted, &struct{}{})
		if err == nil {
			in.made = what
		}
		return made, err
	}
	_, err := in.write(ctx, http.MethodPut, fmt.Sprintf("/dns/zones/%d", id), wanted, &struct{}{})
	if err == nil {
		in.say("%s: it is changed", what)
	}
	return id, err
}

// takeRecords imports the files of a zone, view by view. All have the first one's SOA, of which
// there is one here.
func (in *intake) takeRecords(ctx context.Context, id int64, existed bool, zone zoneBody, z *movein.Zone) error {
	var first *movein.Content
	for _, from := range z.In {
		what := recordsOf(z, from)
		content, err := in.read(ctx, what, z, from, &first)
		if err != nil {
			return err
		}
		if content == nil {
			continue
		}
		view, linked := in.views[from.View]
		if !linked || !slices.Contains(zone.ViewIDs, view) {
			in.leave("%s: the view is not there", what)
			continue
		}
		if !existed {
			if err := in.refused(what, in.reach(ctx, id, from.View, content.Serial())); err != nil {
				return err
			}
		}
		in.tellMade()
		if err := in.importContent(ctx, what, zoneImport{Zone: id, View: from.View, Mode: in.Mode, DryRun: in.DryRun}, content); err != nil {
			return err
		}
	}
	return nil
}

func recordsOf(z *movein.Zone, from movein.Source) string {
	return fmt.Sprintf("%s: zone %s in view %s", from.Place, z.Name, from.View)
}

// read reads what a zone has in a view, and tells of what is odd. It returns nothing where that
// is left out; first is what the first view has.
func (in *intake) read(ctx context.Context, what string, z *movein.Zone, from movein.Source, first **movein.Content) (*movein.Content, error) {
	content, err := in.contents.Read(ctx, z.Name, from)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		in.leave("%s: %s", what, strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil, nil
	}
	for _, note := range content.Notes {
		in.say("note: %s: %s", what, note)
	}
	if *first == nil {
		*first = content
	} else if content.TakeSOA(*first) {
		in.leave("%s: its SOA is another one than in view %s, which is taken for both", what, z.In[0].View)
	}
	return content, nil
}

func (in *intake) importContent(ctx context.Context, what string, to zoneImport, content *movein.Content) error {
	text, err := content.Text()
	if err != nil {
		return err
	}
	done, err := in.importZone(ctx, to, bytes.NewReader(text), in.progress)
	var r *refusal
	if errors.As(err, &r) && len(r.Lines) > 0 {
		in.leave("%s: %s", what, byRecord(r, text))
		return nil
	}
	if err != nil {
		return in.refused(what, err)
	}
	for _, warning := range done.Warnings {
		in.say("note: %s: %s", what, warning)
	}
	fmt.Fprintf(in.out, "%s: ", printableLine(what))
	return done.print(in.out, in.DryRun)
}

// byRecord tells of refused lines by what stands in them: nobody sees the file that was sent.
func byRecord(r *refusal, text []byte) string {
	lines := strings.Split(string(text), "\n")
	said := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		if said[i] = l.Error; l.Line > 0 && l.Line <= len(lines) {
			said[i] = strings.ReplaceAll(lines[l.Line-1], "\t", " ") + ": " + l.Error
		}
	}
	return strings.Join(said, "; ")
}
