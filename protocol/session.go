package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// A session is one process of an agent that may have orders. Whoever has a copy of an
// agent's credentials can run another process with the same identity; of all such
// processes one has the session, and the others get no orders. Every process asks for the
// session before it takes orders, and goes on asking while it lives.

// SubjectSession is where a name server's agent asks for the session of its identity, with
// a [SessionRequest]. The [SessionAnswer] is signed.
func SubjectSession(agent int64) string { return fmt.Sprintf("report.%d.session", agent) }

// SubjectSessions matches every name server's.
const SubjectSessions = "report.*.session"

// SubjectHostSession is [SubjectSession] for a host.
func SubjectHostSession(host int64) string { return fmt.Sprintf("host.%d.session", host) }

// SubjectHostSessions matches every host's.
const SubjectHostSessions = "host.*.session"

const (
	// SessionEvery is how often a process asks.
	SessionEvery = 5 * time.Second
	// SessionLease is how long a process that does not ask any more keeps the session.
	SessionLease = 3 * SessionEvery
)

// SessionRequest asks for the session.
type SessionRequest struct {
	// Log is that of the credentials, nil if they name none.
	Log uuid.UUID `json:"log"`
	// Boot differs between processes. Instance is that of the folder of the agent's state:
	// a process that is started again has the same one, so that it need not wait until the
	// one before counts as dead.
	Boot     uuid.UUID `json:"boot"`
	Instance uuid.UUID `json:"instance"`
	// Started is when the process began, by its own clock.
	Started time.Time `json:"started"`
	// Address is the process's, as the bus sees it, Host its machine's own name. They are
	// for people.
	Address string `json:"address"`
	Host    string `json:"host"`
	// Ending: the process ends and gives the session up.
	Ending bool `json:"ending,omitempty"`
}

// SessionAnswer says whether the process has the session.
type SessionAnswer struct {
	Log     uuid.UUID `json:"log"`
	Granted bool      `json:"granted"`
	// Holder has the session if it was not granted.
	Holder *SessionHolder `json:"holder,omitempty"`
	// Error says why nothing can be said now.
	Error string `json:"error,omitempty"`
	// Deleted: the log says that the name server is no more. The agent takes its zones out of
	// named, and asks no more. Error says the same to agents that do not know this field.
	Deleted bool `json:"deleted,omitempty"`
}

// SessionHolder is the process that has the session.
type SessionHolder struct {
	Address string    `json:"address"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
}

// ReadSessionRequest reads and bounds a request for a session.
func ReadSessionRequest(data []byte) (SessionRequest, error) {
	var r SessionRequest
	if err := read(data, MaxHeartbeat, &r); err != nil {
		return r, err
	}
	if r.Boot == uuid.Nil || r.Instance == uuid.Nil {
		return r, errors.New("the process does not say which it is")
	}
	r.Address, r.Host = Cut(r.Address, MaxName), Cut(r.Host, MaxName)
	return r, nil
}

// Encode encodes the request.
func (r SessionRequest) Encode() ([]byte, error) {
	r.Address, r.Host = Cut(r.Address, MaxName), Cut(r.Host, MaxName)
	return json.Marshal(r)
}
