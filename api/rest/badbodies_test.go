package rest

import (
	"os"
	"strings"
)

// contractBadBodies: on the real stack, too, bad bodies are refused in the
// dialect's form, and nothing is appended.
func (s *stack) contractBadBodies() {
	s.t.Helper()
	bodies, err := os.ReadFile("../opsapi/testdata/badbodies")
	must(s.t, err)
	for _, path := range []string{pathTask, pathMachine, pathUpdate, pathUser, pathSSHKey} {
		for _, body := range strings.Split(string(bodies), "\n") {
			s.opsRefused("POST", path, body, 200, "")
		}
	}
	for _, query := range []string{"task_id=%00", "task_id=%ff", "start=99999999999999999999", "start=1.5", "count=x", "%zz", "task_id=a&task_id=b"} {
		s.opsRefused("GET", pathTask+"?"+query, nil, 200, "")
	}
	for _, query := range []string{"username=%00", "username=%ff", "mode=user&username=%00", "machine_name=%00"} {
		for _, path := range []string{pathUser, pathSSHKey, pathMachine, pathPermission} {
			if got := s.do("GET", path+"?"+query, nil); got.status != 200 {
				s.t.Errorf("GET %s?%s: %d %s", path, query, got.status, got.body)
			}
			if got := s.do("DELETE", path+"?"+query, nil); got.status != 200 && got.status != 405 {
				s.t.Errorf("DELETE %s?%s: %d %s", path, query, got.status, got.body)
			}
		}
	}
}
