// Package hostdesk is where hosts ask for their work and bring their reports.
//
// Stage in the flow: control side; read model of the ops context → hosts, and
// hosts → commands on the log.
//
// Contract: every serve process answers. Who asks is told by the subject, which
// the bus lets each host use for itself alone; answers go to the host's own inbox
// or nowhere. A report is received when the log has what it says, not before, so
// a host that gets no receipt reports again. Nothing here decides: what a report
// leads to is decided by domain/ops.
package hostdesk
