package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// A list that is longer than a piece is on its way before its last row is made.
func TestListIsSentInPieces(t *testing.T) {
	t.Parallel()
	const rows = 8
	for name, c := range map[string]struct {
		row   string
		early bool
	}{"short rows": {"x", false}, "long rows": {strings.Repeat("<&>", listPiece/rows), true}} {
		recorder := httptest.NewRecorder()
		ctx := echo.New().NewContext(httptest.NewRequest("GET", "/", nil), recorder)
		early, made := false, 0
		err := List(ctx, "rows", Page{Current: 2}, make([]int, rows), 77, func(int) string {
			early, made = recorder.Body.Len() > 0, made+1
			return c.row
		})
		must(t, err)
		if early != c.early {
			t.Errorf("%s: sent before the last row: %v", name, early)
		}
		var got struct {
			Total   int      `json:"total"`
			Rows    []string `json:"rows"`
			Current int      `json:"current_page"`
		}
		must(t, json.Unmarshal(recorder.Body.Bytes(), &got))
		if got.Total != 77 || len(got.Rows) != rows || got.Rows[rows-1] != c.row || got.Current != 2 || made != rows ||
			recorder.Code != 200 || recorder.Header().Get("Content-Type") != echo.MIMEApplicationJSON {
			t.Errorf("%s: %d %v, total %d, %d rows", name, recorder.Code, recorder.Header(), got.Total, len(got.Rows))
		}
	}
}
