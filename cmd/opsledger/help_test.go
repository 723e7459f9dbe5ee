package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/testkit"
)

func said(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), append([]string{"opsledger"}, args...), &out, &out); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out.String()
}

// eachCommand calls f with every command that help lists, and the words that lead to it.
func eachCommand(t *testing.T, f func(words []string, cmd *cli.Command)) {
	t.Helper()
	root := rootCommand(&bytes.Buffer{}, &bytes.Buffer{})
	if err := root.Run(context.Background(), []string{"opsledger", "version"}); err != nil { // adds what the library adds
		t.Fatal(err)
	}
	var walk func(words []string, cmd *cli.Command)
	walk = func(words []string, cmd *cli.Command) {
		f(words, cmd)
		for _, sub := range cmd.Commands {
			walk(append(slices.Clone(words), sub.Name), sub)
		}
	}
	walk(nil, root)
}

// Help of every command fits in 100 columns, has examples, and names every flag below a
// title.
func TestHelp(t *testing.T) {
	t.Parallel()
	commands := 0
	eachCommand(t, func(words []string, cmd *cli.Command) {
		commands++
		help := said(t, append(slices.Clone(words), "--help")...)
		if help != said(t, append([]string{"help"}, words...)...) {
			t.Errorf("%v: help and --help differ", words)
		}
		for line := range strings.Lines(help) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
				t.Errorf("%v: %d columns: %s", words, n, line)
			}
		}
		if !strings.Contains(help, "\nExamples:\n  ") {
			t.Errorf("%v: no examples in\n%s", words, help)
		}
		for _, f := range cmd.Flags {
			if !strings.Contains(help, "\n  --"+f.Names()[0]) {
				t.Errorf("%v: --%s is missing", words, f.Names()[0])
			}
			if c, ok := f.(cli.CategorizableFlag); ok && c.GetCategory() == "" && len(cmd.Flags) > 3 {
				t.Errorf("%v: --%s stands below no title", words, f.Names()[0])
			}
		}
	})
	if commands < 18 {
		t.Errorf("only %d commands were found", commands)
	}
}

// Asking for help never runs anything.
func TestHelpRunsNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"--help", "dev"}, {"agent", "--help", "run"}, {"dev", "--data", "/nonexistent/x", "--help"}, {"serve", "--wrong", "-h"}} {
		if help := said(t, args...); !strings.Contains(help, "\nUsage: opsledger") {
			t.Errorf("%v: %s", args, help)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var b built
	if err := json.Unmarshal([]byte(said(t, "version", "--json")), &b); err != nil || !strings.HasPrefix(b.Go, "go1.") || b.Version == "" || b.Platform == "" {
		t.Errorf("%+v, %v", b, err)
	}
	if text := said(t, "version"); !strings.Contains(text, b.Version) || !strings.Contains(text, b.Go) {
		t.Errorf("version says %q", text)
	}
	if text := (built{"v1.2.3", "2026-11-29T05:39:06Z", "go1.26", "linux/amd64"}).String(); text != "v1.2.3 (2026-11-29T05:39:06Z, go1.26, linux/amd64)" {
		t.Errorf("a build says %q", text)
	}
}

// A real bash completes commands and flags by what the program prints, also where the
// package bash-completion is not installed.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	const ask = `
source <("$1" completion bash)
PATH=$(dirname "$1"):$PATH
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _opsledger; echo "${COMPREPLY[*]}"; }
complete_words opsledger re
complete_words opsledger agent ''
complete_words opsledger serve --nats-c
complete_words opsledger completion ''
`
	out, err := exec.CommandContext(t.Context(), "bash", "--norc", "-c", ask, "bash", testkit.Program(t)).CombinedOutput()
	const want = "reset-password rebuild recover replace restore\ncheck enroll redeem run stop-named token withdraw\n--nats-ca --nats-cert\nbash zsh fish\n"
	if sorted(string(out)) != sorted(want) || err != nil {
		t.Errorf("%v, bash completes\n%swant\n%s", err, out, want)
	}
	for _, shell := range []string{"zsh", "fish"} {
		if script := said(t, "completion", shell); !strings.Contains(script, "--generate-shell-completion") {
			t.Errorf("%s: %s", shell, script)
		}
	}
}

// sorted sorts the words of each line.
func sorted(text string) (lines string) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		slices.Sort(words)
		lines += strings.Join(words, " ") + "\n"
	}
	return lines
}

func TestLogFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"": `{"time":`, "json": `{"time":`, "text": "time="} {
		var out bytes.Buffer
		l := logging{Level: "info", Format: format}
		if err := l.check(); err != nil {
			t.Fatal(err)
		}
		l.logger(&out).Info("said")
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%q: %s", format, &out)
		}
	}
}

const faultyActions = `actions_folder: /etc/opsledger/actions
accounts: ["a b"]
actions:
  update:
    user: root
    program: x
    targets:
      web: {folder: srv/web, releases: /r}
      api:
        folder: /srv/api
  restart-web:
    user: no-such-account
`

// An agent's file is checked as a whole: each fault is told with its line and field.
func TestAgentCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"settings": {faultyActions, []string{
			`line 2: accounts: "a b"`, "line 6: action update: program: this action has no such setting",
			"line 8: action update: targets: web: folder", "line 9: action update: targets: api: one of releases",
			"line 12: action restart-web: user: ",
		}},
		"unknown settings": {"actoins: {}\nactions:\n  x: {programm: y, timeout: soon}\n", []string{
			"line 1: there is no setting actoins here", "line 3: cannot unmarshal", "line 3: there is no setting programm here",
		}},
		"syntax": {"actions: [\n", []string{"line 1: did not find"}},
	} {
		path := filepath.Join(t.TempDir(), "actions.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run(t.Context(), []string{"opsledger", "agent", "check", "--config", path}, &out, &out)
		if err == nil {
			t.Errorf("%s: nothing was found", name)
		}
		rest := out.String()
		for _, want := range c.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: want %q in that order, got\n%s", name, want, &out)
				continue
			}
			rest = after
		}
	}
}

func TestAgentCheckOfFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                     "give what to check",
		"--dns nowhere":        "--dns: ",
		"--dns 192.0.2.1:5300": "no interface of this machine has the address",
		"--dns 127.0.0.1:5300 --named-user no-such-account":   "no-such-account",
		"--creds /nonexistent/web01.creds":                    "no such file",
		"--config /nonexistent/x.yaml":                        "--config: /nonexistent/x.yaml: no such file",
		"--dns 127.0.0.1:5300 --nats-ca /nonexistent/ca.pem":  "--nats-ca: ",
		"--dns 127.0.0.1:5300 --nats-cert /nonexistent/c.pem": "--nats-key: is missing",
		"--dns 127.0.0.1:5300 --log-format xml":               "--log-format: ",
	} {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"opsledger", "agent", "check"}, strings.Fields(args)...), &out, &out)
		if err == nil || !strings.Contains(out.String()+err.Error(), want) {
			t.Errorf("%s: %v\n%s", args, err, &out)
		}
	}
	if text := said(t, "agent", "check", "--dns", "127.0.0.1:5300", "--dir", t.TempDir()); !strings.Contains(text, "nothing is wrong") {
		t.Errorf("it says %q", text)
	}
}
