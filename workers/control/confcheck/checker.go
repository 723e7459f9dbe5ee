package confcheck

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/signing"
)

const (
	// askTimeout is how long agents have to answer.
	askTimeout = 2 * time.Second
	// askMost bounds how many agents are asked; the first answer decides.
	askMost = 3
)

// ErrNoChecker says that no agent answered and that this machine has no
// named-checkconf either.
var ErrNoChecker = errors.New("no agent could check the configuration, and named-checkconf is not installed here")

// Config holds what a checker needs; NC and Online may be absent together.
type Config struct {
	NC *nats.Conn
	// Signer signs for the agents, which answer to nothing else.
	Signer *signing.Signer
	// Online lists the agents worth asking, see reporter.Reporter.
	Online func() []int64
	// Program is named-checkconf's path; if empty, it is found in the system.
	Program string
	Log     *slog.Logger
}

// Checker checks configurations. It may be used by many goroutines.
type Checker struct{ cfg Config }

// New returns a checker.
func New(cfg Config) *Checker {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Checker{cfg: cfg}
}

// Check returns nil when named would take the configuration, a [domain.Error] with
// named's own message when it would not, ErrNoChecker when nobody could say.
//
// Check checks the text that conf writes anew from its statements, never the client's own
// text: named's lexer might read a part of that as something else, such as an include,
// and the program would open files or load code.
func (c *Checker) Check(ctx context.Context, conf *dns.BindConf) error {
	text := conf.String()
	verdict, answered := c.askAgents(ctx, text)
	if !answered {
		var err error
		if verdict, err = c.checkHere(ctx, text); err != nil {
			return err
		}
	}
	if verdict != "" {
		return domain.Invalid("bind_conf", "%s", verdict)
	}
	return nil
}

// askAgents asks some agents at once and takes the first answer.
func (c *Checker) askAgents(ctx context.Context, text string) (verdict string, answered bool) {
	if c.cfg.NC == nil || c.cfg.Online == nil {
		return "", false
	}
	agents := c.cfg.Online()
	agents = agents[:min(len(agents), askMost)]
	request, err := json.Marshal(protocol.CheckConfRequest{Text: text})
	if err != nil || len(agents) == 0 {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answers := make(chan *protocol.CheckConfReply, len(agents))
	for _, agent := range agents {
		go func() { answers <- c.ask(ctx, agent, request) }()
	}
	for range agents {
		if a := <-answers; a != nil {
			return a.Error, true
		}
	}
	return "", false
}

func (c *Checker) request(ctx context.Context, agent int64, request []byte) *nats.Msg {
	subject := protocol.SubjectCheckConf(agent)
	if c.cfg.Signer == nil {
		return &nats.Msg{Subject: subject, Data: request}
	}
	return c.cfg.Signer.Request(ctx, agent, protocol.ForCheck, subject, request)
}

// ask returns one agent's answer, nil without one.
func (c *Checker) ask(ctx context.Context, agent int64, request []byte) *protocol.CheckConfReply {
	var answer protocol.CheckConfReply
	m, err := c.cfg.NC.RequestMsgWithContext(ctx, c.request(ctx, agent, request))
	if err == nil {
		err = json.Unmarshal(m.Data, &answer)
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) { // another agent was quicker
			c.cfg.Log.Warn("an agent did not check a configuration", "agent", agent, "error", err)
		}
		return nil
	}
	return &answer
}
