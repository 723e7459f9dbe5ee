package api

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// strangeStages warns of names in the stages of rollouts that are those of no server, which may be mistyped: the servers that
// were meant would be in the last stage.
func (k *Kernel) strangeStages(w *Request, events []domain.Event) ([]domain.Warning, error) {
	var warnings []domain.Warning
	for _, event := range events {
		planned, is := event.(dns.RolloutPlanned)
		if !is {
			continue
		}
		servers, err := k.DNS.ServerNames(w.Context())
		if err != nil {
			return nil, fmt.Errorf("read servers: %w", err)
		}
		for _, name := range planned.After.NamesOfNone(servers) {
			if len(warnings) == maxWarnings {
				break
			}
			warnings = append(warnings, domain.Warn("order", "no server has the environment or host name %s", name))
		}
	}
	return warnings, nil
}
