package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/domain/dns"
)

// A dry run asks for each change by itself, so that nothing is there of what those before it would
// make. A zone that is to be made, or to get a view, is therefore asked for as one batch with the
// views that it needs, and with its records: what would be refused is refused, and told.

// write sends a change, or asks what it would do; then no id is known, and to stays as it is.
func (in *intake) write(ctx context.Context, method, path string, change, to any) (int64, error) {
	if !in.DryRun {
		return in.writeInTurn(ctx, method, path, change, to)
	}
	warnings, err := in.try(ctx, method, path, change)
	in.warn(path, warnings)
	return 0, err
}

// rolloutPause is how long the end of a rollout is waited for before a change is sent again.
const rolloutPause = 2 * time.Second

// writeInTurn sends a change, again as long as a rollout is under way: where configurations go out in
// stages, one of the import waits for the one before.
func (in *intake) writeInTurn(ctx context.Context, method, path string, change, to any) (int64, error) {
	for told := false; ; told = true {
		id, err := in.client.write(ctx, method, path, change, to)
		if refused, is := errors.AsType[*refusal](err); !is || !strings.Contains(refused.Text, "a rollout is under way") {
			return id, err
		} else if !told {
			in.say("waiting: %s", refused.Text)
		}
		pause := time.NewTimer(rolloutPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return 0, ctx.Err()
		case <-pause.C:
		}
	}
}

func (in *intake) warn(what string, warnings []string) {
	for _, warning := range warnings {
		in.say("note: %s: %s", what, warning)
	}
}

// trialRecords is how many records are asked for in one batch, trialBytes about how long they are: a
// body has 8 MiB at most.
const trialRecords, trialBytes = 5000, 4 << 20

// trialOperation is one of a batch, and what to call it where it is refused.
type trialOperation struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   any    `json:"body"`
	what   string
}

// trialZone is a [zoneBody] whose views may be such as the batch makes.
type trialZone struct {
	zoneBody
	ViewIDs []any `json:"view_ids"`
}

type trialRecord struct {
	ZoneID any    `json:"zone_id"`
	View   string `json:"view_name"`
	Host   string `json:"host"`
	Type   string `json:"record_type"`
	TTL    uint32 `json:"ttl"`
	Value  string `json:"value"`
}

// wouldLink says whether the zone is to be in a view that a dry run would make.
func (in *intake) wouldLink(z *movein.Zone) bool {
	return slices.ContainsFunc(z.In, func(from movein.Source) bool { _, would := in.would[from.View]; return would })
}

// tryZone asks for a zone, that of the id if there is one, and for the records that it would get.
func (in *intake) tryZone(ctx context.Context, wanted zoneBody, id int64, z *movein.Zone) error {
	base, zone := in.trialOf(wanted, id, z)
	what := titleOf(wanted, z)
	told, refused, err := in.tryAll(ctx, what, base, nil)
	if refused || err != nil {
		return err
	}
	made := "made"
	if id != 0 {
		made = "changed"
	}
	in.say("%s: it would be %s", what, made)
	if z.Forwarders != nil {
		return nil
	}
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
		view, has := in.views[from.View]
		if _, would := in.would[from.View]; !has && !would {
			in.leave("%s: the view is not there", what)
			continue
		}
		if has && slices.Contains(in.zones[z.Name].ViewIDs, view) { // so there is something to compare with
			err = in.importContent(ctx, what, zoneImport{Zone: id, View: from.View, Mode: in.Mode, DryRun: true}, content)
		} else {
			err = in.tryRecords(ctx, what, trialBase{base, told}, zone, from.View, content)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trialOf are the operations that make the views which the zone needs, and then the zone, and how
// operations behind them name the zone.
func (in *intake) trialOf(wanted zoneBody, id int64, z *movein.Zone) (base []trialOperation, zone any) {
	body := trialZone{zoneBody: wanted, ViewIDs: []any{}}
	for _, view := range wanted.ViewIDs {
		body.ViewIDs = append(body.ViewIDs, view)
	}
	for _, from := range z.In {
		if view, would := in.would[from.View]; would {
			body.ViewIDs = append(body.ViewIDs, "$"+strconv.Itoa(len(base)))
			base = append(base, trialOperation{http.MethodPost, "/dns/views", view, "view " + view.Name})
		}
	}
	if id != 0 {
		return append(base, trialOperation{http.MethodPut, fmt.Sprintf("/dns/zones/%d", id), body, "zone " + z.Name}), id
	}
	return append(base, trialOperation{http.MethodPost, "/dns/zones", body, "zone " + z.Name}), "$" + strconv.Itoa(len(base))
}

// trialBase is what each batch of records begins with, and the warnings that were told of it.
type trialBase struct {
	operations []trialOperation
	told       []string
}

// tryRecords asks for records that a zone would get.
func (in *intake) tryRecords(ctx context.Context, what string, base trialBase, zone any, view string, content *movein.Content) error {
	rest, err := content.Inputs()
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		records, err := trialPart(rest, zone, view)
		if err != nil {
			return err
		}
		if _, refused, err := in.tryAll(ctx, what, slices.Concat(base.operations, records), base.told); refused || err != nil {
			return err
		}
		rest = rest[len(records):]
	}
	in.say("%s: %d records would come, serial above %d", what, content.Records(), content.Serial())
	return nil
}

// trialPart are the operations that make the first of some records, those of a host together.
func trialPart(rest []dns.RecordData, zone any, view string) (part []trialOperation, err error) {
	size := 0
	for i, r := range rest {
		full := i >= trialRecords || size >= trialBytes
		if full && dns.FoldName(r.Host) != dns.FoldName(rest[i-1].Host) {
			break
		}
		body, err := json.Marshal(trialRecord{zone, view, r.Host, r.Type, r.TTL, r.Value})
		if err != nil {
			return nil, err
		}
		size += len(body)
		part = append(part, trialOperation{http.MethodPost, "/dns/records", json.RawMessage(body), r.Host + " " + r.Type + " " + r.Value})
	}
	return part, nil
}

// tryAll asks for operations as one batch, and tells of what would be refused, and of warnings but
// for those that were told.
func (in *intake) tryAll(
	ctx context.Context, what string, all []trialOperation, told []string,
) (warnings []string, refused bool, err error) {
	warnings, err = in.try(ctx, http.MethodPost, "/v1/batch", map[string][]trialOperation{"operations": all})
	in.warn(what, slices.DeleteFunc(slices.Clone(warnings), func(w string) bool { return slices.Contains(told, w) }))
	var r *refusal
	if !errors.As(err, &r) || len(r.Operations) == 0 {
		return warnings, err != nil, in.refused(what, err)
	}
	said := make([]string, len(r.Operations))
	for i, o := range r.Operations {
		said[i] = o.Error
		if o.Index >= 0 && o.Index < len(all) {
			said[i] = all[o.Index].what + ": " + o.Error
		}
	}
	in.leave("%s: %s", what, strings.Join(said, "; "))
	return warnings, true, nil
}
