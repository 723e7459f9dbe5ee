package api_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
)

// A reply that broke off is taken for a complete one by nobody, be it that its making failed
// or that its client may have no more of it.
func TestStreamThatBreaksOff(t *testing.T) {
	t.Parallel()
	errEnded := errors.New("the credential ended")
	for fault, complete := range map[error]bool{nil: true, errors.New("it broke"): false, errEnded: false} {
		e, pieces := echo.New(), 0
		still := func() error {
			if pieces++; errors.Is(fault, errEnded) && pieces > 3 {
				return errEnded
			}
			return nil
		}
		e.GET("/", func(c echo.Context) error {
			s := api.NewStream(c, "text/dns", still)
			for range 200_000 {
				if err := s.Line(strings.Repeat("x", 9)); err != nil {
					return s.End(err)
				}
			}
			if errors.Is(fault, errEnded) {
				t.Error("the stream goes on after its credential's end")
			}
			return s.End(fault)
		})
		server := httptest.NewServer(e)
		reply, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		server.Close()
		if (err == nil) != complete || complete && len(text) != 2_000_000 {
			t.Errorf("%v: %d bytes, %v", fault, len(text), err)
		}
	}
}
