// Package drift notes in the log what agents of name servers find otherwise than the log says.
//
// Stage in the flow: an agent's finding → the command [dns.FindDrift], with the change of records by
// which the log has what was found where the server's settings say so → the log; and back: the
// verdict, by which the agent repairs, or waits for what the log has now.
//
// Contract: only enrolled agents are heard, each about its own server. A finding that is repeated is
// noted once. It must not decide what is adopted: that is the domain's.
package drift
