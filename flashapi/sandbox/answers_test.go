package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantRefusal checks the code and that its status is the code's.
func wantRefusal(t *testing.T, what string, status int, answer map[string]any, code int) {
	t.Helper()
	wantCode(t, what, status, answer, refusal{code: code}.status(), float64(code))
}

// wantRefusalOrSuccess takes 0 for success.
func wantRefusalOrSuccess(t *testing.T, what string, status int, answer map[string]any, code int) {
	t.Helper()
	if code == 0 {
		wantCode(t, what, status, answer, 200, 0)
		return
	}
	wantRefusal(t, what, status, answer, code)
}

// under is a property of an answer's property, and so on.
func under(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// objects are the elements of an array of objects.
func objects(v any, names ...string) []map[string]any {
	list, _ := under(v, names...).([]any)
	var out []map[string]any
	for _, one := range list {
		m, _ := one.(map[string]any)
		out = append(out, m)
	}
	return out
}

// number is under for a number.
func number(v any, names ...string) float64 {
	n, _ := under(v, names...).(float64)
	return n
}

// shape are the paths of all that an answer holds, with their types.
func shape(v any, path string) []string {
	switch v := v.(type) {
	case map[string]any:
		var list []string
		for name, value := range v {
			list = append(list, shape(value, path+"."+name)...)
		}
		slices.Sort(list)
		return list
	case []any:
		if len(v) == 0 {
			return []string{path + "[] empty"}
		}
		return shape(v[0], path+"[]")
	default:
		return []string{fmt.Sprintf("%s %T", path, v)}
	}
}

// wantShape checks what an answer holds: n is a number, s a string, b a boolean,
// and [] the first element of an array.
func wantShape(t *testing.T, answer map[string]any, want string) {
	t.Helper()
	lines := strings.Fields(strings.NewReplacer(" float64", "=n", " string", "=s", " bool", "=b").Replace(strings.Join(shape(answer, ""), "\n")))
	wanted := strings.Fields(want)
	slices.Sort(lines)
	slices.Sort(wanted)
	if diff := cmp.Diff(wanted, lines); diff != "" {
		t.Errorf("shape of the answer (-want +got):\n%s", diff)
	}
}

// everyAnswer is the shape that all answers have but for transactionId, which
// changes its type.
const everyAnswer = `.responseCode=n .responseMessage=s .accountNumber=s .reference=s .transactionDate=s .amount=n `
