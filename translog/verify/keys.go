package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
)

// rotations are the keys that events of the log name, by the events' positions.
type rotations map[int64][]byte

// keyNamedBy is the key that an event says is the next, nil if it says nothing of that.
func keyNamedBy(e *protocol.Envelope) []byte {
	var named access.LogKeyRotated
	if e.Type != named.EventType() || json.Unmarshal(e.Data, &named) != nil {
		return nil
	}
	return named.Key
}

// judgeKeys checks that each key came by an event and was vouched for by the key before, from
// the trusted one on if there is one, and that the newest checkpoint and the kept ones are
// signed with them. It says whether the chain begins with the trusted key.
func judgeKeys(newest translog.Checkpoint, keys []translog.Key, events rotations, o Options, found *findings) (trusted bool) {
	add := func(position int64, format string, args ...any) {
		found.add(&Finding{position, "keys of checkpoints", fmt.Sprintf(format, args...)})
	}
	if len(keys) == 0 {
		add(newest.Size, "there is none")
		return false
	}
	begin := 0
	for i, k := range keys {
		if k.Verifier == o.Key {
			begin, trusted = i, true
		}
	}
	if o.Key != "" && !trusted {
		add(newest.Size, "the trusted key is not one of them")
		return false
	}
	for i, k := range keys[begin:] {
		if i == 0 {
			continue
		}
		if !bytes.Equal(events[k.Since], publicKey(k.Verifier)) {
			add(k.Since, "no event there names the key %s", k.Verifier)
		}
		handover, err := translog.ParseCheckpoint(k.Checkpoint)
		if err == nil {
			err = handover.SignedBy(keys[begin+i-1].Verifier)
		}
		if err != nil || handover.Size < k.Since {
			add(k.Since, "the key before has not signed for the next: %v", err)
		}
	}
	if err := newest.SignedBy(keys[len(keys)-1].Verifier); err != nil {
		add(newest.Size, "%v", err)
	}
	for _, kept := range o.Since {
		if kept.Origin == newest.Origin && !signedByOne(kept, keys) {
			add(kept.Size, "the checkpoint that was kept is signed with none of them")
		}
	}
	return trusted
}

func signedByOne(c translog.Checkpoint, keys []translog.Key) bool {
	for _, k := range keys {
		if c.SignedBy(k.Verifier) == nil {
			return true
		}
	}
	return false
}

// publicKey is the key in a verifier key of an Ed25519 key, nil in any other.
func publicKey(verifier string) []byte {
	parts := strings.SplitN(verifier, "+", 3)
	if len(parts) < 3 {
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) < 2 {
		return nil
	}
	return key[1:]
}
