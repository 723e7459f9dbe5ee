package v1

import (
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/dnsapi"
	"github.com/opsledger/opsledger/domain"
)

// FuzzBatch: whatever the body, its operations are read or refused, one by one,
// and each can be built with whatever ids it refers to.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"operations":[{"method":"POST","path":"/dns/views","body":{"name":"v","acl":"any"}},{"method":"POST","path":"/dns/zones","body":{"name":"a.com","view_ids":["$0",2]}},{"method":"POST","path":"/dns/records","body":{"zone_id":"$1","host":"@"}}]}`,
		`{"operations":[{"method":"PUT","path":"/dns/records/$0","body":{"zone_id":"$00"}},{"method":"DELETE","path":"/dns/zones/9223372036854775808"}]}`,
		`{"operations":[{"method":"POST","path":"/dns/servers","body":[]},null,[],{"method":1}]}`, `{"operations":{}}`, `{"operations":[{"method":"POST","path":"/dns/records","body":{"view_ids":["$-1","$9999999999999999999"]}}]}`,
	} {
		f.Add([]byte(seed), int64(7))
	}
	routes := (&dnsapi.API{Kernel: &api.Kernel{}}).Routes()
	f.Fuzz(func(t *testing.T, text []byte, id int64) {
		object, err := api.ParseObject(text)
		if err != nil {
			return
		}
		operations, err := readOperations(&api.Params{Object: object}, routes)
		if err != nil {
			return
		}
		for i, o := range operations {
			step := o.step()
			for _, used := range step.Uses {
				if used < 0 || used >= i || operations[used].method != "POST" {
					t.Fatalf("operation %d refers to %d: %s", i, used, text)
				}
			}
			if step.Build == nil {
				t.Fatalf("operation %d cannot be built: %s", i, text)
			}
			ids := make([]int64, len(step.Uses))
			for j := range ids {
				ids[j] = id
			}
			if command, err := step.Build(ids); err == nil && command == nil {
				t.Fatalf("operation %d is neither built nor refused: %s", i, text)
			} else if allocator, ok := command.(domain.Allocator); err == nil && ok && len(allocator.Allocates()) != len(step.Takes) {
				t.Fatalf("operation %d takes other ids than it said: %s", i, text)
			}
		}
	})
}
