package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/workers/agents/executor/supervise"
)

// Directives of programs: a line of standard output that begins like this is not
// output.
const (
	percentDirective = "##percent "
	resultDirective  = "##result "
)

// runProgram runs the action's program.
func (j *job) runProgram(ctx context.Context) outcome {
	if err := j.act.checkProgram(); err != nil {
		return failed(err)
	}
	meter := &meter{limit: j.act.limits.output}
	stdout, stderr := &splitter{line: j.outputLine}, &splitter{line: func(text string) { j.logs.add(stderrStream, text) }}
	end, err := j.supervised(ctx, j.programSpec(), meter.before(stdout), meter.before(stderr))
	stdout.flush()
	stderr.flush()
	if err != nil {
		return failed(err)
	}
	j.mu.Lock()
	out := outcome{state: ops.Succeeded, message: end.String(), result: j.result, signal: end.Signal}
	j.mu.Unlock()
	if end.Signal == "" && !end.Lost {
		out.code = &end.Code
	}
	switch {
	case meter.exceeded():
		out.state, out.message = ops.Failed, fmt.Sprintf("%v of %d bytes", errOutput, meter.limit)
	case !end.OK():
		out.state = ops.Failed
	}
	return out
}

// refuse returns an error if a name in the assignment could be taken for an option of
// the program.
func (a *action) refuse(as Assignment) error {
	if a.program == "" {
		return nil
	}
	for _, name := range as.Files() {
		if err := plainText("content", name); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) programSpec() supervise.Spec {
	a := j.a
	names := a.Files()
	env := []string{
		searchPath, "LANG=C.UTF-8", "HOME=" + j.act.user.Home, "USER=" + j.act.user.Name, "LOGNAME=" + j.act.user.Name,
		"OPSLEDGER_TASK=" + a.Task, "OPSLEDGER_ATTEMPT=" + strconv.FormatInt(a.Attempt, 10), "OPSLEDGER_MODE=" + string(a.Mode),
		"OPSLEDGER_ACTION=" + a.Action, "OPSLEDGER_TARGET=" + a.Target, "OPSLEDGER_VERSION=" + a.Version,
	}
	if a.Mode == ops.ModeRevert {
		env = append(env, "OPSLEDGER_OF="+strconv.FormatInt(a.Of, 10))
	}
	// A string of the environment may have at most 128 KiB. All names are in the
	// arguments anyway.
	if content := strings.Join(names, "\n"); len(content) < 100<<10 {
		env = append(env, "OPSLEDGER_CONTENT="+content)
	}
	return supervise.Spec{
		As: j.act.account(), Path: j.act.program, Dir: "/", Env: append(env, j.act.environment...),
		Args: append([]string{string(a.Mode), a.Target, a.Version}, names...),
	}
}

// outputLine takes a line of standard output: a directive, or a line of the log.
func (j *job) outputLine(text string) {
	if rest, ok := strings.CutPrefix(text, percentDirective); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil && n >= 0 && n <= 100 {
			j.setPercent(n)
			return
		}
	}
	if rest, ok := strings.CutPrefix(text, resultDirective); ok {
		j.setResult(strings.Trim(rest, " \t"))
		return
	}
	j.logs.add(stdoutStream, text)
}

// meter counts what is written to all its writers together, and makes them fail above
// a limit.
type meter struct {
	limit   int64
	written atomic.Int64
}

func (m *meter) exceeded() bool { return m.written.Load() > m.limit }

func (m *meter) before(w io.Writer) io.Writer { return &metered{m, w} }

type metered struct {
	meter *meter
	to    io.Writer
}

func (m *metered) Write(p []byte) (int, error) {
	if m.meter.written.Add(int64(len(p))) > m.meter.limit {
		return 0, errOutput
	}
	return m.to.Write(p)
}

// capture runs a tool as a user and hands its output to read. If the tool fails, the
// error has what it wrote to standard error.
func (j *job) capture(ctx context.Context, as asuser.User, read func(io.Reader) error, path string, args ...string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	readErr := make(chan error, 1)
	go func() {
		err := read(r)
		readErr <- errors.Join(err, r.Close())
	}()
	said := &capped{room: 4 << 10}
	end, err := j.supervised(ctx, supervise.Spec{As: account(as), Path: path, Args: args, Dir: "/", Env: append([]string{
		searchPath, "LANG=C.UTF-8", "HOME=" + as.Home, "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_NO_LAZY_FETCH=1",
	}, j.e.cfg.Proxies.forUser(as.UID == j.act.user.UID)...)}, w, said)
	err = errors.Join(err, w.Close())
	if failed := <-readErr; failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if !end.OK() {
		return &toolError{end, j.e.cfg.Proxies.hide(said.String())}
	}
	return nil
}

// toolError is a tool that failed, with what it wrote to standard error.
type toolError struct {
	end  supervise.End
	said string
}

func (e *toolError) Error() string {
	if e.said == "" {
		return e.end.String()
	}
	return e.end.String() + ": " + e.said
}

// endedByItself says that the tool ran and had an answer, which was no.
func endedByItself(err error) bool {
	var failed *toolError
	return errors.As(err, &failed) && failed.end.Signal == "" && failed.said == ""
}

// capped keeps the beginning of what is written to it.
type capped struct {
	text bytes.Buffer
	room int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(c.room, len(p))
	c.room -= n
	c.text.Write(p[:n])
	return len(p), nil
}

// String returns what was kept in one line, up to the end of a character.
func (c *capped) String() string {
	text := c.text.Bytes()
	text = text[:len(text)-len(begunCharacter(text))]
	return safe(bytes.Join(bytes.Fields(text), []byte(" ")))
}
