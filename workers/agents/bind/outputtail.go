package bind

import (
	"strings"
	"sync"
)

// outputTail keeps the end of what is written to it.
type outputTail struct {
	mu   sync.Mutex
	data []byte
}

const outputTailSize = 4 << 10

// Write implements io.Writer; it never fails.
func (t *outputTail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	t.data = t.data[max(0, len(t.data)-outputTailSize):]
	return len(p), nil
}

func (t *outputTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.data))
}
