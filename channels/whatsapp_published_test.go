package channels

import (
	"slices"
	"strconv"
	"strings"
)

// waPublished reads schemas of an OpenAPI file: the plain blocks of YAML that it
// is written in, and no more of YAML.
type waPublished struct {
	lines   []string
	schemas map[string]any
}

// find follows a path of names and numbers from a schema on; nil where it leads
// nowhere.
func (p *waPublished) find(path string) map[string]any {
	steps := strings.Split(path, ".")
	node := p.schema(steps[0])
	for _, step := range steps[1:] {
		switch at := p.follow(node).(type) {
		case map[string]any:
			node = at[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(at) {
				node = at[i]
			}
		default:
			return nil
		}
	}
	found, _ := p.follow(node).(map[string]any)
	return found
}

func (p *waPublished) follow(node any) any {
	for {
		m, _ := node.(map[string]any)
		ref, ok := m["$ref"].(string)
		if !ok {
			return node
		}
		node = p.schema(ref[strings.LastIndex(ref, "/")+1:])
	}
}

// required says whether a schema asks for the property at the end of a path.
func (p *waPublished) required(path string) bool {
	owner, name, ok := strings.Cut(path, ".properties."+path[strings.LastIndex(path, ".")+1:])
	if !ok || name != "" {
		return false
	}
	node := p.find(owner)
	list, _ := node["required"].([]any)
	return slices.Contains(list, any(path[strings.LastIndex(path, ".")+1:]))
}

// schema reads one of components/schemas.
func (p *waPublished) schema(name string) any {
	if s, ok := p.schemas[name]; ok {
		return s
	}
	start := slices.Index(p.lines, "    "+name+":") + 1
	if start == 0 {
		return nil
	}
	end := start
	for end < len(p.lines) && (waIndent(p.lines[end]) > 4 || strings.TrimSpace(p.lines[end]) == "") {
		end++
	}
	lines := slices.DeleteFunc(slices.Clone(p.lines[start:end]), func(l string) bool { return strings.TrimSpace(l) == "" })
	s, _ := waBlock(lines)
	p.schemas[name] = s
	return s
}

func waIndent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// waBlock reads the lines of a block: a mapping, a list, or nothing of the two,
// which is a text that went on. It gives what is left.
func waBlock(lines []string) (value any, rest []string) {
	if len(lines) == 0 {
		return nil, nil
	}
	indent := waIndent(lines[0])
	if strings.HasPrefix(lines[0][indent:], "- ") {
		var list []any
		for len(lines) > 0 && waIndent(lines[0]) == indent && strings.HasPrefix(lines[0][indent:], "- ") {
			// The first line of an entry is as if it stood two further in.
			lines[0] = strings.Repeat(" ", indent+2) + lines[0][indent+2:]
			var one any
			if strings.Contains(lines[0], ": ") || strings.HasSuffix(lines[0], ":") {
				one, lines = waBlock(lines)
			} else {
				one, lines = waScalar(lines[0]), lines[1:]
			}
			list = append(list, one)
		}
		return list, lines
	}
	m := map[string]any{}
	for len(lines) > 0 && waIndent(lines[0]) >= indent {
		name, text, ok := strings.Cut(lines[0][indent:], ":")
		deeper := waIndent(lines[0]) > indent || strings.HasPrefix(name, "- ") || !ok
		lines = lines[1:]
		switch {
		case deeper: // a text that went on
		case strings.TrimSpace(text) != "":
			m[name] = waScalar(text)
		case len(lines) > 0 && (waIndent(lines[0]) > indent || waIndent(lines[0]) == indent && strings.HasPrefix(lines[0][indent:], "- ")):
			m[name], lines = waBlock(lines)
		}
	}
	return m, lines
}

func waScalar(s string) string { return strings.Trim(strings.TrimSpace(s), `'"`) }
