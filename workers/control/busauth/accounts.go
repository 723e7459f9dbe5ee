package busauth

import (
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/protocol"
)

// service is a subject on which agents ask the control plane.
type service struct {
	subject string
	// streamed says that one request may have many answers.
	streamed bool
}

// services are all subjects on which agents may send requests. Between accounts an
// answer can only go to the account that the request came from. In one account with the
// control plane, an agent could name $JS.API.STREAM.DELETE.EVENTS as the reply subject of
// its own pull request, and the server's answer would delete the stream.
func services() []service {
	stream := protocol.StreamEvents
	return []service{
		{subject: fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.*", stream), streamed: true},
		{subject: fmt.Sprintf("$JS.API.CONSUMER.RESET.%s.*", stream)},
		{subject: fmt.Sprintf("$JS.API.CONSUMER.UNPIN.%s.*", stream)},
		{subject: fmt.Sprintf("$JS.ACK.%s.>", stream)},
		{subject: fmt.Sprintf("$JS.ACK.*.*.%s.>", stream)},
		{subject: "report.*.>"}, {subject: "snap.*.>"}, {subject: protocol.SubjectAllSecrets},
		{subject: "host.*.>"},
	}
}

// calls are the subjects on which the control plane publishes to agents.
func calls() []string {
	return []string{protocol.SubjectReportNow, protocol.SubjectHostsHeartbeatNow, "hosts.*.poke"}
}

// checks is the subject of the control plane's requests to agents.
const checks = "agents.*.checkconf"

// operatorJWT is the operator's JWT, which every server of the bus trusts.
func (k keys) operatorJWT() (string, error) {
	claims := jwt.NewOperatorClaims(public(k.operator()))
	claims.Name, claims.SystemAccount = "opsledger", public(k.system())
	return claims.Encode(k.operator())
}

// systemJWT is the account of the servers themselves.
func (k keys) systemJWT() (string, error) {
	return k.encode(k.system(), "SYSTEM", func(*jwt.AccountClaims) {})
}

// controlJWT is the account of the control plane and its streams.
func (k keys) controlJWT() (string, error) {
	agents := public(k.agents())
	return k.encode(k.control(), "CONTROL", func(c *jwt.AccountClaims) {
		unlimited := int64(jwt.NoLimit)
		c.Limits.JetStreamLimits = jwt.JetStreamLimits{
			MemoryStorage: unlimited, DiskStorage: unlimited, Streams: unlimited, Consumer: unlimited,
		}
		for _, s := range services() {
			export := &jwt.Export{Name: s.subject, Subject: jwt.Subject(s.subject), Type: jwt.Service, ResponseType: jwt.ResponseTypeSingleton}
			if s.streamed {
				export.ResponseType = jwt.ResponseTypeStream
			}
			c.Exports.Add(export)
		}
		for _, subject := range calls() {
			c.Exports.Add(&jwt.Export{Name: subject, Subject: jwt.Subject(subject), Type: jwt.Stream})
		}
		c.Imports.Add(&jwt.Import{Name: checks, Subject: checks, Account: agents, Type: jwt.Service})
	})
}

// agentsJWT is the account of the agents, less the revoked keys.
func (k keys) agentsJWT(revoked []string) (string, error) {
	control := public(k.control())
	return k.encode(k.agents(), "AGENTS", func(c *jwt.AccountClaims) {
		for _, s := range services() {
			c.Imports.Add(&jwt.Import{Name: s.subject, Subject: jwt.Subject(s.subject), Account: control, Type: jwt.Service})
		}
		for _, subject := range calls() {
			c.Imports.Add(&jwt.Import{Name: subject, Subject: jwt.Subject(subject), Account: control, Type: jwt.Stream})
		}
		c.Exports.Add(&jwt.Export{Name: checks, Subject: checks, Type: jwt.Service, ResponseType: jwt.ResponseTypeSingleton})
		for _, kind := range []Kind{KindServer, KindHost} {
			c.SigningKeys.AddScopedSigner(k.scope(kind))
		}
		// A key belongs to one enrolment and is never trusted again, whatever it signs later.
		never := time.Now().AddDate(100, 0, 0)
		for _, key := range slices.Sorted(slices.Values(revoked)) {
			c.RevokeAt(key, never)
		}
	})
}

// encode makes and signs an account's JWT.
func (k keys) encode(account nkeys.KeyPair, name string, fill func(*jwt.AccountClaims)) (string, error) {
	claims := jwt.NewAccountClaims(public(account))
	claims.Name = name
	fill(claims)
	var found jwt.ValidationResults
	claims.Validate(&found)
	if errs := found.Errors(); len(errs) > 0 {
		return "", fmt.Errorf("account %s: %w", name, errs[0])
	}
	token, err := claims.Encode(k.operator())
	if err != nil {
		return "", fmt.Errorf("account %s: %w", name, err)
	}
	return token, nil
}
