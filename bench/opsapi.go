package bench

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// opsList is a list as the operations dialect replies with it.
type opsList[Row any] struct {
	OK   bool `json:"ok"`
	Info struct {
		Data  []Row `json:"data"`
		Count int   `json:"count"`
	} `json:"info"`
}

// listOf gets a list of the operations dialect.
func listOf[Row any](s *session, path string) (list opsList[Row], err error) {
	reply, err := s.conn.do(request{method: http.MethodGet, path: path, token: s.token})
	if err != nil {
		return list, err
	}
	if err := json.Unmarshal(reply.body, &list); err != nil || !list.OK {
		return list, fmt.Errorf("GET %s: status %d: %s", path, reply.status, firstOctets(reply.body, 300))
	}
	return list, nil
}

// act posts an action of the operations dialect and decodes what it says into info.
func (s *session) act(path, action string, data, info any) error {
	reply, err := s.post(path, map[string]any{"action": action, "data": data})
	if err != nil {
		return err
	}
	answer := struct {
		OK   bool            `json:"ok"`
		Info json.RawMessage `json:"info"`
	}{}
	if err := json.Unmarshal(reply.body, &answer); err != nil || !answer.OK {
		return fmt.Errorf("POST %s: %s", path, firstOctets(reply.body, 300))
	}
	if info == nil {
		return nil
	}
	return json.Unmarshal(answer.Info, info)
}
