package executor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/workers/agents/executor"
)

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"actoins: {}":                                              "field actoins not found",
		"actions: {x: {programm: y}}":                              "field programm not found",
		"actions: {x: {timeout: soon}}":                            "soon",
		"actions: {x: {output_limit: much}}":                       "not a size",
		"actions: {x: {output_limit: -1}}":                         "not a size",
		"actions: {x: {}, x: {}}":                                  "already defined",
		"---\n{}\n---\n{}":                                         "more than one document",
		"actions: {x: {$USER}}":                                    "actions_folder",
		"actions_folder: /a\nactions: {../x: {$USER}}":             "a name has",
		"actions_folder: /a\nactions: {x: {$USER, program: ../y}}": "not the name of a file",
		"actions_folder: /nonexistent\nactions: {x: {$USER}}":      "no such file",
		"actions_folder: /a\nactions: {x: {$USER, environment: {OPSLEDGER_TASK: x}}}":           "cannot be set",
		"actions_folder: /a\nactions: {x: {user: no-such-account}}":                             "no-such-account",
		"actions: {update: {$USER, program: x}}":                                                "program: this action has no such setting",
		"actions: {x: {$USER, targets: {}}}":                                                    "targets: this action has no such setting",
		"actions: {update: {$USER, targets: {a: {folder: rel, git: /g}}}}":                      "absolute",
		"actions: {update: {$USER, targets: {a: {folder: /f}}}}":                                "one of releases, git and svn",
		"actions: {update: {$USER, targets: {a: {folder: /f, git: /g, svn: /s}}}}":              "one of releases, git and svn",
		"actions: {update: {$USER, targets: {a: {folder: /f, git: /g, fetch: --upload-pack}}}}": "git remote",
		"actions: {update_db: {user: root}}":                                                    "user: this action has no such setting",
		"actions: {update_db: {databases: {a: {folder: /f}}}}":                                  "one of url and url_file",
	} {
		text = strings.ReplaceAll(text, "$USER", strings.Replace(user(), "timeout: 1m", "grace: 1s", 1))
		settings, err := executor.ParseSettings([]byte(text))
		if err == nil {
			_, err = executor.New(executor.Config{Dir: t.TempDir(), Settings: settings, Supervisor: []string{"x"}})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Root never runs an action as root because nobody said otherwise.
func TestRootSaysAsWhom(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	settings, err := executor.ParseSettings([]byte("actions: {update: {targets: {}}}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := executor.New(executor.Config{Dir: t.TempDir(), Settings: settings, Supervisor: []string{"x"}}); err == nil || !strings.Contains(err.Error(), "as whom") {
		t.Errorf("got %v", err)
	}
}

func TestSettingsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(path, []byte("concurrency: 2\nactions:\n  update: {timeout: 5m, output_limit: 2MiB}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := executor.LoadSettings(path)
	if err != nil || s.Concurrency != 2 || s.Actions["update"].OutputLimit != 2<<20 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := executor.LoadSettings(path); err == nil || !strings.Contains(err.Error(), "lets others change it") {
		t.Errorf("got %v", err)
	}
	if s, err := executor.ParseSettings(nil); err != nil || len(s.Actions) != 0 {
		t.Errorf("an empty file allows nothing: %+v %v", s, err)
	}
}
