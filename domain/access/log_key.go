package access

import "github.com/opsledger/opsledger/domain"

// LogKeyRotated says that the log's checkpoints are signed with another key from there on.
// The first checkpoint that covers the event is signed with the key before as well, so that
// whoever trusts that one can trust the next.
type LogKeyRotated struct {
	unkeyed
	// Number counts the keys; the first key has number 1, and no event.
	Number int `json:"number"`
	// Key is the public key (Ed25519, 32 bytes).
	Key []byte `json:"key"`
}

// EventType implements [domain.Event].
func (LogKeyRotated) EventType() string { return "LogKeyRotated" }

// Tags implements [domain.Event].
func (LogKeyRotated) Tags() []domain.Tag { return []domain.Tag{TagLogKey} }

// TagLogKey marks the events that say with which keys the log's checkpoints are signed.
const TagLogKey = domain.Tag("logkey")

// RotateLogKey has the log's checkpoints signed with the key of the number, whose secret the
// vault has. The number must follow that of the key before: of two commands for one number
// the second is refused.
type RotateLogKey struct {
	Number int
	Key    []byte
}

// Decide implements [domain.Command].
func (c RotateLogKey) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	f := &logKeys{number: 1}
	if err := h.Load(f); err != nil {
		return nil, err
	}
	if c.Number != f.number+1 {
		return nil, domain.Refused("日志的密钥已被更换！")
	}
	return []domain.Event{LogKeyRotated{Number: c.Number, Key: c.Key}}, nil
}

// logKeys is the fold of how many keys there were.
type logKeys struct{ number int }

// Item implements [domain.Fold].
func (f *logKeys) Item() domain.Item {
	return domain.Item{Tag: TagLogKey, Types: []string{LogKeyRotated{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *logKeys) Apply(r domain.Recorded) {
	if e, ok := r.Event.(LogKeyRotated); ok {
		f.number = e.Number
	}
}

// Snapshot implements [domain.Fold].
func (f *logKeys) Snapshot() any { return f.number }

// Restore implements [domain.Fold].
func (f *logKeys) Restore(s any) { f.number = s.(int) }
