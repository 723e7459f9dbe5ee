package wording

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// textAt says which argument of a function, or of a conversion, is the text of a refusal.
var textAt = map[string]int{
	"Invalid": 1, "Refuse": 1, "Refused": 0, "Conflict": 0, "Changed": 1, "NotFound": 0, "Forbidden": 0, "Unavailable": 0, "Phrase": 0, "said": 0, "TooLarge": 0, "Throttled": 0,
}

// noRefusals are files with Chinese texts that are no refusals.
var noRefusals = []string{"domain/access/permission.go"}

// source is a text as it stands in the source.
type source struct{ text, at string }

// sources returns the texts of refusals, and all Chinese texts, of the packages that make any.
func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	root, files := filepath.Join("..", ".."), token.NewFileSet()
	for _, folder := range []string{"domain", "identity", "api", "protocol", "webhook", "workers/control/confcheck", "workers/control/imports", "workers/agents/bind"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			name, _ := filepath.Rel(root, path)
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.HasPrefix(name, "api/wording/") || strings.HasPrefix(name, "domain/domaintest/") || slices.Contains(noRefusals, name) {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, text := range textsIn(n) {
					found = append(found, source{text, files.Position(n.Pos()).String()})
				}
				_, isSum := n.(*ast.BinaryExpr)
				return !isSum // whose parts are no texts of their own
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// textsIn returns the texts that a node is, or gives to a function.
func textsIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if at, makes := textAt[nameOf(n.Fun)]; makes && at < len(n.Args) {
			if text, isText := textOf(n.Args[at]); isText {
				return []string{text}
			}
		}
	case *ast.KeyValueExpr:
		if key, isName := n.Key.(*ast.Ident); isName && (key.Name == "Format" || key.Name == "What") {
			if text, isText := textOf(n.Value); isText {
				return []string{text}
			}
		}
	case *ast.ValueSpec: // const tooSmall domain.Phrase = "…"
		if len(n.Values) == 1 && n.Type != nil && nameOf(n.Type) == "Phrase" {
			if text, isText := textOf(n.Values[0]); isText {
				return []string{text}
			}
		}
	case *ast.BasicLit, *ast.BinaryExpr:
		if text, isText := textOf(n.(ast.Expr)); isText && languageOf(text) == Chinese {
			return []string{text}
		}
	}
	return nil
}

func nameOf(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	default:
		return ""
	}
}

// textOf returns a literal text, or a sum of literals and numbers.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, isText := textOf(e.X)
		right, isTextToo := textOf(e.Y)
		if !isText {
			left = "%d"
		}
		if !isTextToo {
			right = "%d"
		}
		return left + right, e.Op == token.ADD && (isText || isTextToo)
	default:
		return "", false
	}
}

// TestEveryTextHasBothLanguages: every text of a refusal, and every Chinese text, has
// words in both languages, with the same verbs, and nothing else has.
func TestEveryTextHasBothLanguages(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"too many logins at the moment, try again": true} // identity.ErrBusy
	for _, s := range sources(t) {
		used[s.text] = true
		for _, l := range Languages() {
			if text, known := l.format(s.text); !known {
				t.Errorf("%s: %q has no words in %q", s.at, s.text, l)
			} else if a, b := verb.FindAllString(s.text, -1), verb.FindAllString(text, -1); !slices.Equal(a, b) {
				t.Errorf("%s: %q has the verbs %v, %q has %v", s.at, s.text, a, text, b)
			}
		}
	}
	if len(used) < 150 {
		t.Fatalf("only %d texts were found", len(used))
	}
	for _, part := range []map[string]string{ofKernel, ofDNS, ofConf, ofAccess, ofCredentials, ofWebhooks, ofOps, ofZoneFiles, ofReverts, ofPowerDNS} {
		for written, text := range part {
			whole := numbers.ReplaceAllString(written, "%d")
			if !used[written] && !used[written+"！"] && !used[whole] {
				t.Errorf("no source has the text %q", written)
			}
			if languageOf(written) == languageOf(text) {
				t.Errorf("%q and %q are of one language", written, text)
			}
		}
	}
}

// TestSay: parts of a text are said in its language, and data as it is.
func TestSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   *domain.Error
		zh, en string
	}{
		{domain.Invalid("ttl", "必须是整数！"), "ttl: 必须是整数！", "ttl: must be an integer"},
		{domain.Invalid("ip", "is required"), "ip: 不能为空！", "ip: is required"},
		{domain.Refused("user %s does not exist", "不能为空！"), "用户不能为空！不存在！", "user 不能为空！ does not exist"},
		{
			domain.Invalid("value", "%s记录的值不正确：%s", "A", domain.Phrase("应有3个以空格分隔的字段")),
			"value: A记录的值不正确：应有3个以空格分隔的字段", "value: not a value of a A record: must be 3 fields with blanks between them",
		},
		{domain.Invalid("ip", "is required").Within("data[1]"), "data[1]: ip: 不能为空！", "data[1]: ip: is required"},
		{domain.Invalid("bind_conf", "%s", "100% 未知"), "bind_conf: 100% 未知", "bind_conf: 100% 未知"},
		{domain.Unauthenticated(), "Token is invalid!", "Token is invalid!"},
		{
			domain.Refused("name: 改名后有的Record不再合法：%s", domain.Invalid("host", "不能为空！")),
			"name: 改名后有的Record不再合法：host: 不能为空！", "name: under the new name some record would be invalid: host: must not be empty",
		},
	} {
		if zh, en := Chinese.SayError(c.text), English.SayError(c.text); zh != c.zh || en != c.en {
			t.Errorf("%q, %q", zh, en)
		}
		if message := c.text.Error(); message != c.zh && message != c.en {
			t.Errorf("the message is %q", message)
		}
	}
}
