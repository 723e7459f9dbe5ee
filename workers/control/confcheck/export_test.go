package confcheck

import "time"

// SetAskTimeout changes how long agents have to answer.
func (c *Checker) SetAskTimeout(d time.Duration) { c.askTimeout = d }
