package deployment

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Memory is what the process holds of memory now, and has held at most since
// ForgetPeak, in bytes.
func (s *Server) Memory() (now, peak int64) {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	return kilobytes(s.t, string(text), "VmRSS:"), kilobytes(s.t, string(text), "VmHWM:")
}

// ForgetPeak lets the peak be what the process holds now.
func (s *Server) ForgetPeak() {
	s.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Pid()), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}

func kilobytes(t testing.TB, status, field string) int64 {
	t.Helper()
	_, rest, _ := strings.Cut(status, field)
	var n int64
	if _, err := fmt.Sscanf(rest, "%d kB", &n); err != nil {
		t.Fatalf("%s: %v", field, err)
	}
	return n << 10
}
