package testkit

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// Codec knows every event type of the program.
func Codec() *domain.Codec { return domain.NewCodec(access.Events(), dns.Events(), ops.Events()) }
