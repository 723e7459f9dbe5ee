package ops_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/domaintest"
	"github.com/opsledger/opsledger/domain/ops"
)

func input(d ops.MachineData) ops.MachineInput {
	return ops.MachineInput{
		Name: &d.Name, InsideIP: &d.InsideIP, OutsideIP: &d.OutsideIP, Usage: &d.Usage, Location: &d.Location, Initialized: &d.Initialized,
	}
}

func add(d ops.MachineData) domain.Command { return domaintest.Must(ops.NewAddMachine(input(d))) }

func update(in ops.MachineInput) domain.Command {
	return domaintest.Must(ops.NewUpdateMachine(in, nil))
}

func TestMachines(t *testing.T) {
	t.Parallel()
	sameName, sameIP, crossed := db, db, db
	sameName.Name, sameIP.InsideIP, crossed.OutsideIP = web.Name, web.InsideIP, web.InsideIP
	moved := web
	moved.InsideIP = "10.0.0.9"
	stale := domain.Position(5)
	remove := domaintest.Must(ops.NewDeleteMachine("web01", nil))
	granted := ops.AccountGranted{User: operator, Username: "Operator", Machine: 7, IP: "10.0.0.1", Account: "root"}
	check(t, []rule{
		{name: "add", as: operator, given: given(), when: add(db), then: []domain.Event{ops.MachineAdded{ID: domaintest.FirstID, Machine: db}}},
		{name: "add without the right", as: nobody, given: given(), when: add(db), code: domain.CodeForbidden, text: "addmachine"},
		{name: "taken name", as: operator, given: given(), when: add(sameName), code: domain.CodeRefused, text: "machine_name web01"},
		{name: "taken address", as: operator, given: given(), when: add(sameIP), code: domain.CodeRefused, text: "inside_ip"},
		{name: "inside is another's outside", as: operator, given: given(), when: add(crossed), code: domain.CodeRefused, text: "outside_ip"},
		{name: "freed name", as: operator, given: given(ops.MachineDeleted{ID: 7, Machine: web}), when: add(web), then: []domain.Event{ops.MachineAdded{ID: domaintest.FirstID, Machine: web}}},
		{name: "update", as: operator, given: given(), when: update(input(moved)), then: []domain.Event{ops.MachineUpdated{ID: 7, Before: web, After: moved}}},
		{name: "update keeps the rest", as: operator, given: given(), when: update(ops.MachineInput{Name: &web.Name, InsideIP: &moved.InsideIP}), then: []domain.Event{ops.MachineUpdated{ID: 7, Before: web, After: moved}}},
		{name: "update changes nothing", as: operator, given: given(), when: update(input(web))},
		{name: "update to a taken address", as: operator, given: given(ops.MachineAdded{ID: 8, Machine: db}), when: update(ops.MachineInput{Name: &web.Name, OutsideIP: &db.InsideIP}), code: domain.CodeRefused, text: "outside_ip 10.0.0.2"},
		{name: "update of nothing", as: operator, given: given(), when: update(input(db)), code: domain.CodeRefused, text: "db01 does not exist"},
		{name: "stale", as: operator, given: given(), when: domaintest.Must(ops.NewUpdateMachine(input(moved), &stale)), code: domain.CodePrecondition},
		{name: "delete", as: operator, given: given(), when: remove, then: []domain.Event{ops.MachineDeleted{ID: 7, Machine: web}}},
		{name: "delete ends grants", as: operator, given: given(granted), when: remove, then: []domain.Event{
			ops.AccountRevoked{User: operator, Username: "Operator", Machine: 7, Account: "root"}, ops.MachineDeleted{ID: 7, Machine: web},
		}},
		{name: "delete twice", as: operator, given: given(ops.MachineDeleted{ID: 7, Machine: web}), when: remove, code: domain.CodeRefused, text: "does not exist"},
		{name: "delete while busy", as: operator, given: given(created(), accepted()), when: remove, code: domain.CodeRefused, text: "1 queued or running"},
		{name: "delete after the work", as: operator, given: given(created(), accepted(), finished(8, ops.Failed)), when: remove, then: []domain.Event{ops.MachineDeleted{ID: 7, Machine: web}}},
		{name: "enroll", as: operator, given: given(), when: domaintest.Must(ops.NewEnrollHost("web01")), then: []domain.Event{ops.HostEnrolled{ID: 7}}},
		{name: "enroll twice", as: operator, given: given(ops.HostEnrolled{ID: 7}), when: domaintest.Must(ops.NewEnrollHost("web01"))},
		{name: "withdraw", as: operator, given: given(ops.HostEnrolled{ID: 7}), when: domaintest.Must(ops.NewWithdrawHost("web01")), then: []domain.Event{ops.HostWithdrawn{ID: 7}}},
		{name: "withdraw nothing", as: operator, given: given(), when: domaintest.Must(ops.NewWithdrawHost("web01"))},
	})
}

func TestMachineRaces(t *testing.T) {
	t.Parallel()
	adding := domaintest.Given(given()...).As(operator).When(add(db))
	if !adding.Conflicts(ops.MachineAdded{ID: 9, Machine: db}) || adding.Conflicts(ops.MachineAdded{ID: 9, Machine: web}) {
		t.Error("an addition is not guarded by its names and addresses, or by another's")
	}
	deleting := domaintest.Given(given()...).As(operator).When(domaintest.Must(ops.NewDeleteMachine("web01", nil)))
	if !deleting.Conflicts(accepted()) {
		t.Error("a machine can be deleted while it gets work")
	}
	accepting := domaintest.Given(given(created())...).As(operator).When(accept(ops.ModeUpdate))
	if !accepting.Conflicts(ops.MachineDeleted{ID: 7, Machine: web}) {
		t.Error("work can be accepted while its machine is deleted")
	}
}

func TestMachineForms(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*ops.MachineInput){
		"machine_name":   func(in *ops.MachineInput) { in.Name = new("a b") },
		"inside_ip":      func(in *ops.MachineInput) { in.InsideIP = new("10.0.0") },
		"outside_ip":     func(in *ops.MachineInput) { in.OutsideIP = new("fe80::1%eth0") },
		"usage":          func(in *ops.MachineInput) { in.Usage = new("a\nb") },
		"location":       func(in *ops.MachineInput) { in.Location = nil },
		"is_initialized": func(in *ops.MachineInput) { in.Initialized = new(2) },
	} {
		in := input(web)
		spoil(&in)
		_, err := ops.NewAddMachine(in)
		domaintest.Outcome{Err: err}.ThenError(t, domain.CodeInvalid, field)
	}
}
