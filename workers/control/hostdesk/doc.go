// Package hostdesk is where hosts ask for their work and bring their reports.
//
// Stage in the flow: control plane; read model of the ops context → hosts, and reports
// of hosts → commands.
//
// Contract: every serve process answers. The subject of a request says which host asks:
// the bus lets a host use subjects with its own id only. An answer goes to the host's own
// inbox or nowhere, signed for this host and this question, see [protocol.Question]. A
// report gets its receipt only when the log has it, so that a host without a receipt
// reports again. The package decides nothing: domain/ops decides which events a report
// leads to.
package hostdesk
