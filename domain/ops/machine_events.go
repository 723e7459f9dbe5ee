package ops

import "github.com/opsledger/opsledger/domain"

// MachineData is what a client may say about a machine.
type MachineData struct {
	Name string `json:"machine_name"`
	// InsideIP and OutsideIP are canonical texts of addresses.
	InsideIP    string `json:"inside_ip"`
	OutsideIP   string `json:"outside_ip"`
	Usage       string `json:"usage"`
	Initialized int    `json:"is_initialized"`
	Location    string `json:"location"`
}

// MachineAdded says that a machine was registered.
type MachineAdded struct {
	ID      int64       `json:"id"`
	Machine MachineData `json:"machine"`
}

// MachineUpdated says that a machine's data changed.
type MachineUpdated struct {
	ID     int64       `json:"id"`
	Before MachineData `json:"before"`
	After  MachineData `json:"after"`
}

// MachineDeleted says that a machine was removed; its agent is no longer trusted.
type MachineDeleted struct {
	ID      int64       `json:"id"`
	Machine MachineData `json:"machine"`
}

// HostEnrolled says that the machine has an agent, whose id on the bus is the machine's.
type HostEnrolled struct {
	ID int64 `json:"id"`
	// Key is the public key of an agent that has made its own, see [RedeemHostToken]; empty where the control plane
	// has made it.
	Key string `json:"key,omitempty"`
}

// HostWithdrawn says that the machine's agent is no longer trusted.
type HostWithdrawn struct {
	ID int64 `json:"id"`
}

// EventType implements [domain.Event].
func (MachineAdded) EventType() string   { return "MachineAdded" }
func (MachineUpdated) EventType() string { return "MachineUpdated" }
func (MachineDeleted) EventType() string { return "MachineDeleted" }
func (HostEnrolled) EventType() string   { return "HostEnrolled" }
func (HostWithdrawn) EventType() string  { return "HostWithdrawn" }

// SubjectKey implements [domain.Event].
func (e MachineAdded) SubjectKey() int64   { return e.ID }
func (e MachineUpdated) SubjectKey() int64 { return e.ID }
func (e MachineDeleted) SubjectKey() int64 { return e.ID }
func (e HostEnrolled) SubjectKey() int64   { return e.ID }
func (e HostWithdrawn) SubjectKey() int64  { return e.ID }

// Tags implements [domain.Event].
func (e MachineAdded) Tags() []domain.Tag { return machineTags(e.ID, e.Machine) }
func (e MachineUpdated) Tags() []domain.Tag {
	return machineTags(e.ID, e.Before, e.After)
}
func (e MachineDeleted) Tags() []domain.Tag {
	return append(machineTags(e.ID, e.Machine), domain.TagEnrolments)
}
func (e HostEnrolled) Tags() []domain.Tag {
	return []domain.Tag{TagMachine(e.ID), domain.TagEnrolments}
}
func (e HostWithdrawn) Tags() []domain.Tag {
	return []domain.Tag{TagMachine(e.ID), domain.TagEnrolments}
}

func machineTags(id int64, data ...MachineData) []domain.Tag {
	tags := []domain.Tag{TagMachine(id)}
	for _, d := range data {
		tags = append(tags, TagMachineName(d.Name), TagMachineIP(d.InsideIP), TagMachineIP(d.OutsideIP))
	}
	return domain.JoinTags(tags...)
}
