package hostdesk

import (
	"context"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/roster"
)

// offers keeps what a host says that it offers. The receipt is given when that is stored, so
// that a host without a receipt says it again.
func (d *Desk) offers(ctx context.Context, host int64, data []byte) any {
	told, err := protocol.ReadHostOffers(data)
	if err != nil {
		d.hosts.Complain(host, err)
		return protocol.OffersReceipt{Error: "not offers: " + err.Error()}
	}
	if told.Log != d.cfg.Store.LogID() {
		return protocol.OffersReceipt{Error: "the offers are for another log"}
	}
	enrolment, enrolled, err := roster.HostEnrolment(ctx, d.cfg.Store, host)
	if err == nil && !enrolled {
		return protocol.OffersReceipt{Error: "the host is not enrolled"}
	}
	if err == nil {
		err = d.cfg.Offers.Keep(ctx, host, enrolment, told)
	}
	if err != nil {
		d.cfg.Log.Warn("hostdesk: cannot keep what a host offers", "host", host, "error", err)
		return protocol.OffersReceipt{Error: "the offers cannot be kept now"}
	}
	return protocol.OffersReceipt{}
}
