// Package webhooks delivers events to the receivers of webhooks.
//
// Stage in the flow: control plane; the log says which webhooks there are, feed what has come and
// what a webhook's user sees of it → one attempt after another by package webhook.
//
// Contract: each event that a webhook's user sees at the moment of its delivery, and that the
// webhook is for, is delivered at least once and in order, or the webhook is given up and says
// so. Of several processes one delivers, and another goes on when that one ends. A receiver that
// is slow or away is in nobody's way. It must not decide who sees what.
package webhooks
