package api

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// batchKind is a kind of resource that a batch may write, with the commands of
// its routes.
type batchKind struct {
	name   resource
	create func(*params) (domain.Command, error)
	update func(int64, *params) (domain.Command, error)
	remove func(int64) (domain.Command, error)
	// takes are the sequences that create takes ids from.
	takes []domain.Sequence
}

// batchKinds are the kinds by the name that paths have for them.
func batchKinds() map[string]batchKind {
	return map[string]batchKind{
		"servers": {
			name:   resourceServer,
			create: func(p *params) (domain.Command, error) { return dns.NewCreateServer(serverInput(p)) },
			update: func(id int64, p *params) (domain.Command, error) { return dns.NewUpdateServer(id, serverInput(p), nil) },
			remove: func(id int64) (domain.Command, error) { return dns.NewDeleteServer(id, nil) },
			takes:  dns.CreateServer{}.Allocates(),
		},
		"views": {
			name:   resourceView,
			create: func(p *params) (domain.Command, error) { return dns.NewCreateView(viewInput(p)) },
			update: func(id int64, p *params) (domain.Command, error) { return dns.NewUpdateView(id, viewInput(p), nil) },
			remove: func(id int64) (domain.Command, error) { return dns.NewDeleteView(id, nil) },
			takes:  dns.CreateView{}.Allocates(),
		},
		"zones": {
			name:   resourceZone,
			create: func(p *params) (domain.Command, error) { return dns.NewCreateZone(zoneInput(p)) },
			update: func(id int64, p *params) (domain.Command, error) { return dns.NewUpdateZone(id, zoneInput(p), nil) },
			remove: func(id int64) (domain.Command, error) { return dns.NewDeleteZone(id, nil) },
			takes:  dns.CreateZone{}.Allocates(),
		},
		"records": {
			name:   resourceRecord,
			create: func(p *params) (domain.Command, error) { return dns.NewAddRecord(recordInput(p)) },
			update: func(id int64, p *params) (domain.Command, error) { return dns.NewUpdateRecord(id, recordInput(p), nil) },
			remove: func(id int64) (domain.Command, error) { return dns.NewDeleteRecord(id, nil) },
			takes:  dns.AddRecord{}.Allocates(),
		},
	}
}
