package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// Each run of an import is told from all others, so that none is carried out twice.
func TestImportHasKey(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(out, `{"total":1,"zones":[{"id":1,"name":"a.test","zone_group":1}]}`)
			return
		}
		keys[r.Header.Get("Idempotency-Key")] = true
		fmt.Fprint(out, `{}`)
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(file, []byte("x 5 A 192.0.2.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	z := zoneFile{client: client{URL: s.URL, Token: "t"}, Zone: "a.test", Mode: "merge"}
	for range 2 {
		if err := z.importFile(t.Context(), file, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if len(keys) != 2 || keys[""] {
		t.Errorf("the keys were %v", keys)
	}
}
