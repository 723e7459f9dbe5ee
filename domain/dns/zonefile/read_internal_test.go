package zonefile

import (
	"errors"
	"strings"
	"testing"
)

// Records that are there already count, too.
func TestRepeatedRecordsAreBounded(t *testing.T) {
	t.Parallel()
	var many *TooManyError
	r := newReader(strings.NewReader("$TTL 5\n$GENERATE 1-3 x A 10.0.0.1\n"), "a.test", 1000)
	r.seen = maxRead - 2
	if _, err := r.all(); !errors.As(err, &many) || many.Most != maxRead {
		t.Error(err)
	}
}
