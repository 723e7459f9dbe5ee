package v1

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

// Who is too slow is told where to resume, by an id that clients take note of.
func TestBehindHasAnID(t *testing.T) {
	t.Parallel()
	e := echo.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := newEventWriter(r.Context(), e.NewContext(r, w))
		if err != nil {
			t.Error(err)
			return
		}
		defer out.close()
		if err := out.behind(7); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	reply, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if want := "event: behind\nid: 7\ndata: {\"position\":7}\n\n"; err != nil || string(text) != want {
		t.Errorf("%v %q, want %q", err, text, want)
	}
}
