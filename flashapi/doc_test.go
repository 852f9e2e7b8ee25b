package flashapi

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

//go:embed doc.go
var packageComment string

// TestThePackageCommentNamesEveryCallAndEveryClass looks for each request with
// its result in the table of operations, and for each class in that of errors.
func TestThePackageCommentNamesEveryCallAndEveryClass(t *testing.T) {
	rows := make(map[string]string) // from request and result to the call
	for line := range strings.Lines(packageComment) {
		if f := strings.Fields(strings.TrimPrefix(line, "//")); len(f) == 3 && strings.HasPrefix(f[2], "*") {
			rows[f[1]+" "+f[2]] = f[0]
		}
	}
	client := reflect.TypeFor[*Client]()
	for _, s := range specimens() {
		v := Judge(s.message(), answered(200, s.good), First)
		result := strings.Replace(fmt.Sprintf("%T", v.Result), "flashapi.", "", 1)
		request := reflect.TypeOf(s.request).Name()
		call, ok := client.MethodByName(rows[request+" "+result])
		if !ok {
			t.Errorf("no row for %s and %s", request, result)
			continue
		}
		if call.Type.In(2) != reflect.TypeOf(s.request) || call.Type.Out(0) != reflect.TypeOf(v.Result) {
			t.Errorf("%s is %v", call.Name, call.Type)
		}
		delete(rows, request+" "+result)
	}
	for row, call := range rows {
		t.Errorf("%s of %s is no call", call, row)
	}
	for c := ClassUnknown; c <= ClassReversal; c++ {
		name := "Class"
		for word := range strings.SplitSeq(c.String(), "_") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		if !strings.Contains(packageComment, "//\t"+name+" ") {
			t.Errorf("%s is not explained", name)
		}
	}
}
