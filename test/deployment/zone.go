package deployment

import "fmt"

// MakeZone makes the view office, which serves everybody, and a zone in it, and
// returns their ids.
func (c *Caller) MakeZone(name string) (view, zone string) {
	c.t.Helper()
	view = c.Created(c.Post("/dns/views", `{"name":"office","acl":"any"}`))
	zone = c.Created(c.Post("/dns/zones", fmt.Sprintf(`{"name":%q,"zone_type":"master","view_ids":[%s]}`, name, view)))
	return view, zone
}

// MakeLiveZone makes a zone of the name with a record www in it, and returns its
// id when named serves it.
func (c *Caller) MakeLiveZone(name, value string) (zone string) {
	c.t.Helper()
	_, zone = c.MakeZone(name)
	c.PostLive("/dns/records", RecordBody("www", value, zone))
	return zone
}

// RecordBody describes an A record in the view office.
func RecordBody(host, value, zone string) string {
	const body = `{"host":%q,"record_type":"A","ttl":"600","value":%q,"view_name":"office","comment":"walk","zone_id":%s}`
	return fmt.Sprintf(body, host, value, zone)
}
