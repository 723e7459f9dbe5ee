package opsmodel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// checkFilters compares filtered lists with what is left of all tasks by hand, from both
// ends.
func checkFilters(t *testing.T, r *Reader, all []Task) {
	t.Helper()
	middle := all[len(all)/2].Created
	for name, test := range map[string]struct {
		f    TaskFilter
		fits func(Task) bool
	}{
		"ip":      {TaskFilter{IP: "10.0.0.2"}, func(t Task) bool { return t.IP == "10.0.0.2" }},
		"action":  {TaskFilter{Action: "hello"}, func(t Task) bool { return t.Order.Action == "hello" }},
		"target":  {TaskFilter{Target: "web3"}, func(t Task) bool { return t.Order.Target == "web3" }},
		"creator": {TaskFilter{Creator: "wAnG"}, func(t Task) bool { return t.CreatorName == "Wang" }},
		"state":   {TaskFilter{State: ops.StateFailed}, func(t Task) bool { return t.State == ops.StateFailed }},
		"since":   {TaskFilter{Since: &middle}, func(t Task) bool { return !t.Created.Before(middle) }},
		"until":   {TaskFilter{Until: &middle}, func(t Task) bool { return t.Created.Before(middle) }},
		"several": {TaskFilter{Action: "update", Target: "web2", Since: &middle}, func(t Task) bool {
			return t.Order.Action == "update" && t.Order.Target == "web2" && !t.Created.Before(middle)
		}},
		"no such machine":               {TaskFilter{MachineName: "x"}, func(Task) bool { return false }},
		"a text that no database holds": {TaskFilter{Target: "\x00"}, func(Task) bool { return false }},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(t Task) bool { return !test.fits(t) })
		for _, newest := range []bool{false, true} {
			for _, page := range [][2]int{{0, 7}, {3, 1000}, {len(want), 5}, {0, 0}} {
				rows, total, err := r.Tasks(t.Context(), test.f, query.Range{Start: page[0], Count: page[1], Newest: newest})
				if err != nil || total != len(want) {
					t.Fatalf("%s: total %d, want %d, %v", name, total, len(want), err)
				}
				from := min(page[0], len(want))
				same(t, rows, want[from:min(from+page[1], len(want))])
			}
			slices.Reverse(want)
		}
	}
}

