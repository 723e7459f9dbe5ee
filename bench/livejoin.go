package bench

import (
	"context"
	"fmt"
	"time"
)

// serve has a name server serve the zones, and says what that took.
func (r *liveRun) serve(ctx context.Context) error {
	create := r.createBefore
	if r.whileServing {
		create = r.createWhileServing
	}
	if err := create(ctx); err != nil {
		return err
	}
	if !r.restart {
		return nil
	}
	return r.again(ctx, "restarted")
}

// createWhileServing creates the zones in a plane whose name server serves: each
// is added to a running named.
func (r *liveRun) createWhileServing(ctx context.Context) (err error) {
	if r.session, err = openSession(ctx, r.env); err != nil {
		return err
	}
	return r.create(ctx, "created and proved")
}

// createBefore creates the zones in a plane without a name server, and then has
// one join.
func (r *liveRun) createBefore(ctx context.Context) error {
	dir, err := planeFolder(r.env)
	if err != nil {
		return err
	}
	p, err := launch(ctx, r.env, dir, "serve")
	if err != nil {
		return err
	}
	if r.session, err = p.openSession(ctx, r.env); err != nil {
		return err
	}
	if err := r.create(ctx, "created"); err != nil {
		return err
	}
	return r.again(ctx, "joined")
}

func (r *liveRun) create(ctx context.Context, what string) (err error) {
	r.env.Progress("live: creating %d zones", r.zones)
	began := time.Now()
	if r.targets, err = r.loadZones(ctx, "zone", r.zones, r.records); err != nil {
		return err
	}
	took := time.Since(began)
	return r.env.Print(Line{
		Params: []Field{{"zones", r.zones}, {"records_each", r.records}, {"event", what}},
		Result: []Field{{"took_s", took.Seconds()}, {"zones_per_s", PerSecond(r.zones, took)}},
	})
}

// again starts the plane anew on its folder, now with a name server, and takes
// the times until that serves, until it serves a record that was created then,
// and until it is proved to serve everything.
func (r *liveRun) again(ctx context.Context, what string) error {
	before := r.session
	began := time.Now()
	if err := before.process.Stop(stopLimit); err != nil {
		return err
	}
	stopped := time.Since(began)
	began = time.Now()
	p, err := launch(ctx, r.env, before.dir, "dev", "--dns", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := p.noteNamed(ctx, r.env); err != nil {
		return err
	}
	if r.session, err = p.login(ctx); err != nil {
		return err
	}
	s := r.session
	r.env.Defer(func() error { s.close(); return nil })
	s.view, s.viewID = before.view, before.viewID
	ready := time.Since(began)
	last := r.targets[len(r.targets)-1]
	reply, err := s.post("/dns/records", recordBody(last.id, s.view, what, address(1)))
	if err != nil {
		return err
	}
	if err := s.answers(ctx, what+"."+last.name+".", address(1)); err != nil {
		return fmt.Errorf("after the plane was %s: %w", what, err)
	}
	live := time.Since(began)
	if err := s.settled(ctx, reply.position); err != nil {
		return err
	}
	return r.env.Print(Line{
		Params: []Field{{"zones", r.zones}, {"name_server", what}},
		Result: []Field{{"stop_s", stopped.Seconds()}, {"ready_s", ready.Seconds()}, {"live_s", live.Seconds()}, {"proved_s", time.Since(began).Seconds()}},
	})
}

// answers waits until named answers with the name's address.
func (s *session) answers(ctx context.Context, name, address string) error {
	asker, err := dialResolver(s.dns)
	if err != nil {
		return err
	}
	defer asker.close()
	return asker.until(ctx, name, address)
}
