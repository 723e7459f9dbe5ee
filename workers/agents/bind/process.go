package bind

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/freeport"
)

// process is a named that the engine starts, or takes over from an engine before it.
type process struct {
	child *child.Process
	// failures in a row delay the next start until notBefore.
	failures  int
	notBefore time.Time
	// started is set from a start until the first configuration after it.
	started bool
	// starts counts the starts.
	starts int
}

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 20 * time.Second
)

// done is closed when the child has ended; nil (never) when there is none.
func (p *process) done() <-chan struct{} {
	if p.child == nil {
		return nil
	}
	return p.child.Done()
}

func (p *process) pid() int {
	if p.child == nil {
		return 0
	}
	return p.child.Pid()
}

// startedWithConf says, once after each start, that named has read its
// configuration at that start.
func (p *process) startedWithConf() bool {
	started := p.started
	p.started = false
	return started
}

// takeOver goes on with a named that outlived an earlier engine, or ends it, and makes sure
// that the ports are free: two named on one port would both start and answer in turn.
func (p *process) takeOver(ctx context.Context, e *Engine) error {
	if e.cfg.Outlives && p.adopt(ctx, e) {
		return nil
	}
	if err := endOrphan(ctx, e); err != nil {
		return err
	}
	if err := freeport.Check(netip.AddrPortFrom(loopback, e.local.ControlPort)); err != nil {
		if err := e.moveControl(); err != nil {
			return err
		}
	}
	// named itself would not notice a second named: it shares its ports.
	var err error
	if e.cfg.Claim == nil {
		err = freeport.Check(e.listen)
	}
	if err == nil {
		err = assigned(e.listen.Addr())
	}
	if err != nil {
		return fmt.Errorf("bind: named cannot listen on %s: %w", e.listen, err)
	}
	return nil
}

// keepRunning starts named if it does not run and has a configuration for our ports.
func (p *process) keepRunning(ctx context.Context, e *Engine) error {
	if p.child != nil {
		select {
		case <-p.child.Done():
		default:
			return nil
		}
		e.log.Warn("named has ended", "error", p.child.Err(), "output", lastErrors(e.layout))
		e.ended(fmt.Sprint(p.child.Err()))
		p.child = nil
	}
	if !e.haveConf() || time.Now().Before(p.notBefore) {
		return nil
	}
	return p.start(ctx, e)
}

// haveConf says whether there is a named.conf for the ports that the engine uses.
func (e *Engine) haveConf() bool {
	text, err := os.ReadFile(e.layout.conf())
	head := confHead(confInput{local: e.local, listen: e.listen})
	return err == nil && bytes.HasPrefix(text, []byte(head))
}

// start starts named and waits until its control channel answers. A named that
// runs already is left alone.
func (p *process) start(ctx context.Context, e *Engine) error {
	if p.child != nil {
		return nil
	}
	if wait := time.Until(p.notBefore); wait > 0 {
		return fmt.Errorf("named is started again in %s", wait.Round(time.Millisecond))
	}
	if err := e.cfg.Claim.HandOver(); err != nil {
		e.log.Warn("named may find its port in use", "error", err)
	}
	if err := e.copyProgram(); err != nil {
		p.delayStart()
		return &refusal{text: err.Error()}
	}
	output, err := os.OpenFile(e.layout.output(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		p.delayStart()
		return &refusal{text: err.Error()}
	}
	defer output.Close()
	// By default named has as many threads as there are cores, and a thread that waits
	// for the disk after an update answers no query meanwhile. So named gets one more
	// thread for each update that may be under way.
	threads := runtime.NumCPU() + e.cfg.Workers
	c, err := child.Start(ctx, e.layout.asNamed(child.Spec{
		Name: "named", Path: e.layout.program(), Dir: e.layout.work(),
		Args: []string{"-f", "-n", strconv.Itoa(threads), "-L", e.layout.log(), "-c", e.layout.conf()},
		Log:  output, Capabilities: e.capabilities, Outlives: e.cfg.Outlives,
	}))
	if err != nil {
		p.delayStart()
		return &refusal{text: err.Error()}
	}
	e.metrics.starts.Inc()
	p.starts++
	p.child = c
	if err := p.awaitAnswer(ctx, e, startTimeout); err != nil {
		p.delayStart()
		return err
	}
	p.failures, p.started = 0, true
	return nil
}

// delayStart delays the next start.
func (p *process) delayStart() {
	p.failures++
	p.notBefore = time.Now().Add(min(10*time.Second, 100*time.Millisecond<<min(p.failures, 10)))
}

// awaitAnswer waits until named answers on its control channel.
func (p *process) awaitAnswer(ctx context.Context, e *Engine, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("named does not answer: %w", ctx.Err())
		case <-p.child.Done():
			text := lastErrors(e.layout)
			p.child = nil
			return &refusal{text: "named ended at once: " + text}
		case <-tick.C:
		}
		if _, err := e.control(ctx, "status"); err == nil {
			return nil
		}
	}
}

// leave is the end of the engine: named ends as well, unless it is to go on.
func (p *process) leave(e *Engine) error {
	switch {
	case p.child == nil:
		return nil
	case e.cfg.Outlives:
		e.log.Info("named goes on without the agent", "pid", p.pid())
		p.child.Leave()
		return nil
	default:
		return p.child.Stop(stopTimeout)
	}
}

// lastErrors are the last errors that named logged, else the last line that it logged, or that it wrote
// before its log was open.
func lastErrors(l layout) string {
	for _, path := range []string{l.log(), l.output()} {
		lines := lastLines(path, 16<<10)
		var errs []string
		for _, line := range lines {
			if strings.Contains(line, " critical: ") || strings.Contains(line, "error: ") {
				errs = append(errs, line)
			}
		}
		if len(errs) > 0 {
			return strings.Join(errs[max(0, len(errs)-3):], "; ")
		}
		if len(lines) > 0 && lines[len(lines)-1] != "" {
			return lines[len(lines)-1]
		}
	}
	return ""
}

// lastLines reads the whole lines in the last octets of a file, if it can be read.
func lastLines(path string, octets int64) []string {
	f, err := openNamed(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if _, err := f.Seek(-octets, io.SeekEnd); err != nil {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil
		}
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}
