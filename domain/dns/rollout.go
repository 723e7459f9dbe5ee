package dns

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// RolloutPlan says in which stages changes of the configuration go to the name servers. Without an
// order there are no stages.
type RolloutPlan struct {
	// Order has for each stage the environments, or host names, of its servers. Servers that no stage
	// names are a last one.
	Order [][]string `json:"order,omitempty"`
	// SoakS is for how many seconds a stage must be well before the next one is reached.
	SoakS int `json:"soak_s"`
}

// DefaultRolloutPlan holds while nobody has planned anything.
func DefaultRolloutPlan() RolloutPlan { return RolloutPlan{SoakS: 30} }

func (p RolloutPlan) equal(o RolloutPlan) bool {
	return p.SoakS == o.SoakS && slices.EqualFunc(p.Order, o.Order, slices.Equal[[]string])
}

// Bounds of a plan.
const (
	maxRolloutStages = 32
	maxRolloutNames  = 1_000
	maxSoakS         = 86_400
)

// checkRolloutOrder checks the form of an order.
func checkRolloutOrder(order [][]string) error {
	if len(order) > maxRolloutStages {
		return domain.Invalid("order", "must not have more than %d entries", maxRolloutStages)
	}
	known := map[string]bool{}
	for _, stage := range order {
		if len(stage) == 0 {
			return domain.Invalid("order", "a stage names no servers")
		}
		for _, name := range stage {
			if name == "" {
				return domain.Invalid("order", "a name is empty")
			}
			if err := domain.CheckText("order", name, maxText); err != nil {
				return err
			}
			if known[name] {
				return domain.Invalid("order", "%q is there twice", shorten(name))
			}
			if known[name] = true; len(known) > maxRolloutNames {
				return domain.Invalid("order", "must not have more than %d entries", maxRolloutNames)
			}
		}
	}
	return nil
}

// RolloutStages are the servers of all stages but the last, by id. The last one has all others, also
// those that come while the rollout is under way.
type RolloutStages [][]int64

// StagesOf says which servers are in which stage of an order, among those that there are. Of several
// stages that name a server it is in the first.
func StagesOf(order [][]string, servers map[int64]ServerData) RolloutStages {
	stages := make(RolloutStages, len(order))
	for id, server := range servers {
		if at := slices.IndexFunc(order, func(names []string) bool { return namesServer(names, server) }); at >= 0 {
			stages[at] = append(stages[at], id)
		}
	}
	for _, ids := range stages {
		slices.Sort(ids)
	}
	return stages
}

// NamesOfNone are the names in the order that are those of none of the servers.
func (p RolloutPlan) NamesOfNone(servers []ServerData) (none []string) {
	for _, stage := range p.Order {
		for _, name := range stage {
			if !slices.ContainsFunc(servers, func(s ServerData) bool { return namesServer([]string{name}, s) }) {
				none = append(none, name)
			}
		}
	}
	return none
}

func namesServer(names []string, s ServerData) bool {
	return slices.ContainsFunc(names, func(name string) bool { return name == s.Env || strings.EqualFold(name, s.Host) })
}

// Of returns the stage of a server, of which 1 is the first.
func (s RolloutStages) Of(server int64) int {
	for i, ids := range s {
		if slices.Contains(ids, server) {
			return i + 1
		}
	}
	return s.Count()
}

// Count is how many stages there are.
func (s RolloutStages) Count() int { return len(s) + 1 }

// ApplyTo returns views, order and main configuration as they are without what has replaced these
// settings. Views that are gone stay so.
func (f FormerSettings) ApplyTo(views map[int64]ViewData, order []int64, conf BindConfChanged) (map[int64]ViewData, []int64, BindConfChanged) {
	for _, a := range f.ACLs {
		if view, there := views[a.ViewID]; there {
			view.ACL = a.ACL
			views[a.ViewID] = view
		}
	}
	if f.Order != nil {
		order = *f.Order
	}
	if f.BindConf != nil {
		conf = BindConfChanged{Text: f.BindConf.Text, Secrets: f.BindConf.Secrets}
	}
	return views, order, conf
}
