package deployment

import (
	"golang.org/x/sys/unix"
)

// Limit takes a resource away from the process alone, not from what it has started:
// unix.RLIMIT_FSIZE, unix.RLIMIT_NOFILE. What is returned gives it back.
func (s *Server) Limit(resource int, most uint64) (release func()) {
	s.t.Helper()
	var before unix.Rlimit
	if err := unix.Prlimit(s.process.Pid(), resource, nil, &before); err != nil {
		s.t.Fatal(err)
	}
	set := func(soft uint64) {
		s.t.Helper()
		if err := unix.Prlimit(s.process.Pid(), resource, &unix.Rlimit{Cur: soft, Max: before.Max}, nil); err != nil {
			s.t.Fatal(err)
		}
	}
	set(most)
	return func() { set(before.Cur) }
}
