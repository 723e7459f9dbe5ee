package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/bindio/movein"
	"github.com/opsledger/opsledger/domain/dns"
)

// intake carries out the plan of an import of a BIND.
//
// Invariants:
//  1. Each step compares what is there with the plan, and does nothing where they agree: so a second run
//     appends nothing, and one that was ended goes on. The exception is a zone that was made and got no serial yet.
//  2. Nothing is taken away but what --mode replace takes: views and zones that the BIND does not have stay,
//     and so do the views of a zone. With --only views that are there are left alone, and their order.
//  3. What the API refuses is told and counted, and the rest goes on; what cannot be asked ends it.
type intake struct {
	*bindImport
	plan     *movein.Plan
	contents movein.Contents
	out      io.Writer
	progress *ticker
	// left counts what was not taken.
	left int
	// views are the ids of those that are there, by name; zones what is there, by name.
	views map[string]int64
	zones map[string]zoneResource
	// made is the zone that was just made, and not told of yet.
	made string
	// would are the views that a dry run would make, by name.
	would map[string]viewBody
}

func (in *intake) run(ctx context.Context) error {
	for _, n := range in.plan.Notes {
		if n.LeftOut {
			in.leave("%s", n)
		} else {
			in.say("note: %s", n)
		}
	}
	for _, step := range []func(context.Context) error{in.mainConfiguration, in.takeViews, in.takeZones} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if in.left > 0 {
		return fmt.Errorf("left out: %d, see the lines that begin so", in.left)
	}
	return nil
}

// say prints a line. Nothing in it, which may come from files, ends it or drives a terminal.
func (in *intake) say(format string, args ...any) {
	fmt.Fprintln(in.out, printableLine(fmt.Sprintf(format, args...)))
}

func (in *intake) leave(format string, args ...any) {
	in.left++
	in.say("left out: "+format, args...)
}

// refused counts and tells of a refusal of the API, and returns any other error.
func (in *intake) refused(what string, err error) error {
	var r *refusal
	if !errors.As(err, &r) {
		return err
	}
	in.leave("%s: %s", what, strings.ReplaceAll(r.Error(), "\n", "; "))
	return nil
}

// mainConfiguration makes the BIND configuration what the plan says.
func (in *intake) mainConfiguration(ctx context.Context) error {
	const what = "the BIND configuration"
	if in.plan.Main == "" {
		return nil
	}
	before, err := in.client.mainConfiguration(ctx)
	if err != nil {
		return in.notTaken(what, err)
	}
	wanted, err := dns.ParseBindConf(in.plan.Main)
	if err != nil {
		return err
	}
	if is, err := dns.ReadBindConf(before); err == nil && is.String() == wanted.String() {
		in.say("%s is unchanged", what)
		return nil
	}
	var after struct {
		Text string `json:"bind_conf"`
	}
	if _, err := in.write(ctx, http.MethodPost, "/dns/bind_conf", map[string]string{"bind_conf": in.plan.Main}, &after); err != nil {
		return in.notTaken(what, err)
	}
	if in.DryRun {
		hidden, err := wanted.WithStandIns()
		if err != nil {
			return err
		}
		in.say("%s would be, with other secrets:", what)
		_, err = fmt.Fprintln(in.out, printable(hidden.String()))
		return err
	}
	if after.Text == before {
		in.say("%s is unchanged", what)
	} else {
		in.say("%s is taken", what)
	}
	return nil
}

// notTaken ends the run if the main configuration was refused and restricts anybody: zones would be seen by
// those whom it keeps off.
func (in *intake) notTaken(what string, err error) error {
	if !in.plan.Restricts() {
		return in.refused(what, err)
	}
	return fmt.Errorf("%s is not taken, and says who may ask, recurse or transfer: so nothing else is: %w", what, err)
}

// takeViews makes the views what the plan says, and puts them in its order, before all others.
func (in *intake) takeViews(ctx context.Context) error {
	present, err := in.client.views(ctx)
	if err != nil {
		return err
	}
	in.views, in.would = map[string]int64{}, map[string]viewBody{}
	known := map[string]viewResource{}
	for _, v := range present {
		in.views[v.Name], known[v.Name] = v.ID, v
	}
	var lost []string
	for _, v := range in.plan.Views {
		before := in.left
		if err := in.refused("view "+v.Name, in.takeView(ctx, v, known)); err != nil {
			return err
		}
		if in.left > before {
			lost = append(lost, v.Name)
		} else if len(lost) > 0 {
			in.leave("view %s also gets clients of view %s, which was refused", v.Name, strings.Join(lost, ", "))
		}
	}
	if in.Only != "" {
		return nil // the order is that of all views
	}
	var now, wanted []int64
	for _, v := range in.plan.Views {
		if id, has := in.views[v.Name]; has {
			wanted = append(wanted, id)
		}
	}
	for _, v := range present {
		now = append(now, v.ID)
		if !slices.Contains(wanted, v.ID) {
			wanted = append(wanted, v.ID)
		}
	}
	return in.refused("the order of views", in.orderViews(ctx, now, wanted))
}

type viewBody struct {
	Name string `json:"name"`
	ACL  string `json:"acl"`
}

func (in *intake) takeView(ctx context.Context, v movein.View, known map[string]viewResource) error {
	is, has := known[v.Name]
	var list []string
	for _, e := range v.ACL {
		list = append(list, e.String())
	}
	if has {
		acl, err := dns.ParseACL(is.ACL)
		if in.Only != "" || err == nil && slices.Equal(acl, v.ACL) {
			in.say("view %s is unchanged", v.Name)
			return nil
		}
	}
	body := viewBody{v.Name, strings.Join(list, "\n")}
	method, path := http.MethodPost, "/dns/views"
	if has {
		method, path = http.MethodPut, fmt.Sprintf("/dns/views/%d", is.ID)
	}
	id, err := in.write(ctx, method, path, body, &struct{}{})
	if err != nil {
		return err
	}
	if in.DryRun {
		in.say("view %s would be for %s", v.Name, strings.Join(list, ", "))
		if !has {
			in.would[v.Name] = body
		}
		return nil
	}
	if !has {
		in.views[v.Name] = id
	}
	in.say("view %s is for %s", v.Name, strings.Join(list, ", "))
	return nil
}

func (in *intake) orderViews(ctx context.Context, now, wanted []int64) error {
	if len(in.would) > 0 { // of which no order can be asked for
		in.say("the order of views would be that of the file")
		return nil
	}
	if slices.Equal(now, wanted) || len(wanted) < 2 {
		return nil
	}
	_, err := in.write(ctx, http.MethodPut, "/v1/views/order", map[string][]int64{"view_ids": wanted}, &struct{}{})
	if err == nil && in.DryRun {
		in.say("the order of views would be that of the file")
	} else if err == nil {
		in.say("the order of views is that of the file")
	}
	return err
}
