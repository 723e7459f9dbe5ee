package executor_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

func TestUpdateDatabase(t *testing.T) {
	t.Parallel()
	h := newHost(t, `
actions:
  update_db:
    databases:
      shop: {url_file: $DIR/url, folder: $DIR/sql}
`, nil)
	pool, err := pgxpool.New(t.Context(), testkit.EmptyPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	h.write("url", pool.Config().ConnString()+"\n")
	h.write("sql/1.sql", "\ufeffCREATE TABLE one(i int);")
	h.write("sql/1.down.sql", "\ufeffDROP TABLE one;")
	h.write("sql/psql.sql", "SELECT 1;")
	h.write("sql/psql.down.sql", "\\restrict k\n\\connect other\n")
	h.write("sql/path.sql", "SET search_path = ''; SET standard_conforming_strings = off;")
	h.write("sql/path.down.sql", "SELECT 1;")
	h.write("sql/hidden.sql", `SET standard_conforming_strings = off; CREATE TABLE one(); SELECT 'a\''; COMMIT; --'`)
	h.write("sql/hidden.down.sql", "SELECT 1;")
	h.write("sql/2.sql", "INSERT INTO one VALUES (1);")
	h.write("sql/2.down.sql", "DELETE FROM one WHERE i = 1;")
	h.write("sql/lonely.sql", "SELECT 1")
	h.write("sql/wrong.sql", "INSERT INTO one VALUES ('x');")
	h.write("sql/wrong.down.sql", "SELECT 1")
	h.write("sql/commit.sql", "COMMIT")
	h.write("sql/commit.down.sql", "SELECT 1")
	h.start()
	rows := func() (n int) {
		if pool.QueryRow(t.Context(), "SELECT count(*) FROM one").Scan(&n) != nil {
			return -1
		}
		return n
	}
	h.assign(executor.Assignment{Attempt: 1, Action: "update_db", Target: "shop", Content: "1,2"})
	h.wantEnd(1, ops.Failed, "lets others read it")
	if err := os.Chmod(h.path("url"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		target, content, message string
	}{
		{"shop", "1,lonely", "there is no lonely.down.sql"}, {"shop", "1,wrong", "wrong.sql:1: invalid input syntax"}, {"shop", "1,commit", "commit.sql:1: COMMIT"},
		{"shop", "1.down.sql", "revert"}, {"shop", "none", "there is no none"},
		{"shop", "1,none,lonely", "there is no none.sql, none.down.sql, lonely.down.sql"}, {"shop", "1,psql", `psql.down.sql:2: \connect: it is a command of psql`},
		{"shop", "1,hidden", "hidden.sql:1: "}, {"shop", "path,hidden", "hidden.sql:1: "}, {"other", "1", `unknown database "other"`}, {"shop", "../sql/1", "elements"},
	} {
		h.assign(executor.Assignment{Attempt: int64(i + 2), Action: "update_db", Target: test.target, Content: test.content})
		h.wantEnd(int64(i+2), ops.Failed, test.message)
	}
	if rows() != -1 {
		t.Error("a failed attempt left something")
	}
	h.assign(executor.Assignment{Attempt: 20, Action: "update_db", Target: "shop", Content: "path,1.sql, 2"})
	h.wantEnd(20, ops.Succeeded, "3 files run in one transaction")
	if rows() != 1 {
		t.Errorf("%d rows", rows())
	}
	// What takes it back is what it was then.
	if err := errors.Join(os.Remove(h.path("sql/1.down.sql")), os.Remove(h.path("sql/2.down.sql"))); err != nil {
		t.Fatal(err)
	}
	h.assign(executor.Assignment{Attempt: 21, Mode: ops.ModeRevert, Of: 20, Action: "update_db", Target: "shop", Content: "1"})
	h.wantEnd(21, ops.Succeeded, "")
	if rows() != -1 {
		t.Errorf("%d rows", rows())
	}
}

// An agent that was killed at the commit asks the database what became of it.
func TestAgentKilledAtTheCommit(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testkit.EmptyPostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	h := newHost(t, "actions: {update_db: {databases: {shop: {url: '"+pool.Config().ConnString()+"', folder: $DIR}}}}", nil)
	var journal strings.Builder
	for i, end := range []string{"COMMIT", "ROLLBACK"} {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var xid string
		_, err1 := conn.Exec(t.Context(), "BEGIN")
		err2 := conn.QueryRow(t.Context(), "SELECT pg_current_xact_id()::text").Scan(&xid)
		_, err3 := conn.Exec(t.Context(), end)
		conn.Release()
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf(`"task":"%032d","attempt":%d`, i, i+1)
		fmt.Fprintf(&journal, `{%s,"accepted":{%s,"mode":"update","action":"update_db","target":"shop","content":"x"}}`+"\n", id, id)
		fmt.Fprintf(&journal, `{%s,"begun":{"run":"none","boot":"earlier"}}`+"\n", id)
		fmt.Fprintf(&journal, `{%s,"doing":{"target":"shop","scripts":[{"name":"x.sql"}],"xid":"%s"}}`+"\n", id, xid)
	}
	h.write("agent/journal", journal.String())
	h.start()
	h.wantEnd(1, ops.Succeeded, "1 file run")
	h.wantInterrupted(2, "nothing was changed")
}
