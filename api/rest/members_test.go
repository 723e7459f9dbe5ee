package rest

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/golang-jwt/jwt/v5"
)

// made creates something as admin and returns its path.
func (s *stack) made(path string, body m) string {
	s.t.Helper()
	location := s.ok("POST", path, body).header.Get("Location")
	if location == "" {
		s.t.Fatalf("POST %s %v has no Location", path, body)
	}
	return location
}

// role makes a role with the given privileges and returns its id.
func (s *stack) role(name string, privileges ...int64) int64 {
	s.t.Helper()
	id, err := strconv.ParseInt(idIn(s.made("/admin/roles", m{"name": name, "privilege_ids": append([]int64{}, privileges...)})), 10, 64)
	must(s.t, err)
	return id
}

// member registers a user with the given roles and returns their token.
func (s *stack) member(name string, roles ...int64) (token string) {
	s.t.Helper()
	path := s.made("/auth/register_local", registration(name))
	if len(roles) > 0 {
		s.ok("PUT", path, m{"role_ids": roles})
	}
	return s.login(name, "secret")
}

// as sends a request with a token.
func as(token string) func(*http.Request) { return with("Authorization", token) }

// decoded reads a reply as JSON into a value of the given type.
func decoded[T any](s *stack, got reply) T {
	s.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.status != http.StatusOK {
		s.t.Fatalf("%d %s", got.status, got.body)
	}
	return v
}

// claimsOf reads a token without checking it.
func (s *stack) claimsOf(token string) claims {
	s.t.Helper()
	var c claims
	_, _, err := jwt.NewParser().ParseUnverified(token, &c)
	must(s.t, err)
	return c
}
