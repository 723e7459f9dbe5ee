package domain_test

import (
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// opsSamples is samples for the events of the operations dialect.
func opsSamples() []domain.Event {
	const task = "0358c3c78f5211e685855cf9389306a2"
	web := ops.MachineData{Name: "web01", InsideIP: "10.2.2.1", OutsideIP: "2001:db8::1", Usage: "web 服务器1", Initialized: 1, Location: "阿里云"}
	moved := web
	moved.InsideIP, moved.Location = "10.2.2.2", "here"
	order := ops.Order{Action: "update_db", Target: "db_name", Version: "1234", Content: "/path/to/file\n\"<b>\""}
	key := "ssh-ed25519 AAAA"
	return []domain.Event{
		ops.MachineAdded{ID: 1, Machine: web}, ops.MachineUpdated{ID: 1, Before: web, After: moved}, ops.MachineDeleted{ID: 1, Machine: moved},
		ops.HostEnrolled{ID: 1}, ops.HostWithdrawn{ID: 1},
		ops.TaskCreated{ID: 2, Task: task, Machine: 1, IP: "10.2.2.1", Creator: 3, CreatorName: "wang", Order: order, Description: "更新xxx功能"},
		ops.TaskDeleted{Task: task, Machine: 1}, ops.TaskRestored{ID: 2, Task: task, Machine: 1},
		ops.AttemptAccepted{
			Task: task, Machine: 1, Mode: ops.ModeRevert, Of: 7, Executor: 3, ExecutorName: "wang", Order: order,
			Deadline: time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC),
		},
		ops.CancelRequested{Task: task, Machine: 1, Attempt: 8}, ops.AttemptStarted{Task: task, Machine: 1, Attempt: 8},
		ops.AttemptProgressed{Task: task, Machine: 1, Attempt: 8, Percent: 40},
		ops.AttemptFinished{Task: task, Machine: 1, Attempt: 8, Outcome: ops.Failed, Result: "exit 1", Lines: 3},
		ops.AttemptPresumed{Task: task, Machine: 1, Attempt: 8, Outcome: ops.Unknown},
		ops.UserKeysChanged{User: 3, Before: []string{}, After: []string{key}},
		ops.AccountGranted{User: 3, Username: "wang", Machine: 1, IP: "10.2.2.1", Account: "root"},
		ops.AccountRevoked{User: 3, Username: "wang", Machine: 1, Account: "root"},
		ops.AccountKeysSet{Machine: 1, Account: "root", Keys: []ops.AccountKey{{User: 3, Username: "wang", Key: key}}},
	}
}
