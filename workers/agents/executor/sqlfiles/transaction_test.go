package sqlfiles_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor/sqlfiles"
)

// What Read cannot know is refused by the server.
func TestWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	for name, sql := range map[string]string{
		"in a block":       "CREATE TABLE a(); DO $$ BEGIN COMMIT; END $$",
		"in a procedure":   "CREATE TABLE a(); CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'; CALL p()",
		"by execute":       "CREATE TABLE a(); DO $$ BEGIN EXECUTE 'COMMIT'; END $$",
		"vacuum":           "CREATE TABLE a(); VACUUM",
		"a parameter":      "CREATE TABLE a(); SELECT $1",
		"another encoding": "CREATE TABLE a(); SET client_encoding = latin1; COMMENT ON TABLE a IS 'ä'",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		if err := sqlfiles.Run(ctx, url, read(t, "a.sql", sql), watch(new([]string), new(string))); err == nil || ctx.Err() != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		if got := tables(t, url); got != "" {
			t.Errorf("%s: there is %q", name, got)
		}
	}
}

// Whatever a file does to how quotes are read, nothing in it ends the transaction: each of
// these has a commit that Read takes for a part of something else.
func TestNothingEndsTheTransaction(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"strings":               `SET standard_conforming_strings = off; CREATE TABLE a(); SELECT 'a\''; COMMIT; --'`,
		"strings, set local":    `SET LOCAL standard_conforming_strings TO 0; CREATE TABLE a(); SELECT 'a\''; COMMIT; --'`,
		"strings, a function":   `SELECT set_config('standard_conforming_' || 'strings', 'off', false); CREATE TABLE a(); SELECT 'a\''; COMMIT; --'`,
		"strings, a block":      `DO $$ BEGIN SET standard_conforming_strings = off; END $$; CREATE TABLE a(); SELECT 'a\'';;COMMIT; --'`,
		"strings, abort":        `SET standard_conforming_strings = off; CREATE TABLE a(); SELECT 'a\''; ABORT AND CHAIN; --'`,
		"strings, begin anew":   `SET standard_conforming_strings = off; CREATE TABLE a(); SELECT 'a\''; COMMIT; BEGIN; --'`,
		"strings, first":        `SET standard_conforming_strings = off; CREATE TABLE a(); '\''; COMMIT; --'`,
		"a string that goes on": "CREATE TABLE a(); SELECT E'a'\n'b\\'';COMMIT; --'",
		"parentheses":           "CREATE TABLE a(); SELECT 1 (; COMMIT; SELECT 2",
		"a body":                "CREATE TABLE a(); CREATE TABLE begin(begin atomic); COMMIT; SELECT 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testkit.EmptyPostgresURL(t)
			files := read(t, "a.sql", "CREATE TABLE first()", "b.sql", sql)
			err := sqlfiles.Run(t.Context(), url, files, watch(new([]string), new(string)))
			if err == nil || !strings.HasPrefix(err.Error(), "b.sql:") || strings.Contains(err.Error(), "may stay") {
				t.Errorf("got %v", err)
			}
			if got := tables(t, url); got != "" {
				t.Errorf("after %v there is %q", err, got)
			}
		})
	}
}

// Every file begins with the settings and the role of the first one, so that what is a string
// in it stays one.
func TestFilesStartFromTheSameSettings(t *testing.T) {
	t.Parallel()
	show := "DO $$ BEGIN RAISE NOTICE '% % % % % %', current_setting('search_path'), current_user, session_user, " +
		"current_setting('standard_conforming_strings'), current_setting('statement_timeout'), coalesce(current_setting('app.tenant', true), ''); END $$;\n"
	for name, sql := range map[string]string{
		"search path":  "SELECT set_config('search_path', '', false)",
		"local":        "SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = 1000000",
		"role":         "CREATE ROLE role_$ID; SET ROLE role_$ID",
		"local role":   "CREATE ROLE local_$ID; SET LOCAL ROLE local_$ID",
		"session role": "CREATE ROLE session_$ID; SET SESSION AUTHORIZATION session_$ID",
		"strings":      "SET standard_conforming_strings = off",
		"own":          "SET app.tenant = 'x'; SET statement_timeout = 1000000",
		"a function":   "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', '', false) $$; SELECT pg_temp.f()",
		"prepared":     "PREPARE p AS SELECT 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testkit.EmptyPostgresURL(t)
			at, err := pgx.ParseConfig(url)
			if err != nil {
				t.Fatal(err)
			}
			sql := strings.ReplaceAll(sql, "$ID", at.Database)
			var messages []string
			files := read(t, "0.sql", show+"CREATE TABLE a();", "a.sql", sql, "b.sql", show+`PREPARE p AS SELECT 'a\''; COMMIT; --'`)
			o := watch(&messages, new(string))
			stop := errors.New("a role would be there for other databases, too")
			o.Committing = func(string) error { return stop }
			if err := sqlfiles.Run(t.Context(), url, files, o); !errors.Is(err, stop) {
				t.Fatal(err)
			}
			if len(messages) != 2 || strings.Replace(messages[0], "off", "on", 1) != messages[1] {
				t.Errorf("the files began with %q", messages)
			}
		})
	}
}

