package v1

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
)

// bodyReference is a place in an operation's body that holds "$n": the id of
// what operation n of the batch creates.
type bodyReference struct {
	name string
	// member is the place in a list, -1 where the value itself is the reference.
	member    int
	operation int
}

// parseReference reads "$n", n in plain decimal digits.
func parseReference(text string) (operation int, ok bool) {
	digits, ok := strings.CutPrefix(text, "$")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == digits
}

// readReferences finds the references in a body. They may stand for a zone in
// zone_id and for views in view_ids, nowhere else.
func readReferences(object map[string]json.RawMessage, earlier []operation) ([]bodyReference, error) {
	var found []bodyReference
	if operation, ok := rawReference(object["zone_id"]); ok {
		if err := checkReference("zone_id", operation, api.Zone, earlier); err != nil {
			return nil, err
		}
		found = append(found, bodyReference{name: "zone_id", member: -1, operation: operation})
	}
	for i, member := range members(object["view_ids"]) {
		operation, ok := rawReference(member)
		if !ok {
			continue
		}
		if err := checkReference("view_ids", operation, api.View, earlier); err != nil {
			return nil, err
		}
		found = append(found, bodyReference{name: "view_ids", member: i, operation: operation})
	}
	return found, nil
}

// checkReference: an operation may refer to an earlier one that creates the
// kind of resource that it needs.
func checkReference(field string, operation int, kind api.Resource, earlier []operation) error {
	if operation < len(earlier) {
		if to := earlier[operation]; to.method == http.MethodPost && to.route != nil && to.route.Write.Kind == kind {
			return nil
		}
	}
	return domain.Invalid(field, "$%d必须是在它之前的、新建%s的操作！", operation, kind)
}

// resolve returns the body with the created ids in place of the references.
func resolve(object map[string]json.RawMessage, references []bodyReference, created []int64) map[string]json.RawMessage {
	out := maps.Clone(object)
	lists := map[string][]json.RawMessage{}
	for i, r := range references {
		id := json.RawMessage(strconv.FormatInt(created[i], 10))
		if r.member < 0 {
			out[r.name] = id
			continue
		}
		if lists[r.name] == nil {
			lists[r.name] = slices.Clone(members(object[r.name]))
		}
		lists[r.name][r.member] = id
	}
	for name, list := range lists {
		if text, err := json.Marshal(list); err == nil { // they came out of JSON
			out[name] = text
		}
	}
	return out
}

func rawReference(raw json.RawMessage) (operation int, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return 0, false
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return 0, false
	}
	return parseReference(text)
}

// members are those of a JSON list, none of anything else.
func members(raw json.RawMessage) []json.RawMessage {
	list, _ := api.Elements(raw)
	return list
}
