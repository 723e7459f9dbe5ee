package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Field is a named value. The name ends with the unit, such as "p50_ms".
type Field struct {
	Name  string
	Value any
}

// Line is one row of a case's table.
type Line struct {
	// Params say under which conditions, Result what was measured, Baseline what
	// the machine did at the same time with the least work; nil without one.
	Params, Result, Baseline []Field
	// Ratio is result to baseline, for the figure that matters; 0 without one.
	Ratio float64
}

// Milliseconds is a duration as a figure.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// PerSecond is a rate as a figure.
func PerSecond(n int, d time.Duration) float64 { return float64(n) / max(d.Seconds(), 1e-9) }

// report prints lines: as JSON at once, as tables at the end.
type report struct {
	name  string
	json  bool
	out   io.Writer
	lines []Line
}

func (r *report) add(l Line, m *machine) error {
	if !r.json {
		r.lines = append(r.lines, l)
		return nil
	}
	object := struct {
		Case     string   `json:"case"`
		Params   fields   `json:"params"`
		Result   fields   `json:"result"`
		Baseline fields   `json:"baseline,omitempty"`
		Ratio    *float64 `json:"ratio,omitempty"`
		Machine  string   `json:"machine"`
	}{Case: r.name, Params: l.Params, Result: l.Result, Baseline: l.Baseline, Machine: m.String()}
	if l.Ratio != 0 {
		ratio := rounded(l.Ratio)
		object.Ratio = &ratio
	}
	return json.NewEncoder(r.out).Encode(object)
}

// flush prints the tables; lines with other columns than the one before start a new one.
func (r *report) flush(m *machine) error {
	if r.json {
		return nil
	}
	if _, err := fmt.Fprintf(r.out, "machine: %s\n", m); err != nil {
		return err
	}
	var header string
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, l := range r.lines {
		names, values := l.columns()
		if h := strings.Join(names, "\t") + "\t"; h != header {
			header = h
			fmt.Fprintf(w, "\n%s\n", h)
		}
		fmt.Fprintln(w, strings.Join(values, "\t")+"\t")
	}
	return w.Flush()
}

func (l Line) columns() (names, values []string) {
	for _, part := range []struct {
		prefix string
		fields []Field
	}{{"", l.Params}, {"", l.Result}, {"baseline ", l.Baseline}} {
		for _, f := range part.fields {
			names, values = append(names, part.prefix+f.Name), append(values, text(f.Value))
		}
	}
	if l.Ratio != 0 {
		names, values = append(names, "ratio"), append(values, text(l.Ratio))
	}
	return names, values
}

func text(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(rounded(f), 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// rounded keeps as many digits as such a measurement is good for.
func rounded(f float64) float64 {
	if f == 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		return f
	}
	scale := math.Pow(10, max(0, 2-math.Floor(math.Log10(math.Abs(f)))))
	return math.Round(f*scale) / scale
}

// fields is a JSON object that keeps its order.
type fields []Field

// MarshalJSON implements [json.Marshaler].
func (f fields) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, field := range slices.All(f) {
		if i > 0 {
			b.WriteByte(',')
		}
		value := field.Value
		if n, ok := value.(float64); ok {
			value = rounded(n)
		}
		data, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		fmt.Fprintf(&b, "%q:%s", field.Name, data)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