// checkCounts shows invariant 4 of Model.
func checkCounts(t *testing.T, r *Reader, all []Task) {
	t.Helper()
	counts, oldest, err := r.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var first time.Time
	for _, task := range all {
		counts[task.State]--
		if at := task.Started; task.State == ops.StateQueued || task.State == ops.StateRevertQueued {
			if task.Reverted.After(at) {
				at = task.Reverted
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	for state, n := range counts {
		if n != 0 {
			t.Errorf("%s: %d tasks too many", state, n)
		}
	}
	if !oldest.Equal(first) {
		t.Errorf("the oldest queued since %v, want %v", oldest, first)
	}
}

func TestTasksOfAMachineByName(t *testing.T) {
	t.Parallel()
	pool, log := serving(t), &chain{}
	log.add(ops.MachineAdded{ID: 2, Machine: ops.MachineData{Name: "web01", InsideIP: "10.0.0.2", OutsideIP: "192.0.2.2"}})
	for n := range int64(6) {
		log.add(created(n + 1))
	}
	apply(t, pool, log.events, 100)
	rows, total, err := NewReader(pool).Tasks(t.Context(), TaskFilter{MachineName: "web01"}, query.Range{Count: 10, Newest: true})
	if err != nil || total != 2 || rows[0].ID != 4 || rows[1].ID != 1 {
		t.Errorf("%+v of %d, %v", rows, total, err)
	}
}

// Each attempt is kept as its events left it, whatever the batches, until its task is
// deleted.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 3, 100} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			pool, log, name := serving(t), &chain{}, taskName(1)
			log.add(created(1), created(2))
			at := func(p domain.Position) time.Time { return start.Add(time.Duration(p/2-1) * time.Second) }
			accept := func(mode ops.Mode) domain.Position {
				return log.add(ops.AttemptAccepted{Task: name, Machine: 2, Mode: mode, Executor: 3, ExecutorName: "li"})
			}
			a := accept(ops.ModeUpdate)
			begun := log.add(ops.AttemptStarted{Task: name, Machine: 2, Attempt: a})
			log.add(ops.AttemptProgressed{Task: name, Machine: 2, Attempt: a, Percent: 40})
			log.add(ops.AttemptPresumed{Task: name, Machine: 2, Attempt: a, Outcome: ops.Unknown})
			log.add(ops.AttemptStarted{Task: name, Machine: 2, Attempt: a})
			failed := log.add(ops.AttemptFinished{Task: name, Machine: 2, Attempt: a, Outcome: ops.Failed, Result: "坏"})
			b := accept(ops.ModeUpdate)
			done := log.add(ops.AttemptFinished{Task: name, Machine: 2, Attempt: b, Outcome: ops.Succeeded, Result: "好"})
			c := accept(ops.ModeRevert)
			expired := log.add(ops.AttemptPresumed{Task: name, Machine: 2, Attempt: c, Outcome: ops.Expired})
			d := accept(ops.ModeRevert)
			apply(t, pool, log.events, size)
			r := NewReader(pool)
			want := []Attempt{
				{Number: d, Task: name, Mode: ops.ModeRevert, Executor: "li", Accepted: at(d), State: ops.Queued},
				{Number: c, Task: name, Mode: ops.ModeRevert, Executor: "li", Accepted: at(c), Ended: at(expired), State: ops.Expired},
				{Number: b, Task: name, Mode: ops.ModeUpdate, Executor: "li", Accepted: at(b), Ended: at(done), Percent: 100, State: ops.Succeeded, Result: "好"},
				{Number: a, Task: name, Mode: ops.ModeUpdate, Executor: "li", Accepted: at(a), Started: at(begun), Ended: at(failed), Percent: 40, State: ops.Failed, Result: "坏"},
			}
			all := want
			got, err := r.Attempts(t.Context(), name, 1<<60, 10)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
			if got, err = r.Attempts(t.Context(), name, c, 1); err != nil {
				t.Fatal(err)
			}
			same(t, got, want[2:3])
			before := len(log.events)
			log.add(ops.TaskDeleted{Task: name, Machine: 2})
			log.add(ops.AttemptFinished{Task: taskName(2), Machine: 3, Attempt: 99, Outcome: ops.Failed}) // of no attempt that is kept
			apply(t, pool, log.events[before:], size)
			if got, err := r.Attempts(t.Context(), name, 1<<60, 10); err != nil || len(got) != 0 {
				t.Errorf("of a deleted task: %+v, %v", got, err)
			}
			back, gone := ops.TaskRestored{ID: 1, Task: name, Machine: 2}, ops.TaskDeleted{Task: name, Machine: 2}
			for _, events := range [][]domain.Event{{back}, {gone, back}, {gone}, {back, gone, back}} {
				before := len(log.events)
				log.add(events...)
				apply(t, pool, log.events[before:], size)
				got, err := r.Attempts(t.Context(), name, 1<<60, 10)
				if err != nil {
					t.Fatal(err)
				}
				if events[len(events)-1] == gone {
					want = nil
				}
				if same(t, got, want); want == nil {
					want = all
				}
			}
		})
	}
}

