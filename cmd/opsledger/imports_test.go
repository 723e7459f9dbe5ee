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

// importRules says what a folder must not import, and why. Imports go one way:
// cmd → api, workers, projections → eventstore → domain.
var importRules = []struct{ folder, forbidden, reason string }{
	{"domain", module + "eventstore", "domain is pure"},
	{"domain", module + "projections", "domain is pure"},
	{"domain", module + "workers", "domain is pure"},
	{"domain", module + "api", "domain is pure"},
	{"domain", module + "internal", "domain is pure"},
	{"domain", "os", "domain does no I/O"},
	{"domain", "net/http", "domain does no I/O"},
	{"domain", "github.com/jackc/pgx", "domain does no I/O"},
	{"domain", "github.com/nats-io", "domain does no I/O"},
	{"domain", "math/rand", "the same history gives the same answer"},
	{"domain", "crypto/rand", "the same history gives the same answer"},
	{"domain", "log", "domain has nothing to say but its answer"},
	{"eventstore", module + "projections", "the log does not know its readers"},
	{"eventstore", module + "workers", "the log does not know its readers"},
	{"eventstore", module + "api", "the log does not know its readers"},
	{"eventstore", "github.com/labstack/echo", "HTTP stays in api"},
	{"projections", module + "workers", "read models do not act"},
	{"projections", module + "api", "read models do not know who asks"},
	{"projections", "github.com/labstack/echo", "HTTP stays in api"},
	{"api", module + "workers", "cmd wires what api needs of workers through interfaces of api's"},
	{"workers", module + "api", "workers serve hosts, not REST clients"},
	{"workers", "github.com/labstack/echo", "HTTP stays in api"},
	{"migrations", module, "SQL stands alone"},
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	for _, rule := range importRules {
		err := filepath.WalkDir(filepath.Join(root, rule.folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, imp := range file.Imports {
				name, err := strconv.Unquote(imp.Path.Value)
				if err != nil {
					return err
				}
				if name == rule.forbidden || strings.HasPrefix(name, strings.TrimSuffix(rule.forbidden, "/")+"/") {
					t.Errorf("%s imports %s: %s", path, name, rule.reason)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
