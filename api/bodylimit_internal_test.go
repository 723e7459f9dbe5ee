package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// deadlined keeps the deadlines that it is given.
type deadlined struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlined) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// Once a body is there, its time no longer ends the work on the request: net/http takes a
// connection that reads past a deadline for one whose client has gone.
func TestBodysTimeEndsWithIt(t *testing.T) {
	t.Parallel()
	w := &deadlined{ResponseWriter: httptest.NewRecorder()}
	c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/", http.NoBody), w)
	done := BodyLimit{within: time.Minute}.begin(c)
	if len(w.set) != 1 || time.Until(w.set[0]) > time.Minute {
		t.Fatalf("the body has until %v", w.set)
	}
	done()
	if len(w.set) != 2 || !w.set[1].IsZero() {
		t.Errorf("after the body the deadlines are %v", w.set)
	}
}
