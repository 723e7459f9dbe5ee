package api

import "time"

// maxUnix is the end of the year 9999, the last that a time can be written in.
const maxUnix = 253402300800

// Moment reads a time: RFC 3339, unix seconds or, where a zone is given, as replies in
// that zone write it.
func (p *Params) Moment(name string, zone *time.Location) *time.Time {
	text := p.Text(name)
	if text == nil {
		return nil
	}
	at, ok := parseMoment(*text, zone)
	if !ok || at.Unix() < 0 || at.Unix() >= maxUnix {
		p.Refuse(name, "必须是RFC 3339时间或unix秒！")
		return nil
	}
	at = at.UTC()
	return &at
}

// EndOfTime is later than every time that a request can name.
func EndOfTime() time.Time { return time.Unix(maxUnix, 0) }

func parseMoment(text string, zone *time.Location) (time.Time, bool) {
	if seconds, ok := ParseInteger(text); ok {
		return time.Unix(seconds, 0), true
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, true
	}
	if zone != nil {
		for _, layout := range []string{timeLayout, time.DateOnly} {
			if at, err := time.ParseInLocation(layout, text, zone); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
