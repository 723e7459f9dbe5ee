package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// session is a plane with a user logged in.
type session struct {
	*plane
	// apis are those that crews divide their clients among, where the log has other processes as well.
	apis   []string
	token  string
	conn   *apiConn
	view   string
	viewID int64
}

// login opens a session on a connection of its own. close it.
func (p *plane) login(ctx context.Context) (*session, error) {
	conn, err := dialAPI(ctx, p.api)
	if err != nil {
		return nil, err
	}
	s := &session{plane: p, conn: conn}
	form := url.Values{"username": {"admin"}, "password": {planePassword}}
	reply, err := conn.do(request{method: http.MethodPost, path: "/auth/login_local", contentType: formType, body: []byte(form.Encode())})
	if err != nil {
		conn.close()
		return nil, fmt.Errorf("log in: %w", err)
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(reply.body, &answer); err != nil || answer.Token == "" {
		conn.close()
		return nil, fmt.Errorf("log in: status %d: %s", reply.status, reply.body)
	}
	s.token = answer.Token
	return s, nil
}

func (s *session) close() { s.conn.close() }

// apiOf is the API that a crew's client uses.
func (s *session) apiOf(client int) string {
	if len(s.apis) == 0 {
		return s.api
	}
	return s.apis[client%len(s.apis)]
}

// post creates something and returns the reply; any other status than 200 is an error.
func (s *session) post(path string, body any) (apiReply, error) {
	return post(s.conn, s.token, path, body)
}

func post(conn *apiConn, token, path string, body any) (apiReply, error) {
	return send(conn, http.MethodPost, token, path, body)
}

func send(conn *apiConn, method, token, path string, body any) (apiReply, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return apiReply{}, err
	}
	reply, err := conn.do(request{method: method, path: path, token: token, contentType: jsonType, body: text})
	if err != nil {
		return reply, err
	}
	if reply.status != http.StatusOK {
		return reply, fmt.Errorf("%s %s: status %d: %s", method, path, reply.status, firstOctets(reply.body, 300))
	}
	return reply, nil
}

// openSession starts a plane with one view, which everybody is in, and logs in.
func openSession(ctx context.Context, e *Env) (*session, error) {
	p, err := startPlane(ctx, e)
	if err != nil {
		return nil, err
	}
	return p.openSession(ctx, e)
}

// openSession logs in until the Env ends, and makes the view.
func (p *plane) openSession(ctx context.Context, e *Env) (*session, error) {
	s, err := p.login(ctx)
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { s.close(); return nil })
	s.view = "bench"
	reply, err := s.post("/dns/views", map[string]any{"name": s.view, "acl": "any"})
	if err != nil {
		return nil, err
	}
	if s.viewID, err = idOf(reply.location); err != nil {
		return nil, err
	}
	return s, s.settled(ctx, reply.position)
}

// zoneBody and recordBody are what the DNS dialect takes.
func zoneBody(name string, view int64) map[string]any {
	return map[string]any{"name": name, "zone_type": "master", "view_ids": []int64{view}}
}

func recordBody(zone int64, view, host, address string) map[string]any {
	return map[string]any{
		"zone_id": zone, "view_name": view, "host": host, "record_type": "A", "ttl": 60, "value": address, "comment": "",
	}
}

// settled waits until named is proved to serve everything up to the position.
func (s *session) settled(ctx context.Context, position int64) error {
	for ctx.Err() == nil {
		reply, err := s.conn.do(request{method: http.MethodGet, path: fmt.Sprintf("/v1/changes/%d?wait=5s", position), token: s.token})
		if err != nil {
			return err
		}
		var change struct {
			State   string `json:"state"`
			Servers []struct {
				Error string `json:"error"`
			} `json:"servers"`
		}
		if err := json.Unmarshal(reply.body, &change); err != nil || reply.status != http.StatusOK {
			return fmt.Errorf("change %d: status %d: %s", position, reply.status, reply.body)
		}
		switch change.State {
		case "INSYNC":
			return nil
		case "FAILED":
			return fmt.Errorf("change %d failed: %s", position, firstOctets(reply.body, 300))
		}
	}
	return ctx.Err()
}

// idOf is the number at the end of a Location.
func idOf(location string) (int64, error) {
	return strconv.ParseInt(location[strings.LastIndexByte(location, '/')+1:], 10, 64)
}

func firstOctets(text []byte, n int) []byte { return text[:min(n, len(text))] }

// address spreads numbers over 10.0.0.0/8.
func address(n int) string {
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}
