package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/opsledger/opsledger/"

// importRule says that the packages below a folder must not reach an import,
// neither by themselves nor through another package of this module, and why.
type importRule struct {
	folder, forbidden, reason string
	// except is a folder to which the rule does not apply, whoever imports it.
	except string
	// only says that the rule is for the folder's own package, not for those below it.
	only bool
}

// modelsApart is why no read model imports another.
const modelsApart = "each model is rebuilt alone, at a position of its own; what two need is a package beside them"

// importRules are the walls of the program. Imports go one way:
// cmd → api → identity, projections → eventstore → protocol → domain, and beside api the workers.
var importRules = []importRule{
	{folder: "domain", forbidden: module + "protocol", reason: "domain is pure"},
	{folder: "domain", forbidden: module + "eventstore", reason: "domain is pure"},
	{folder: "domain", forbidden: module + "internal", reason: "domain is pure"},
	{folder: "domain", forbidden: "os", reason: "domain does no I/O"},
	{folder: "domain", forbidden: "net/http", reason: "domain does no I/O"},
	{folder: "domain", forbidden: "github.com/jackc/pgx", reason: "domain does no I/O"},
	{folder: "domain", forbidden: "github.com/nats-io", reason: "domain does no I/O"},
	{folder: "domain", forbidden: "math/rand", reason: "the same history gives the same answer"},
	{folder: "domain", forbidden: "crypto/rand", reason: "the same history gives the same answer"},
	{folder: "domain", forbidden: "log", reason: "domain has nothing to say but its answer"},

	{folder: "protocol", forbidden: module + "eventstore", reason: "agents need what travels, not the log"},
	{folder: "protocol", forbidden: "github.com/nats-io", reason: "protocol says what travels and does nothing"},

	{folder: "eventstore", forbidden: module + "projections", reason: "the log does not know its readers"},
	{folder: "eventstore", forbidden: module + "workers", reason: "the log does not know its readers"},
	{folder: "eventstore", forbidden: module + "api", reason: "the log does not know its readers"},
	{folder: "eventstore", forbidden: "github.com/labstack/echo", reason: "HTTP stays in api"},
	{folder: "projections", forbidden: module + "workers", reason: "read models do not act"},
	{folder: "projections", forbidden: module + "api", reason: "read models do not know who asks"},
	{folder: "projections", forbidden: "github.com/labstack/echo", reason: "HTTP stays in api"},
	{folder: "eventstore", forbidden: module + "translog", reason: "the log does not know its readers"},
	{folder: "translog", forbidden: module + "projections", reason: "what proves the log must not depend on what is computed from it"},
	{folder: "translog", forbidden: module + "api", reason: "proofs do not know who asks"},
	{folder: "translog", forbidden: module + "workers", reason: "proofs stand beside what agents are told"},
	{folder: "feed", forbidden: module + "workers", reason: "the feed shows the log and does nothing"},
	{folder: "feed", forbidden: module + "api", reason: "the feed does not know how it is asked"},
	{folder: "feed", forbidden: "github.com/labstack/echo", reason: "HTTP stays in api"},
	{folder: "identity", forbidden: module + "projections", reason: "who somebody is comes from the log, so that no login waits for a read model"},
	{folder: "identity", forbidden: module + "api", reason: "identity does not know which dialect is asked"},
	{folder: "identity", forbidden: "github.com/labstack/echo", reason: "HTTP stays in api"},
	{folder: "projections/accessmodel", forbidden: module + "projections/dnsmodel", reason: modelsApart},
	{folder: "projections/accessmodel", forbidden: module + "projections/opsmodel", reason: modelsApart},
	{folder: "projections/dnsmodel", forbidden: module + "projections/accessmodel", reason: modelsApart},
	{folder: "projections/dnsmodel", forbidden: module + "projections/opsmodel", reason: modelsApart},
	{folder: "projections/opsmodel", forbidden: module + "projections/accessmodel", reason: modelsApart},
	{folder: "projections/opsmodel", forbidden: module + "projections/dnsmodel", reason: modelsApart},
	{folder: "projections", only: true, forbidden: module + "projections", reason: "the engine runs any model and knows none"},
	{folder: "api", forbidden: module + "workers", reason: "cmd wires what api needs of workers through interfaces of api's"},

	{folder: "workers", forbidden: module + "api", reason: "workers serve hosts, not REST clients"},
	{folder: "workers", forbidden: "github.com/labstack/echo", reason: "HTTP stays in api"},
	{folder: "workers/agents", forbidden: module + "workers/control", reason: "the two halves meet on the bus alone"},
	{folder: "workers/control", forbidden: module + "workers/agents", reason: "the two halves meet on the bus alone"},
	{folder: "workers/agents", forbidden: module + "eventstore", reason: "a host sees what travels, never the log"},
	{folder: "workers/agents", forbidden: module + "projections", reason: "a host sees what travels, never a read model"},
	{
		folder: "workers/agents", forbidden: "github.com/jackc/pgx", reason: "a host has no way to the control plane's database",
		except: "workers/agents/executor/sqlfiles", // which runs a task's SQL files in a database of the host's own
	},

	{folder: "ddns", forbidden: module + "workers", reason: "a door makes commands, and tells no agent anything"},
	{folder: "ddns", forbidden: "github.com/labstack/echo", reason: "a door beside the API knows none of it but the texts of refusals"},
	{folder: "projections", forbidden: module + "ddns", reason: "read models do not know who asks"},
	{folder: "api", forbidden: module + "ddns", reason: "a door does not know another"},

	{folder: "console", forbidden: module, reason: "the console serves files; its pages use the API as everybody does"},

	{folder: "bindio", forbidden: module + "api", reason: "what goes in and out of BIND goes through the API, from any machine"},
	{folder: "bindio", forbidden: module + "eventstore", reason: "what goes in and out of BIND goes through the API, from any machine"},
	{folder: "bindio", forbidden: module + "projections", reason: "what goes in and out of BIND goes through the API, from any machine"},

	{folder: "cmd/opsledger", forbidden: module + "bench", reason: "what measures the product is no part of it"},
	{folder: "cmd/opsledger", forbidden: module + "test", reason: "what tests the product is no part of it"},
	{folder: "cmd/opsledger", forbidden: module + "internal/testkit", reason: "what tests the product is no part of it"},

	{folder: "migrations", forbidden: module, reason: "SQL stands alone"},
}

