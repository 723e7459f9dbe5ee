// Package protocol is what the control plane and the agents say to each other
// over NATS: subjects and message forms, nothing that does anything. A message
// names the log it speaks of; a receiver of another log's message drops it.
package protocol
