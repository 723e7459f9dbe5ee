// Package webhook sends events to receivers on the Internet, as Standard Webhooks has it, and
// keeps how far the delivery of each webhook is.
//
// Stage in the flow: feed → workers/control/webhooks, which decides what is sent when → this
// package. The API tries a receiver, and shows how a delivery is, by the same means.
//
// Contract: a message is sent to a public address, or to one that is allowed, see package
// publicdial; by https, or to what is allowed by http; it is signed, and what comes back is a
// status and nothing else. It must not know who may see what is sent, and must not retry.
package webhook
