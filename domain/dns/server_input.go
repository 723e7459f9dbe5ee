package dns

import "github.com/opsledger/opsledger/domain"

// serverPatch is a checked [ServerInput].
type serverPatch struct {
	host, ip, env, kind                         *string
	zbProcess, zbPort, zbResolve, zbResolveRate *string
}

func (in ServerInput) parse() (p serverPatch, err error) {
	for _, f := range []struct {
		to       **string
		field    string
		in       *string
		optional bool
		parse    func(string) (string, error)
	}{
		{&p.host, "host", in.Host, false, freeText("host")},
		{&p.ip, "ip", in.IP, false, ParseServerIP},
		{&p.env, "env", in.Env, false, freeText("env")},
		{&p.kind, "dns_server_type", in.Type, true, parseServerType},
		{&p.zbProcess, "zb_process_itemid", in.ZbProcessItem, false, freeText("zb_process_itemid")},
		{&p.zbPort, "zb_port_itemid", in.ZbPortItem, false, freeText("zb_port_itemid")},
		{&p.zbResolve, "zb_resolve_itemid", in.ZbResolveItem, false, freeText("zb_resolve_itemid")},
		{&p.zbResolveRate, "zb_resolve_rate_itemid", in.ZbResolveRateItem, false, freeText("zb_resolve_rate_itemid")},
	} {
		if *f.to, err = parsed(f.field, f.in, !f.optional, f.parse); err != nil {
			return serverPatch{}, err
		}
	}
	return p, nil
}

func (p serverPatch) merge(d ServerData) ServerData {
	set(&d.Host, p.host)
	set(&d.IP, p.ip)
	set(&d.Env, p.env)
	set(&d.Type, p.kind)
	set(&d.ZbProcessItem, p.zbProcess)
	set(&d.ZbPortItem, p.zbPort)
	set(&d.ZbResolveItem, p.zbResolve)
	set(&d.ZbResolveRateID, p.zbResolveRate)
	return d
}

// parseServerType accepts the historic spelling of "slave", too.
func parseServerType(text string) (string, error) {
	switch text {
	case "master", "slave", "salve":
		return text, nil
	default:
		return "", domain.Invalid("dns_server_type", "必须是master或slave！")
	}
}
