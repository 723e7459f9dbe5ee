package supervise

import "fmt"

// The supervisor reads a request and then orders from one pipe, and writes events to
// another. All are lines; the request and the events are JSON.
const (
	controlFD = 3
	statusFD  = 4

	orderTerminate = "term"
	orderKill      = "kill"
)

// Spec says what to run.
type Spec struct {
	// Path is the program; Args are its arguments without the program's name.
	Path string   `json:"path"`
	Args []string `json:"args"`
	// Env is the whole environment.
	Env []string `json:"env"`
	Dir string   `json:"dir"`
	// As is the user that the program runs as; nil is the user of this process.
	As *Account `json:"as,omitempty"`
}

// Account is a user's ids.
type Account struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups"`
}

// Identity identifies a process, also after another one has got the same id.
type Identity struct {
	PID int `json:"pid"`
	// Start is when the process started, in clock ticks since the machine's boot.
	Start uint64 `json:"start"`
}

// event is a message of the supervisor.
type event struct {
	// Leader is set once the program runs. It leads a process group of its own.
	Leader *Identity `json:"leader,omitempty"`
	// Failed is set when it could not be started.
	Failed string `json:"failed,omitempty"`
	End    *End   `json:"end,omitempty"`
}

// End tells how the program ended.
type End struct {
	// Code is the exit code, -1 when a signal ended it.
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	// LeftBehind counts processes that were still there when the program had
	// ended and had to be ended as well.
	LeftBehind int `json:"left_behind,omitempty"`
	// Immortal counts processes that could not be ended.
	Immortal int `json:"immortal,omitempty"`
	// Lost says that the supervisor vanished: how the program ended is not known.
	Lost bool `json:"lost,omitempty"`
}

// OK says whether the program ended well.
func (e End) OK() bool { return e.Code == 0 && !e.Lost }

// String is for messages to users.
func (e End) String() string {
	text := fmt.Sprintf("exit code %d", e.Code)
	switch {
	case e.Lost:
		return "its supervisor was killed"
	case e.Signal != "":
		text = "ended by signal " + e.Signal
	}
	if e.LeftBehind > 0 {
		text += fmt.Sprintf("; %d processes that it left behind were ended", e.LeftBehind)
	}
	if e.Immortal > 0 {
		text += fmt.Sprintf("; %d processes could not be ended", e.Immortal)
	}
	return text
}
