package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Rules, their tests and the dashboard ask for metrics that there are; docs/operations.md says
// of each alert what to do. What the expressions mean is tried by make rules.
func TestMonitoringKnowsTheMetrics(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	known := sourcesOf(t, root)
	name := regexp.MustCompile(`opsledger_[a-z_]+`)
	for _, file := range []string{"rules.yml", "rules_test.yml", "dashboard.json"} {
		text := read(t, filepath.Join(root, "monitoring", file))
		if file == "dashboard.json" && !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON", file)
		}
		for _, metric := range slices.Compact(slices.Sorted(slices.Values(name.FindAllString(text, -1)))) {
			base := metric
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				base = strings.TrimSuffix(base, suffix)
			}
			if !strings.Contains(known, `"`+base+`"`) {
				t.Errorf("%s asks for %s, which there is not", file, metric)
			}
		}
	}
	manual := read(t, filepath.Join(root, "docs", "operations.md"))
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(read(t, filepath.Join(root, "monitoring", "rules.yml")), -1) {
		if !strings.Contains(manual, "`"+alert[1]+"`") {
			t.Errorf("docs/operations.md says nothing of %s", alert[1])
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sourcesOf is the text of all files that register metrics.
func sourcesOf(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if text := read(t, path); strings.Contains(text, "prometheus.") {
			all.WriteString(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
