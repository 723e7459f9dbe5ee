package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/workers/agents/executor"
)

// A release is what an update would take its files from: a folder, or a symbolic link to one.
func TestReleases(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "built")
	for _, err := range []error{
		os.Mkdir(filepath.Join(folder, "1.0"), 0o700), os.Mkdir(elsewhere, 0o700),
		os.Symlink(elsewhere, filepath.Join(folder, "2.0")), os.Symlink("gone", filepath.Join(folder, "3.0")),
		os.WriteFile(filepath.Join(folder, "notes"), nil, 0o600), os.Symlink("notes", filepath.Join(folder, "4.0")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	offers := Offers(executor.Settings{Actions: map[string]executor.ActionSettings{
		"update": {Targets: map[string]executor.TargetSettings{"site": {Releases: folder}}},
	}})
	versions := slices.Sorted(slices.Values(offers.Actions[0].Targets[0].Versions))
	if !slices.Equal(versions, []string{"1.0", "2.0"}) {
		t.Errorf("offered are %q", versions)
	}
}