// Each operation of a person has one entry, with both texts; what hosts and the control
// plane add has none.
func TestEntries(t *testing.T) {
	t.Parallel()
	pool, log, name := serving(t), &chain{}, taskName(1)
	for _, schema := range []string{"dns", "access"} { // which the list reads, too
		for _, sql := range append([]string{"CREATE SCHEMA " + schema, "CREATE TABLE " + schema + ".credentials (id bigint, name text)"}, oplog.Create()...) {
			if _, err := pool.Exec(t.Context(), strings.ReplaceAll(sql, "{schema}", schema)); err != nil {
				t.Fatal(err)
			}
		}
	}
	web, db := ops.MachineData{Name: "web01", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1", Usage: "web", Location: "here"}, ops.MachineData{Name: "web01", InsideIP: "10.0.0.1", OutsideIP: "192.0.2.1", Usage: "db", Location: "here"}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2rp04YTmF1xnmy8uMPqzpq2YcfcA9OlqIiKdyn1CrC"
	task := func(state, executor string, more ...string) string {
		return "id: 1\n任务ID: " + name + "\n机器IP: 10.0.0.2\n指令: hello\n更新目标: web1\n版本号: 7\n变更内容: a\nb\n变更描述: 新页面\n创建人: li\n创建时间: 2026-01-02 03:04:09\n状态: " + state + "\n" + strings.Join(more, "") + "执行人: " + executor + "\n"
	}
	machine := func(usage string) string {
		return "id: 1\n机器名称: web01\n内网IP: 10.0.0.1\n外网IP: 192.0.2.1\n机器用途: " + usage + "\n是否初始化: 0\n所在机房: here\n"
	}
	grant := "用户名: Wang\n机器名称: web01\n内网IP: 10.0.0.1\n系统账号: root\n"
	keys := "用户名: user2\n公钥: ssh-ed25519 SHA256:7ijMHxPsajmOyc6MxuD26KxAUDK0oR/Ux/BmimdUoh0\n"
	const before = "修改前：\n"
	attempt := domain.Position(0)
	for _, step := range []struct {
		events func() []domain.Event
		want   string
	}{
		{func() []domain.Event { return []domain.Event{ops.MachineAdded{ID: 1, Machine: web}} }, "添加 Machine web01 1|" + machine("web") + "|" + machine("web")},
		{func() []domain.Event { return []domain.Event{ops.MachineUpdated{ID: 1, Before: web, After: db}} }, "修改 Machine web01 1|" + before + machine("web") + "|" + machine("db")},
		{func() []domain.Event { return []domain.Event{ops.HostEnrolled{ID: 1}} }, ""},
		{func() []domain.Event {
			return []domain.Event{ops.UserKeysChanged{User: 2, Before: []string{}, After: []string{key}}}
		}, "修改 SshKey user2 2|" + before + "用户名: user2\n|" + keys},
		{func() []domain.Event { return []domain.Event{created(1)} }, "添加 Task " + name + " 1|" + task("created", "") + "|" + task("created", "")},
		{func() []domain.Event {
			return []domain.Event{ops.AccountGranted{User: 2, Username: "Wang", Machine: 1, IP: "10.0.0.1", Account: "root"}}
		}, "添加 SshKey Wang 2|" + grant + "|" + grant},
		{func() []domain.Event {
			return []domain.Event{ops.AccountKeysSet{Machine: 1, Account: "root", Keys: []ops.AccountKey{}}}
		}, ""},
		{func() []domain.Event {
			return []domain.Event{ops.AttemptAccepted{Task: name, Machine: 2, Mode: ops.ModeUpdate, Executor: 3, ExecutorName: "li"}}
		}, "修改 Task " + name + " 1|" + before + task("created", "") + "|" + task("queued", "li")},
		{func() []domain.Event {
			return []domain.Event{ops.CancelRequested{Task: name, Machine: 2, Attempt: attempt}}
		}, "修改 Task " + name + " 1|" + before + task("queued", "li") + "|" + task("queued", "li", "取消: 是\n")},
		{func() []domain.Event { return []domain.Event{ops.TaskDeleted{Task: name, Machine: 2}} }, "删除 Task " + name + " 1|" + task("queued", "li", "取消: 是\n") + "|"},
		{func() []domain.Event {
			return []domain.Event{ops.AccountRevoked{User: 2, Username: "Wang", Machine: 1, Account: "root"}}
		}, "删除 SshKey Wang 2|" + grant + "|"},
		{func() []domain.Event { return []domain.Event{ops.MachineDeleted{ID: 1, Machine: db}} }, "删除 Machine web01 1|" + machine("db") + "|"},
	} {
		from := len(log.events)
		at := log.add(step.events()...)
		if attempt == 0 && strings.Contains(step.want, "queued") {
			attempt = at
		}
		apply(t, pool, log.events[from:], 1)
		entries, _, err := oplog.NewReader(pool).Entries(t.Context(), rights.System(), oplog.Filter{ID: new(int64(at))}, query.One())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range entries {
			got = e.OperationType + " " + e.TargetType + " " + e.TargetName + " " + e.TargetID + "|" + e.TargetDetail + "|" + e.TargetAfter
			if e.Operator != "user1" {
				t.Errorf("%d by %s", e.ID, e.Operator)
			}
		}
		if got != step.want {
			t.Errorf("entry of %T\n%s, want\n%s", step.events()[0], got, step.want)
		}
	}
}

// A cancellation that ends an attempt at once is one entry; that of an attempt which its
// host gave no end of is one, too.
func TestEntriesOfCancellations(t *testing.T) {
	t.Parallel()
	pool, log, name := serving(t), &chain{}, taskName(1)
	log.add(created(1))
	a := log.add(ops.AttemptAccepted{Task: name, Machine: 2, Mode: ops.ModeUpdate, Executor: 3, ExecutorName: "li"})
	log.add(ops.CancelRequested{Task: name, Machine: 2, Attempt: a})
	last := &log.events[len(log.events)-1]
	// Of one append: their positions follow each other.
	log.events = append(log.events, domain.Recorded{
		Position: last.Position + 1, Prev: last.Position, Actor: 1, At: last.At,
		Event: ops.AttemptPresumed{Task: name, Machine: 2, Attempt: a, Outcome: ops.Cancelled},
	})
	log.add(ops.AttemptPresumed{Task: name, Machine: 2, Attempt: a, Outcome: ops.Cancelled})
	apply(t, pool, log.events, 100)
	var entries int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.oplogs`).Scan(&entries); err != nil || entries != 4 {
		t.Errorf("%d entries, want those of creation, acceptance and two cancellations; %v", entries, err)
	}
}
