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
	"github.com/opsledger/opsledger/internal/wholefile"
)

// process is named as a private child.
type process struct {
	child *child.Process
	// output is what the child wrote to standard error, before its log was open.
	output *outputTail
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

// takeOver ends a named that outlived an earlier engine, and makes sure that the
// ports are free: two named on one port would both start and answer in turn.
func (p *process) takeOver(ctx context.Context, e *Engine) error {
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
	return e.copyProgram()
}

// keepRunning starts named if it does not run and has a configuration for our ports.
func (p *process) keepRunning(ctx context.Context, e *Engine) error {
	if p.child != nil {
		select {
		case <-p.child.Done():
		default:
			return nil
		}
		e.log.Warn("named has ended", "error", p.child.Err(), "output", p.lastErrors(e))
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
	p.output = &outputTail{}
	// By default named has as many threads as there are cores, and a thread that waits
	// for the disk after an update answers no query meanwhile. So named gets one more
	// thread for each update that may be under way.
	threads := runtime.NumCPU() + e.cfg.Workers
	c, err := child.Start(ctx, e.layout.asNamed(child.Spec{
		Name: "named", Path: e.layout.program(), Dir: e.layout.work(),
		Args: []string{"-f", "-n", strconv.Itoa(threads), "-L", e.layout.log(), "-c", e.layout.conf()},
		Log:  p.output, Capabilities: e.capabilities,
	}))
	if err != nil {
		p.delayStart()
		return &refusal{text: err.Error()}
	}
	e.metrics.starts.Inc()
	p.starts++
	p.child = c
	if err := p.awaitAnswer(ctx, e); err != nil {
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
func (p *process) awaitAnswer(ctx context.Context, e *Engine) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("named does not answer: %w", ctx.Err())
		case <-p.child.Done():
			text := p.lastErrors(e)
			p.child = nil
			return &refusal{text: "named ended at once: " + text}
		case <-tick.C:
		}
		if _, err := e.control(ctx, "status"); err == nil {
			return nil
		}
	}
}

func (p *process) stop() error {
	if p.child == nil {
		return nil
	}
	return p.child.Stop(stopTimeout)
}

// lastErrors are the last errors that named logged, else the last line that it
// wrote.
func (p *process) lastErrors(e *Engine) string {
	lines := lastLines(e.layout.log(), 16<<10)
	var errs []string
	for _, line := range lines {
		if strings.Contains(line, " critical: ") || strings.Contains(line, "error: ") {
			errs = append(errs, line)
		}
	}
	if len(errs) > 0 {
		return strings.Join(errs[max(0, len(errs)-3):], "; ")
	}
	if len(lines) > 0 {
		return lines[len(lines)-1]
	}
	return p.output.String()
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

// copyProgram copies named into the engine's folder: a distribution's AppArmor
// profile for the original would keep named out of that folder.
func (e *Engine) copyProgram() error {
	data, err := os.ReadFile(e.cfg.NamedPath)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if own, err := os.ReadFile(e.layout.program()); err == nil && bytes.Equal(own, data) {
		return nil
	}
	if err := wholefile.Write(e.layout.program(), data, 0o755); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}
