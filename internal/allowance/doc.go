// Package allowance bounds what each of many senders may cost, before their messages are
// read.
//
// Stage in the flow: control plane; a message of an agent → allowance → its handler.
//
// Contract: nothing that one sender does takes from another sender's allowance. What is
// refused, or is wrong with a sender's messages, is logged once in a while for each
// sender, and not once for each message. It knows nothing of what the messages say.
package allowance
