package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/freeport"
)

// powerDNS is a private PowerDNS with its HTTP API, whose records are in a
// database of the plane's PostgreSQL: a baseline, where it is installed.
type powerDNS struct {
	// api begins the URL of every request; dns is host:port of the name server.
	api, dns string
	http     *http.Client
	process  *child.Process
	// zones are absolute names.
	zones []string
}

const (
	powerDNSSchema = "/usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql"
	powerDNSKey    = "key of a bench run"
	powerDNSStart  = 20 * time.Second
)

// startPowerDNS starts one until the Env ends, and creates zones. It returns nil,
// and says so in the machine line, where PowerDNS or its backend for PostgreSQL
// is not installed.
func startPowerDNS(ctx context.Context, e *Env, databaseURL string, zones int) (*powerDNS, error) {
	program, err := child.Find("pdns_server")
	schema, missing := os.ReadFile(powerDNSSchema)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(missing, os.ErrNotExist) {
		e.Note("no PowerDNS (Debian: apt install pdns-server pdns-backend-pgsql)")
		return nil, nil
	}
	if err := errors.Join(err, missing); err != nil {
		return nil, err
	}
	database, err := createForPowerDNS(ctx, databaseURL, string(schema))
	if err != nil {
		return nil, err
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	dnsPort, errDNS := freeport.Pick(loopback)
	e.Defer(func() error { dnsPort.Release(); return nil })
	apiPort, errAPI := freeport.Pick(loopback)
	e.Defer(func() error { apiPort.Release(); return nil })
	if err := errors.Join(errDNS, errAPI); err != nil {
		return nil, err
	}
	p := &powerDNS{
		api:  "http://" + netip.AddrPortFrom(loopback, apiPort.Number()).String() + "/api/v1/servers/localhost",
		dns:  netip.AddrPortFrom(loopback, dnsPort.Number()).String(),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	e.Defer(func() error { p.http.CloseIdleConnections(); return nil })
	p.process, err = child.Start(ctx, child.Spec{
		Path: program, Dir: e.Dir, Log: &logLines{log: e.Log},
		Args: append(database, "--no-config", "--launch=gpgsql", "--daemon=no", "--guardian=no", "--disable-syslog", "--loglevel=3",
			"--socket-dir="+e.Dir, "--local-address=127.0.0.1", "--local-port="+strconv.Itoa(int(dnsPort.Number())),
			"--webserver=yes", "--webserver-address=127.0.0.1", "--webserver-port="+strconv.Itoa(int(apiPort.Number())),
			"--api=yes", "--api-key="+powerDNSKey, "--security-poll-suffix="),
	})
	if err != nil {
		return nil, err
	}
	e.Defer(func() error { return p.process.Stop(stopLimit) })
	return p, p.prepare(ctx, e, zones)
}

// createForPowerDNS makes its database and returns the arguments that name it.
func createForPowerDNS(ctx context.Context, url, schema string) (args []string, err error) {
	const name = "powerdns"
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	for _, sql := range []string{"CREATE DATABASE " + name, schema} {
		conn, err := pgx.ConnectConfig(ctx, cfg)
		if err != nil {
			return nil, err
		}
		_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return nil, fmt.Errorf("make the database of PowerDNS: %w", err)
		}
		cfg.Database = name
	}
	return []string{"--gpgsql-host=" + cfg.Host, "--gpgsql-port=" + strconv.Itoa(int(cfg.Port)), "--gpgsql-user=" + cfg.User,
		"--gpgsql-password=" + cfg.Password, "--gpgsql-dbname=" + name}, nil
}

// prepare waits until PowerDNS answers, tells its version and creates the zones.
func (p *powerDNS) prepare(ctx context.Context, e *Env, zones int) error {
	var server struct {
		Version string `json:"version"`
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := p.do(ctx, http.MethodGet, "", nil)
		if err == nil {
			if err := json.Unmarshal(text, &server); err != nil {
				return fmt.Errorf("PowerDNS: %w", err)
			}
			break
		}
		select {
		case <-p.process.Done():
			return fmt.Errorf("PowerDNS ended: %w", p.process.Err())
		default:
		}
		if ctx.Err() != nil || time.Since(began) > powerDNSStart {
			return fmt.Errorf("PowerDNS did not get ready: %w", err)
		}
	}
	e.Note("PowerDNS " + server.Version)
	for i := range zones {
		zone := fmt.Sprintf("zone%d.bench.example.", i)
		body := map[string]any{"name": zone, "kind": "Native", "nameservers": []string{"ns.bench.example."}}
		if _, err := p.do(ctx, http.MethodPost, "/zones", body); err != nil {
			return err
		}
		p.zones = append(p.zones, zone)
	}
	return nil
}

// do sends a request to the API and returns the reply's body.
func (p *powerDNS) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, method, p.api+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	q.Header.Set("X-API-Key", powerDNSKey)
	reply, err := p.http.Do(q)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("PowerDNS: %s %s: %s: %s", method, path, reply.Status, firstOctets(answer, 300))
	}
	return answer, err
}

// add has it serve an address under a new name, which it returns.
func (p *powerDNS) add(ctx context.Context, label string, i int) (name string, err error) {
	zone := p.zones[i%len(p.zones)]
	name = fmt.Sprintf("%s%d.%s", label, i, zone)
	rrset := map[string]any{
		"name": name, "type": "A", "ttl": 60, "changetype": "REPLACE",
		"records": []map[string]any{{"content": address(i), "disabled": false}},
	}
	_, err = p.do(ctx, http.MethodPatch, "/zones/"+strings.TrimSuffix(zone, "."), map[string]any{"rrsets": []any{rrset}})
	return name, err
}
