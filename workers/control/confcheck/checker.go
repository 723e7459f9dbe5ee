package confcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/checkconf"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/signing"
)

const (
	// askTimeout is how long agents have to answer.
	askTimeout = 5 * time.Second
	// askMost bounds how many agents are asked; the first answer decides.
	askMost = 3
	// checksAtOnce bounds the checks under way, whoever asked for them.
	checksAtOnce = 8
)

var (
	// ErrNoChecker says that no agent is online and that this machine has no
	// named-checkconf either.
	ErrNoChecker = errors.New("no agent could check the configuration, and named-checkconf is not installed here")
	// ErrBusy says that those who could check have too much to do.
	ErrBusy = errors.New("whoever could check the configuration is busy")
)

// Config holds what a checker needs; NC and Online may be absent together.
type Config struct {
	NC *nats.Conn
	// Signer signs for the agents, which answer to nothing else; it is needed beside NC.
	Signer *signing.Signer
	// Online lists the agents worth asking, see reporter.Reporter.
	Online func() []int64
	// Program is named-checkconf's path; if empty, it is found in the system.
	Program string
	Log     *slog.Logger
}

// Checker checks configurations. It may be used by many goroutines.
//
// Invariants:
//  1. What is checked was written anew from parsed statements, never the client's own
//     text: named's lexer might read a part of that as something else, such as an include,
//     and the program would open files or load code.
//  2. What is checked has no secrets, but stand-ins of the same form.
//  3. Load does not decide who checks: while an agent is there, no other program does its
//     work, however long it takes to answer. This machine's is asked for the line of a fault
//     at most.
//  4. No more than checksAtOnce checks are under way.
type Checker struct {
	cfg        Config
	program    *checkconf.Program
	slots      chan struct{}
	askTimeout time.Duration
}

// New returns a checker.
func New(cfg Config) *Checker {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Checker{cfg: cfg, slots: make(chan struct{}, checksAtOnce), askTimeout: askTimeout}
	path, err := cfg.Program, error(nil)
	if path == "" {
		path, err = child.Find("named-checkconf")
	}
	if err == nil {
		c.program = checkconf.New(path)
	}
	return c
}

// Check returns nil when named would take the configuration, a [domain.Error] with
// named's own message when it would not, ErrNoChecker or ErrBusy when nobody could say.
func (c *Checker) Check(ctx context.Context, conf *dns.BindConf) error {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	default:
		return ErrBusy
	}
	checkable, err := conf.WithStandIns()
	if err != nil {
		return err
	}
	text := checkable.String()
	verdict, err := c.askAgents(ctx, text)
	if errors.Is(err, errNoAgent) {
		verdict, err = c.checkHere(ctx, text)
	}
	if err != nil {
		return err
	}
	if verdict == "" {
		return nil
	}
	if line := c.lineOf(ctx, checkable, text, verdict); line != 0 {
		return domain.Invalid("bind_conf", "第%d行：%s", line, verdict)
	}
	return domain.Invalid("bind_conf", "%s", verdict)
}

// errNoAgent says that no agent is there to be asked.
var errNoAgent = errors.New("no agent is there")

// askAgents asks some agents at once and takes the first answer.
func (c *Checker) askAgents(ctx context.Context, text string) (verdict string, err error) {
	if c.cfg.NC == nil || c.cfg.Online == nil {
		return "", errNoAgent
	}
	agents := c.cfg.Online()
	agents = agents[:min(len(agents), askMost)]
	request, err := encode(protocol.CheckConfRequest{Text: text})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, c.askTimeout)
	defer cancel()
	answers := make(chan answer, len(agents))
	for _, agent := range agents {
		go func() { answers <- c.ask(ctx, agent, request) }()
	}
	err = errNoAgent
	for range agents {
		switch a := <-answers; {
		case a.err == nil:
			return a.reply.Error, nil
		case !errors.Is(a.err, nats.ErrNoResponders):
			err = ErrBusy
		}
	}
	return "", err
}

// encode writes no escapes that JSON does not need, so that the message stays within
// what the bus takes.
func encode(request protocol.CheckConfRequest) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(request)
	return out.Bytes(), err
}

// answer is what came of asking one agent.
type answer struct {
	reply protocol.CheckConfReply
	err   error
}

func (c *Checker) ask(ctx context.Context, agent int64, request []byte) (a answer) {
	signed := c.cfg.Signer.Request(ctx, agent, protocol.ForCheck, protocol.SubjectCheckConf(agent), request)
	m, err := c.cfg.NC.RequestMsgWithContext(ctx, signed)
	if err == nil {
		err = json.Unmarshal(m.Data, &a.reply)
	}
	if err != nil && !errors.Is(err, context.Canceled) { // another agent was quicker
		c.cfg.Log.Warn("an agent did not check a configuration", "agent", agent, "error", err)
	}
	a.err = err
	return a
}
