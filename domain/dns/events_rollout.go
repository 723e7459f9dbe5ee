package dns

import "github.com/opsledger/opsledger/domain"

// RolloutPlanned is a new version of the stages in which configurations go to the name servers.
type RolloutPlanned struct {
	unkeyed
	Before RolloutPlan `json:"before"`
	After  RolloutPlan `json:"after"`
}

// RolloutStarted is the last event of a change of the configuration that goes out in stages. The
// position of RolloutStarted is the rollout's id. The servers of the first stage are to have the change
// at once, all others what Former says until their stage is reached.
type RolloutStarted struct {
	unkeyed
	// Order and SoakS are those of the plan.
	Order  [][]string     `json:"order"`
	SoakS  int            `json:"soak_s"`
	Former FormerSettings `json:"former"`
}

// FormerSettings are what a change of the configuration replaces; what it leaves alone is absent.
type FormerSettings struct {
	BindConf *FormerBindConf `json:"bind_conf,omitempty"`
	// ACLs are those of views. The former one of a new view is "none": it is made everywhere at once,
	// and takes no clients before its stage.
	ACLs []FormerACL `json:"acls,omitempty"`
	// Order is that of the views, empty for that of their ids.
	Order *[]int64 `json:"view_order,omitempty"`
}

// FormerBindConf is a main configuration, as [BindConfChanged] has it.
type FormerBindConf struct {
	Text    string   `json:"text"`
	Secrets []string `json:"secrets,omitempty" hidden:"true"`
}

// FormerACL is the ACL of a view.
type FormerACL struct {
	ViewID int64  `json:"view_id"`
	ACL    string `json:"acl"`
}

// RolloutStageReached says that the servers of a stage are to have what the rollout brings, too. The
// first stage is 1, and is reached as the rollout starts.
type RolloutStageReached struct {
	unkeyed
	Rollout domain.Position `json:"rollout"`
	Stage   int             `json:"stage"`
}

// RolloutEnded says that all servers are to have what the rollout brings. Overtaken: another change of
// the configuration, in the same change of the log, goes to all servers at once.
type RolloutEnded struct {
	unkeyed
	Rollout   domain.Position `json:"rollout"`
	Overtaken bool            `json:"overtaken,omitempty"`
}

// RolloutStopped says that a rollout has come to nothing. The events that bring the former
// configuration back are in the same change.
type RolloutStopped struct {
	unkeyed
	Rollout domain.Position `json:"rollout"`
	// Reason is what a server did not do, empty where a user stopped the rollout.
	Reason string `json:"reason,omitempty"`
}

// EventType implements [domain.Event].
func (RolloutPlanned) EventType() string      { return "RolloutPlanned" }
func (RolloutStarted) EventType() string      { return "RolloutStarted" }
func (RolloutStageReached) EventType() string { return "RolloutStageReached" }
func (RolloutEnded) EventType() string        { return "RolloutEnded" }
func (RolloutStopped) EventType() string      { return "RolloutStopped" }

// Tags implements [domain.Event].
func (RolloutPlanned) Tags() []domain.Tag      { return []domain.Tag{TagRollout} }
func (RolloutStarted) Tags() []domain.Tag      { return []domain.Tag{TagRollout} }
func (RolloutStageReached) Tags() []domain.Tag { return []domain.Tag{TagRollout} }
func (RolloutEnded) Tags() []domain.Tag        { return []domain.Tag{TagRollout} }
func (RolloutStopped) Tags() []domain.Tag      { return []domain.Tag{TagRollout} }
