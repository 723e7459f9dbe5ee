package rest

import (
	"strconv"
	"strings"
)

// known is what those with a good token get from PowerDNS' API; bad ones are 401.
func known(plain, guest, stranger, holder, admin int) expected {
	return expected{401, 401, 401, 401, plain, plain, guest, stranger, holder, admin}
}

// powerDNSDenial is how the refusal of a principal begins.
func powerDNSDenial(who int) string {
	if who <= asForger {
		return `{"error":"Unauthorized"}`
	}
	return `{"error":"not allowed`
}

const pathPowerDNS = "/api/v1/servers/" + matrixView

// powerDNSZone is the path of a zone of the matrix, given that under /dns.
func (x *matrix) powerDNSZone(path string) string {
	x.t.Helper()
	id, err := strconv.ParseInt(idIn(path), 10, 64)
	must(x.t, err)
	zone, err := x.cfg.DNS.Zone(x.t.Context(), id)
	must(x.t, err)
	return pathPowerDNS + "/zones/" + zone.Name + "."
}

func rowsOfPowerDNS() map[string]row {
	at := func(path string) func(*matrix) (string, any) {
		return func(*matrix) (string, any) { return path, nil }
	}
	ofZone := func(of string) func(x *matrix) (string, any) {
		return func(x *matrix) (string, any) { return x.powerDNSZone(x.zone) + of, nil }
	}
	all, readers, writers := known(200, 200, 200, 200, 200), known(404, 200, 404, 200, 200), known(404, 403, 404, 204, 204)
	rows := map[string]row{
		"GET /api":                                {at("/api"), all},
		"GET /api/v1":                             {at("/api/v1"), all},
		"GET /api/v1/servers":                     {at("/api/v1/servers"), all},
		"GET /api/v1/servers/:server":             {at(pathPowerDNS), all},
		"GET /api/v1/servers/:server/search-data": {at(pathPowerDNS + "/search-data?q=*example*"), all},
		"PUT /api/v1/servers/:server/cache/flush": {at(pathPowerDNS + "/cache/flush?domain=example.org."), all},
		"GET /api/v1/servers/:server/zones":       {at(pathPowerDNS + "/zones"), all},
		"POST /api/v1/servers/:server/zones": {func(x *matrix) (string, any) {
			return pathPowerDNS + "/zones", m{"name": x.fresh("p") + ".example.", "kind": "Native"}
		}, known(403, 403, 201, 201, 201)},
		"GET /api/v1/servers/:server/zones/:zone": {ofZone(""), readers},
		"PUT /api/v1/servers/:server/zones/:zone": {func(x *matrix) (string, any) {
			return x.powerDNSZone(x.zone), m{"kind": "Native"}
		}, writers},
		"PATCH /api/v1/servers/:server/zones/:zone": {func(x *matrix) (string, any) {
			path := x.powerDNSZone(x.zone)
			return path, m{"rrsets": []m{{
				"name": x.fresh("h") + "." + path[len(pathPowerDNS+"/zones/"):], "type": "A", "ttl": 60, "changetype": "REPLACE",
				"records": []m{{"content": "192.0.2.1"}},
			}}}
		}, writers},
		"DELETE /api/v1/servers/:server/zones/:zone": {func(x *matrix) (string, any) {
			return x.powerDNSZone(x.newZone()), nil
		}, writers},
		"PUT /api/v1/servers/:server/zones/:zone/axfr-retrieve": {ofZone("/axfr-retrieve"), known(404, 422, 404, 422, 422)},
	}
	for _, of := range []string{"config", "statistics", "tsigkeys", "autoprimaries"} {
		rows["GET /api/v1/servers/:server/"+of] = row{at(pathPowerDNS + "/" + of), all}
	}
	for _, of := range []string{"export", "metadata", "cryptokeys"} {
		rows["GET /api/v1/servers/:server/zones/:zone/"+of] = row{ofZone("/" + of), readers}
	}
	rows["GET /api/v1/servers/:server/zones/:zone/metadata/:kind"] = row{ofZone("/metadata/ALLOW-AXFR-FROM"), readers}
	rows["GET /api/v1/servers/:server/zones/:zone/cryptokeys/:id"] = row{ofZone("/cryptokeys/1"), known(404, 404, 404, 404, 404)}
	for path, of := range map[string]string{"config/:setting": "config/x", "tsigkeys/:id": "tsigkeys/x."} {
		rows["GET /api/v1/servers/:server/"+path] = row{at(pathPowerDNS + "/" + of), known(404, 404, 404, 404, 404)}
	}
	for _, w := range [][2]string{
		{"POST tsigkeys", "tsigkeys"}, {"PUT tsigkeys/:id", "tsigkeys/x."}, {"DELETE tsigkeys/:id", "tsigkeys/x."},
		{"POST autoprimaries", "autoprimaries"}, {"DELETE autoprimaries/:ip/:nameserver", "autoprimaries/192.0.2.1/ns."},
	} {
		method, path, _ := strings.Cut(w[0], " ")
		rows[method+" /api/v1/servers/:server/"+path] = row{at(pathPowerDNS + "/" + w[1]), known(422, 422, 422, 422, 422)}
	}
	for _, w := range [][2]string{
		{"POST metadata", "metadata"}, {"PUT metadata/:kind", "metadata/IXFR"}, {"DELETE metadata/:kind", "metadata/IXFR"},
		{"POST cryptokeys", "cryptokeys"}, {"PUT cryptokeys/:id", "cryptokeys/1"}, {"DELETE cryptokeys/:id", "cryptokeys/1"},
	} {
		method, path, _ := strings.Cut(w[0], " ")
		rows[method+" /api/v1/servers/:server/zones/:zone/"+path] = row{ofZone("/" + w[1]), known(404, 422, 404, 422, 422)}
	}
	for _, of := range []string{"notify", "rectify"} {
		rows["PUT /api/v1/servers/:server/zones/:zone/"+of] = row{ofZone("/" + of), readers}
	}
	return rows
}
