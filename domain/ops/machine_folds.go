package ops

import "github.com/opsledger/opsledger/domain"

// machineFold is one machine's state.
type machineFold struct {
	id int64
	machineState
}

type machineState struct {
	exists   bool
	enrolled bool
	data     MachineData
	changed  domain.Position
}

func newMachineFold(id int64) *machineFold { return &machineFold{id: id} }

// Item implements [domain.Fold].
func (f *machineFold) Item() domain.Item {
	guards := []string{
		MachineUpdated{}.EventType(), MachineDeleted{}.EventType(),
		HostEnrolled{}.EventType(), HostWithdrawn{}.EventType(),
	}
	return domain.Item{Tag: TagMachine(f.id), Types: append([]string{MachineAdded{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *machineFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case MachineAdded:
		f.exists, f.data = true, e.Machine
	case MachineUpdated:
		f.data = e.After
	case HostEnrolled:
		f.enrolled = true
	case HostWithdrawn:
		f.enrolled = false
	case MachineDeleted:
		f.exists, f.enrolled = false, false
	default:
		return
	}
	f.changed = r.Position
}

// Snapshot implements [domain.Fold].
func (f *machineFold) Snapshot() any { return f.machineState }

// Restore implements [domain.Fold].
func (f *machineFold) Restore(s any) { f.machineState = s.(machineState) }

// machineHolder tells which machine holds a name or an address.
type machineHolder struct {
	domain.Holder[int64]
	tag domain.Tag
}

func machineNamed(name string) *machineHolder { return &machineHolder{tag: TagMachineName(name)} }
func machineAt(ip string) *machineHolder      { return &machineHolder{tag: TagMachineIP(ip)} }

// Item implements [domain.Fold]. All types are guards: a deletion frees the name or
// address, which may make a command fail that looked for the machine by it.
func (f *machineHolder) Item() domain.Item {
	return domain.Item{Tag: f.tag, Types: []string{
		MachineAdded{}.EventType(), MachineUpdated{}.EventType(), MachineDeleted{}.EventType(),
	}}
}

// Apply implements [domain.Fold].
func (f *machineHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case MachineAdded:
		f.Set(e.ID, true)
	case MachineUpdated:
		m := e.After
		f.Set(e.ID, f.tag == TagMachineName(m.Name) || f.tag == TagMachineIP(m.InsideIP) || f.tag == TagMachineIP(m.OutsideIP))
	case MachineDeleted:
		f.Set(e.ID, false)
	}
}
