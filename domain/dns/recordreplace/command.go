package recordreplace

import (
	"errors"
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
)

// Command changes the records that were found, none where there are none.
type Command struct {
	found []Found
	batch batch.Command
}

// Decide implements [domain.Command]. [ErrStale] asks for the records to be found anew.
func (c Command) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	if len(c.found) == 0 {
		return nil, nil
	}
	events, err := c.batch.Decide(h, env)
	var refused *batch.Error
	if errors.As(err, &refused) {
		return nil, c.refusal(refused.Refusals)
	}
	return events, err
}

// refusal says which records stand in the way. That some may not be changed comes first, so
// that who may not change them does not learn what else would be.
func (c Command) refusal(all []batch.Refusal) error {
	var forbidden []batch.Refusal
	for _, r := range all {
		switch r.Err.Code {
		case domain.CodePrecondition, domain.CodeNotFound:
			return ErrStale
		case domain.CodeForbidden:
			forbidden = append(forbidden, r)
		}
	}
	if len(forbidden) > 0 {
		return domain.Forbidden("无权限！找到的%d条Record中有%d条不能修改（%s），没有任何修改：%s",
			len(c.found), len(forbidden), c.names(forbidden), forbidden[0].Err)
	}
	field := ""
	if f := all[0].Err.Field; f == "value" || f == "ttl" {
		field = "set." + f
	}
	return domain.Refused("找到的%d条Record中有%d条不能这样修改（%s），没有任何修改：%s",
		len(c.found), len(all), c.names(all), all[0].Err).Blame(field)
}

// names are those of the first records of some refusals, with their ids.
func (c Command) names(refusals []batch.Refusal) string {
	const most = 5
	var names []string
	for _, r := range refusals[:min(len(refusals), most)] {
		f := c.found[r.Index]
		names = append(names, fmt.Sprintf("%s %s [%d]", dns.FullName(f.Host, f.Zone), f.Type, f.ID))
	}
	if len(refusals) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
