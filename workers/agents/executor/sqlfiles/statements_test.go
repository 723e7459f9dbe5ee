package sqlfiles_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/workers/agents/executor/sqlfiles"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"begin", "SELECT 1; COMMIT;", "/* x /* y */ */ Rollback", "-- c\n  end", "start transaction", "abort", "savepoint a", "release a",
		"prepare transaction 'x'", "commit prepared 'x'", "select ';' ; commit", `select E'\'; ' ; commit`, "select $a$ ; $a$; commit",
		"select $1; commit", "create function f() returns int begin atomic select 1; end; commit", "select a$b$; commit; select c$b$",
		"select 'a\\'; commit; --'", "copy a from stdin", "set transaction read only", "SET /* x */ TRANSACTION ISOLATION LEVEL SERIALIZABLE", "COPY (SELECT 1) TO STDOUT", "\ufeffcommit", "; ; commit", "-- c\rcommit", "select (1); commit",
		"prepare /* x */ transaction 'x'", "select 1 /* no end", "/* no end", "/* a /* b */",
		`\connect other`, "\\i other.sql", "select 1 \\g", "\\restrict k\n\\! rm x\n\\unrestrict k", "select 1 \\restrict k", `\restricted k`, `\copy a from 'b'`,
		"\x00", "\xff\xfes\x00", "select '\xff'",
	} {
		if _, err := sqlfiles.Read("f", sql); err == nil {
			t.Errorf("accepted: %q", sql)
		}
	}
	for _, sql := range []string{
		"", "select 1", "select 'x; commit'", `select "a; commit"`, "-- commit\nselect 1", "/* ; commit */ select 1",
		"do $$ begin perform 1; end $$", "create function f() returns int language plpgsql as $f$ begin return 1; end $f$",
		"create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
		"set session characteristics as transaction read only", "prepare p as select 1", "select * from commit", "update t set begin = 1", `select E'\'; commit; '`, "\ufeff",
		"\ufeffselect 1", "\\restrict k\nselect 1;\n\\unrestrict k\n", "\\restrict k\r\nselect 1;\r\n\\unrestrict k\r\n", `select '\connect x'`, `-- \connect x`,
		"create rule r as on insert to a do also (insert into b values (1); insert into b values (2))",
	} {
		if _, err := sqlfiles.Read("f", sql); err != nil {
			t.Errorf("refused: %q: %v", sql, err)
		}
	}
	for sql, want := range map[string]string{
		"select 1;\n\ncommit;": "up.sql:3: COMMIT", "select 1;\n\\! ls\n": `up.sql:2: \!: it is a command of psql`, "a\n\xff": "up.sql: line 2 is not UTF-8",
		"\ufeff\n\\connect x": `up.sql:2: \connect`, "\xfe\xff\x00s": "up.sql: it is UTF-16", "copy a\nfrom\nstdin": "up.sql:3: COPY STDIN",
	} {
		if _, err := sqlfiles.Read("up.sql", sql); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", sql, err, want)
		}
	}
}

// read reads files, given as name and text in turn.
func read(t *testing.T, texts ...string) (files []sqlfiles.File) {
	t.Helper()
	for i := 0; i < len(texts); i += 2 {
		f, err := sqlfiles.Read(texts[i], texts[i+1])
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}