// Constraints are deferred in each file as they are declared, whatever the file before has set:
// what it has put off is checked at its end.
func TestFilesStartWithTheSameConstraints(t *testing.T) {
	t.Parallel()
	const tables = `CREATE TABLE a (i int, CONSTRAINT "put Off" UNIQUE (i) DEFERRABLE INITIALLY DEFERRED, j int, CONSTRAINT now UNIQUE (j) DEFERRABLE);
		INSERT INTO a VALUES (1, 1);`
	for name, c := range map[string]struct{ first, second, want string }{
		"deferred, and wrong":       {"SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (2, 1)", "DELETE FROM a WHERE i = 2", "a.sql: duplicate key"},
		"deferred, and right":       {"SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (2, 1); DELETE FROM a WHERE i = 2", "SELECT 1", ""},
		"deferred for the next":     {"SET CONSTRAINTS now DEFERRED", "INSERT INTO a VALUES (2, 1); DELETE FROM a WHERE i = 2", "b.sql:1: duplicate key"},
		"immediate for the next":    {`SET CONSTRAINTS "put Off" IMMEDIATE`, "INSERT INTO a VALUES (1, 2); DELETE FROM a WHERE j = 2", ""},
		"a deferred one stays so":   {"INSERT INTO a VALUES (1, 2)", "DELETE FROM a WHERE j = 2", ""},
		"read only by a function":   {"SELECT set_config('transaction_read_only', 'on', true)", "SELECT 1", "a.sql: it has made the transaction read only"},
		"read only, and nothing to": {"SET transaction_read_only = on", "SELECT 1", "a.sql: it has made the transaction read only"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := read(t, "0.sql", tables, "a.sql", c.first, "b.sql", c.second)
			err := sqlfiles.Run(t.Context(), testkit.EmptyPostgresURL(t), files, watch(new([]string), new(string)))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A dump as a current pg_dump writes it runs as it is, and a byte order mark is no statement.
func TestDumpRuns(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	dump := "\ufeff--\n-- PostgreSQL database dump\n--\n\n\\restrict nMdk0aQ\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\n" +
		"SET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n" +
		"CREATE TABLE public.a (t text);\nINSERT INTO public.a VALUES ('中; commit');\n\n\\unrestrict nMdk0aQ\n"
	files := read(t, "a.sql", dump, "b.sql", "INSERT INTO a VALUES ('b');")
	if err := sqlfiles.Run(t.Context(), url, files, watch(new([]string), new(string))); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, url); got != "a" {
		t.Errorf("there is %q", got)
	}
}

// Many statements travel together; the one that fails is named all the same.
func TestLineOfOneOfMany(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyPostgresURL(t)
	const many = 1234
	text := "CREATE TABLE a(i int PRIMARY KEY);\n" + strings.Repeat("INSERT INTO a SELECT count(*) FROM a;\n", many) + "/* 重 */ INSERT\nINTO a VALUES (7);\n"
	err := sqlfiles.Run(t.Context(), url, read(t, "a.sql", text), watch(new([]string), new(string)))
	if want := fmt.Sprintf("a.sql:%d: duplicate key", many+2); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A long notice is cut between two characters.
func TestLongNotice(t *testing.T) {
	t.Parallel()
	var messages []string
	files := read(t, "a.sql", "DO $$ BEGIN RAISE NOTICE '%', repeat('中', 30000); END $$")
	err := sqlfiles.Run(t.Context(), testkit.EmptyPostgresURL(t), files, watch(&messages, new(string)))
	if err != nil || len(messages) != 1 || !utf8.ValidString(messages[0]) || !strings.HasSuffix(messages[0], "中…") {
		t.Errorf("%v, %d notices", err, len(messages))
	}
}
