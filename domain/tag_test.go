package domain_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

func TestTags(t *testing.T) {
	t.Parallel()
	if got := domain.IDTag("zone", 12); got != "zone:12" {
		t.Errorf("got %q", got)
	}
	if got := domain.TextTag("name", "a.b/c"); got != "name:a.b/c" {
		t.Errorf("got %q", got)
	}
	seen := map[domain.Tag]bool{}
	for _, text := range []string{"a b", "a\nb", "中", "\xff", "a\x7f", strings.Repeat("a", 301), strings.Repeat("b", 301)} {
		tag := domain.TextTag("name", text)
		if !strings.HasPrefix(string(tag), "name#") || len(tag) != len("name#")+64 || seen[tag] {
			t.Errorf("%q: tag %q", text, tag)
		}
		seen[tag] = true
	}
	if got := domain.JoinTags("b", "a", "b", "c", "a"); !reflect.DeepEqual(got, []domain.Tag{"b", "a", "c"}) {
		t.Errorf("got %q", got)
	}
}

func TestCheckText(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"": true, "中文 a": true, strings.Repeat("中", 8): true,
		strings.Repeat("中", 9): false, "a\nb": false, "a\x00": false, "\xff": false, "a\u2028b": false, "a\u202eb": false, "a\u2066": false,
	} {
		err := domain.CheckText("name", text, 8)
		var refused *domain.Error
		if (err == nil) != ok || err != nil && (!errors.As(err, &refused) || refused.Field != "name") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
