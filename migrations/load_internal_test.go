package migrations

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Files are numbered without gaps, whatever is in the folder.
func TestLoad(t *testing.T) {
	t.Parallel()
	list, err := load(files)
	if err != nil || len(list) < 2 || list[0].number != 1 || !strings.Contains(list[0].sql, "log.events") {
		t.Fatalf("%d migrations, %v", len(list), err)
	}
	for name, source := range map[string]fstest.MapFS{
		"gap":       {"0001_a.sql": {}, "0003_b.sql": {}},
		"double":    {"0001_a.sql": {}, "0001_b.sql": {}},
		"no number": {"a.sql": {}},
	} {
		if _, err := load(source); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
