package domain_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain": "plain", "": "", "a\r\nX: 1": `a\r\nX: 1`, "中": `\u4e2d`, "\xff": `\ufffd`, "\x00": `\x00`,
		strings.Repeat("x", 60): strings.Repeat("x", 60), strings.Repeat("x", 61): strings.Repeat("x", 57) + "...",
		strings.Repeat("中", 11): strings.Repeat(`\u4e2d`, 9) + "...",
	} {
		if got := domain.Shown(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	w := domain.Warn("value", "the target %s does not exist", "中.example")
	if got, want := w.String(), `value: the target \u4e2d.example does not exist`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.Within("operations[2]").Field; got != "operations[2].value" {
		t.Error(got)
	}
	if got := domain.Warn("", "x").Within("operations[2]").String(); got != "operations[2]: x" {
		t.Error(got)
	}
}