// dialects are put together in api/rest alone. None knows another: what they have in
// common is the kernel's.
var dialects = []string{"api/adminapi", "api/dnsapi", "api/opsapi", "api/powerdns", "api/v1"}

func dialectRules() (rules []importRule) {
	for _, folder := range dialects {
		for _, other := range dialects {
			if folder != other {
				rules = append(rules, importRule{folder: folder, forbidden: module + other, reason: "a dialect does not know another"})
			}
		}
	}
	return rules
}

// Only what a whole program is made of is read: no tests, and no kits for tests.
func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	imports := importsOfModule(t, filepath.Join("..", ".."))
	for _, rule := range append(dialectRules(), importRules...) {
		sound := map[string]bool{}
		for folder := range imports {
			if folder == rule.folder || !rule.only && within(folder, rule.folder) {
				if way := rule.breach(imports, folder, sound); way != nil {
					t.Errorf("%s: %s", strings.Join(way, " → "), rule.reason)
				}
			}
		}
	}
}

// breach returns the way from a folder to what the rule forbids, nil if there is
// none. sound has the folders that were looked at and have no such way.
func (r importRule) breach(imports map[string][]string, folder string, sound map[string]bool) []string {
	if r.except != "" && within(folder, r.except) || sound[folder] {
		return nil
	}
	sound[folder] = true
	for _, name := range imports[folder] {
		if within(name, strings.TrimSuffix(r.forbidden, "/")) {
			return []string{folder, name}
		}
		if own, ok := strings.CutPrefix(name, module); ok {
			if way := r.breach(imports, own, sound); way != nil {
				return append([]string{folder}, way...)
			}
		}
	}
	return nil
}

func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// importsOfModule returns what the files of each folder import, tests aside.
func importsOfModule(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, imported := range file.Imports {
			name, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				return err
			}
			imports[folder] = append(imports[folder], name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

// A rule finds what is imported through another package, and stops at its exception.
func TestImportRule(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{
		"a":   {module + "b", "fmt"},
		"b":   {module + "a", module + "b/c"},
		"b/c": {"github.com/x/y/z"},
	}
	rule := importRule{folder: "a", forbidden: "github.com/x/y"}
	if way := strings.Join(rule.breach(imports, "a", map[string]bool{}), " "); way != "a b b/c github.com/x/y/z" {
		t.Errorf("the way is %q", way)
	}
	rule.except = "b/c"
	if way := rule.breach(imports, "a", map[string]bool{}); way != nil {
		t.Errorf("found %v beside the exception", way)
	}
}
