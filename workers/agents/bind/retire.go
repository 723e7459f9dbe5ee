package bind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Retire ends the service of a server that was deleted: its zones must not be answered for by a named that nobody
// changes any more. It is called after Run has returned.
//
// Invariants:
//  1. When it returns nil, named serves no zone and no recursion, and does not after its next start. An engine's own
//     named has ended; one that the system runs has a configuration that refuses all questions.
//  2. What the engine has stored is removed last: who was cut short, or refused by named, may begin anew.
func (e *Engine) Retire(ctx context.Context) error {
	defer e.rndc.Close()
	gone := e.layout.stateOfService()
	if e.cfg.Supervise {
		if err := endOrphan(ctx, e); err != nil {
			return err
		}
		gone = append(gone, e.layout.ownOfNamed()...)
	} else if err := e.refuseAll(ctx); err != nil {
		return err
	}
	var errs []error
	for _, path := range gone {
		errs = append(errs, os.RemoveAll(path))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("bind: remove what was stored: %w", err)
	}
	return nil
}

// refuseAll has a named that the system runs refuse all questions, now or from its next start on.
func (e *Engine) refuseAll(ctx context.Context) error {
	if err := e.layout.write(e.layout.conf(), []byte(retiredConf(confInput{local: e.local, listen: e.listen, layout: e.layout}))); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	_, err := e.controlAlone(ctx, "reconfig")
	if err == nil || !isDefinite(err) && e.orphan() == 0 {
		return nil // one that does not run starts with the file
	}
	return fmt.Errorf("bind: named still serves the zones of a server that was deleted: %w", err)
}

// retiredConf is the configuration of a named without zones. It keeps the ports and the key, so that named can be told
// of another one.
func retiredConf(in confInput) string {
	var w confWriter
	w.line("%s The server was deleted: nothing is served. Do not edit.", confHead(in))
	w.key(controlKeyName, in.local.ControlSecret)
	w.controls(in.local)
	w.ownLogging(in.layout)
	w.open("options")
	w.line("directory %s;", quoted(in.layout.work()))
	w.places(in.layout)
	w.listen(in.listen)
	w.line("recursion no;")
	w.line("allow-query { none; };")
	w.line("allow-transfer { none; };")
	w.close()
	return w.out.String()
}

// stateOfService are the files and folders of zones and of the desired state.
func (l layout) stateOfService() []string {
	return []string{l.stored(), l.goodText(), l.zones(), l.databases()}
}

// ownOfNamed are those that a named of the engine's own needs to run.
func (l layout) ownOfNamed() []string {
	return []string{l.conf(), l.local(), l.work(), l.output(), filepath.Dir(l.program())}
}
