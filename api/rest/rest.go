package rest

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/api/adminapi"
	"github.com/opsledger/opsledger/api/dnsapi"
	"github.com/opsledger/opsledger/api/opsapi"
	"github.com/opsledger/opsledger/api/powerdns"
	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/projections/opsmodel"
	"github.com/opsledger/opsledger/translog"
)

// Config is what the kernel and its dialects stand on. The fields beside the
// kernel's are documented where the dialects have them.
type Config struct {
	api.Config
	// Ops answers the reads of tasks, machines and ssh keys.
	Ops           *opsmodel.Reader
	CheckConf     func(ctx context.Context, conf *dns.BindConf) error
	AllowRegister bool
	Presence      opsapi.Presence
	AttemptWithin time.Duration
	Changes       v1.Changes
	NameServers   v1.NameServers
	Agents        v1.Agents
	Output        v1.Output
	Hosts         v1.Hosts
	Offers        v1.Offers
	Enrolments    v1.Enrolments
	Imports       v1.Imports
	Proofs        *translog.Reader
	ProofsPublic  bool
	StageAbove    int
	Feed          *feed.Feed
	Webhooks      v1.Webhooks
}

// New returns the handler of all routes. It starts nothing and needs no closing.
func New(ctx context.Context, cfg Config) (http.Handler, error) {
	kernel, err := api.New(ctx, cfg.Config)
	if err != nil {
		return nil, err
	}
	return kernel.Handler(Routes(kernel, cfg))
}

// Routes is the route table, the whole of it.
func Routes(kernel *api.Kernel, cfg Config) []api.Route {
	zones := dnsapi.API{Kernel: kernel, CheckConf: cfg.CheckConf}
	resources := zones.Routes()
	admin := adminapi.API{Kernel: kernel, AllowRegister: cfg.AllowRegister}
	operations := opsapi.API{Kernel: kernel, Ops: cfg.Ops, Presence: cfg.Presence, Offers: cfg.Offers, AttemptWithin: cfg.AttemptWithin}
	rest := v1.API{
		Kernel: kernel, Ops: cfg.Ops, Changes: cfg.Changes, NameServers: cfg.NameServers, Agents: cfg.Agents, Output: cfg.Output, Hosts: cfg.Hosts, Offers: cfg.Offers, Enrolments: cfg.Enrolments,
		Batchable: resources, Proofs: cfg.Proofs, ProofsPublic: cfg.ProofsPublic, Imports: cfg.Imports, StageAbove: cfg.StageAbove, Feed: cfg.Feed, Hooks: cfg.Webhooks,
		States: []map[api.Resource]api.States{zones.States(), admin.States(), operations.States()}, PrintRecord: zones.PrintRecord,
		RecheckConf: zones.RecheckConf,
	}
	powerDNS := powerdns.API{Kernel: kernel}
	return slices.Concat(resources, admin.Routes(), operations.Routes(), powerDNS.Routes(), rest.Routes(), kernel.Routes())
}
