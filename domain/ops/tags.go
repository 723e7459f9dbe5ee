package ops

import (
	"strconv"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// TagMachine marks one machine's lifecycle and enrolment.
func TagMachine(id int64) domain.Tag { return domain.IDTag("machine", id) }

// TagMachineName marks the events in which a name is taken or given up by a machine.
func TagMachineName(name string) domain.Tag { return domain.TextTag("machinename", name) }

// TagMachineIP marks the events in which an address (canonical text) is taken
// or given up by a machine.
func TagMachineIP(ip string) domain.Tag { return domain.TextTag("machineip", ip) }

// TagHostWork marks the acceptances and ends of attempts on a machine. It is apart from
// the machine's lifecycle, so that acceptances do not conflict with each other.
func TagHostWork(machine int64) domain.Tag { return domain.IDTag("hostwork", machine) }

// TagTaskID marks the creation of a task by its number.
func TagTaskID(id int64) domain.Tag { return domain.IDTag("task", id) }

// TagTask marks everything about one task, named by its 32 hex digits.
func TagTask(task string) domain.Tag { return domain.TextTag("taskref", task) }

// TagUserKeys marks a user's public keys and the accounts they may log in to.
func TagUserKeys(user domain.UserID) domain.Tag { return access.TagUserKeys(user) }

// TagAccount marks who may log in to a system account of a machine.
func TagAccount(machine int64, account string) domain.Tag {
	return domain.TextTag("account", strconv.FormatInt(machine, 10)+"/"+account)
}

// TagMachineAccounts marks which accounts of a machine anybody may log in to.
func TagMachineAccounts(machine int64) domain.Tag { return domain.IDTag("machineaccounts", machine) }
