package talk

import (
	"fmt"
	"strings"
)

// step is one verb of a transcript with the lines around it.
type step struct {
	line   int      // where the verb stands, from 1
	before []string // comments and empty lines above it
	verb   string
	args   string // what follows the verb; of ">" to the letter
	shown  []string
}

// script is a transcript taken apart.
type script struct {
	steps []step
	after []string // comments and empty lines at the end
}

// title is the first comment of a transcript.
func (s script) title() string {
	if len(s.steps) == 0 {
		return ""
	}
	for _, line := range s.steps[0].before {
		if t, ok := strings.CutPrefix(line, "#"); ok {
			return strings.TrimSpace(t)
		}
	}
	return ""
}

// parse takes a transcript apart. What is shown belongs to the verb above it.
func parse(text string) (script, error) {
	var s script
	var above []string
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		switch {
		case line == "" || line[0] == '#':
			above = append(above, line)
		case line[0] == '|' || line[0] == '=':
			if len(s.steps) == 0 || len(above) > 0 {
				return script{}, fmt.Errorf("line %d: shown, but nothing was done to show it", i+1)
			}
			last := &s.steps[len(s.steps)-1]
			last.shown = append(last.shown, line)
		default:
			st := step{line: i + 1, before: above}
			if line[0] == '>' {
				st.verb, st.args = ">", strings.TrimPrefix(line[1:], " ")
			} else {
				st.verb, st.args, _ = strings.Cut(line, " ")
				st.args = strings.TrimSpace(st.args)
			}
			above = nil
			s.steps = append(s.steps, st)
		}
	}
	s.after = above
	return s, nil
}

// source is the line of a step as it is written.
func (st step) source() string {
	if st.args == "" {
		return st.verb
	}
	return st.verb + " " + st.args
}

// write puts a transcript together again, with what was shown in place of what
// was written.
func (s script) write(shown [][]string) string {
	var b strings.Builder
	line := func(l string) { b.WriteString(l); b.WriteByte('\n') }
	for i, st := range s.steps {
		for _, l := range st.before {
			line(l)
		}
		line(st.source())
		for _, l := range shown[i] {
			line(l)
		}
	}
	for _, l := range s.after {
		line(l)
	}
	return b.String()
}
