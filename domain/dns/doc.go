// Package dns decides about name servers, views, zones, records and the BIND
// main configuration.
//
// Stage in the flow: between api, which builds its commands, and the log. The
// same value parsers serve the agent, so that what was accepted is what is
// rendered. See package domain for what "pure" means here.
package dns
