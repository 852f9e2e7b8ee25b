package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// product is what the checks use of a product list.
type product struct {
	code     string
	group    string
	barcode  string
	min, max int64
	fixed    bool
	reverses bool
}

// groups are those of section 2.2.3.
func groups() []string {
	return []string{
		"1Voucher", "Cash Out PIN", "Cellular", "Eezi Vouchers", "Flash Token", "Gift Vouchers", "Prepaid Utilities", "Flash Pay",
	}
}

// accountChecks are about section 2.2: what the account may sell.
func accountChecks() []check {
	list := []check{
		{name: "accounts.list", section: "2.2.1", says: "the products of the account, each complete", run: checkList},
		{name: "accounts.by-code", section: "2.2.2", says: "one product by its code, as in the list", run: checkByCode},
		{name: "accounts.unknown-code", section: "2.2.2", says: "a code that no product has is refused", run: func(t *trial) {
			t.refused("code "+strconv.Itoa(noSuchProduct), t.get(strconv.Itoa(noSuchProduct)), productCodes())
		}},
		{name: "accounts.wrong-account", section: "2.2.1", says: "another account's list is refused", run: func(t *trial) {
			a := t.note(t.run.send(t.ctx, request{
				method: http.MethodGet, url: t.run.products(t.run.target.Fixture.otherAccount(), ""), auth: t.bearer(),
			}))
			t.refused("another account", a, accountCodes().or(productCodes()))
		}},
		{name: "accounts.group-case", section: "2.2.3", says: "how must a group be written?", asks: true, run: func(t *trial) {
			for _, g := range groups() {
				if t.inGroup(g) > 0 {
					t.learn("Is a product group found in any case?", "%s in small letters: %s", g, yes(t.get(strings.ToLower(g)).succeeded()))
					return
				}
			}
			t.skip("no documented group has a product")
		}},
		{name: "accounts.unknown-group", section: "2.2.3", says: "a group that does not exist is refused", run: func(t *trial) {
			t.refused("group No Such Group", t.get("No Such Group"), productCodes())
		}},
	}
	for _, g := range groups() {
		name := "accounts.group-" + strings.ToLower(strings.ReplaceAll(g, " ", "-"))
		list = append(list, check{name: name, section: "2.2.3", says: "all products of " + g + " and no others", run: func(t *trial) { t.group(g) }})
	}
	return list
}

// get asks for a product list.
func (t *trial) get(selection string) answer {
	return t.note(t.run.send(t.ctx, request{method: http.MethodGet, url: t.run.products(t.run.target.Account, selection), auth: t.bearer()}))
}

// listed demands a product list, and reads it.
func (t *trial) listed(tried string, a answer) []product {
	if !a.succeeded() || a.status != http.StatusOK {
		t.fault(tried, "HTTP 200, code 0", a.describe(&t.run.scrub))
		return nil
	}
	if a.text("responseMessage") == "" {
		t.fault(tried, "responseMessage, a string", t.kind(a, "responseMessage"))
	}
	rows, ok := a.get("products").([]any)
	if !ok || len(rows) == 0 {
		t.fault(tried, "products, a list that is not empty", t.kind(a, "products"))
		return nil
	}
	var list []product
	for i, row := range rows {
		m, _ := row.(map[string]any)
		p, wrong := readProduct(m)
		if len(wrong) > 0 {
			t.fault(fmt.Sprintf("%s, product %d", tried, i), "complete, with the types of 3.1.1", "wrong: "+strings.Join(wrong, ", "))
		}
		list = append(list, p)
	}
	return list
}

// readProduct reads a product and names the properties that are wrong.
func readProduct(m map[string]any) (p product, wrong []string) {
	want := func(ok bool, name string) {
		if !ok {
			wrong = append(wrong, name)
		}
	}
	text := func(name string, empty bool) string {
		s, ok := m[name].(string)
		want(ok && (empty || s != ""), name)
		return s
	}
	cents := func(name string) int64 {
		n, ok := whole(m[name])
		want(ok && n >= 0, name)
		return n
	}
	yesNo := func(name string) bool {
		b, ok := m[name].(bool)
		want(ok, name)
		return b
	}
	switch v := m["productCode"].(type) {
	case json.Number:
		p.code = v.String()
	case string:
		p.code = v
	}
	n, err := strconv.ParseInt(p.code, 10, 64)
	want(err == nil && n > 0, "productCode")
	text("productName", false)
	p.min, p.max = cents("minimumAmount"), cents("maximumAmount")
	want(p.min <= p.max, "minimumAmount above maximumAmount")
	text("status", false)
	text("supplierName", true)
	text("vendor", true)
	p.group = text("productGroup", false)
	p.barcode = text("barcode", true)
	text("billerCode", true)
	cents("productType")
	p.reverses, p.fixed = yesNo("allowReversal"), yesNo("fixedAmount")
	content, ok := m["content"].(map[string]any)
	want(ok, "content")
	for _, name := range []string{"redemptionInstructions", "termsAndConditions"} {
		_, is := content[name].(string)
		want(!ok || is, "content."+name)
	}
	return p, wrong
}

func checkList(t *trial) {
	a := t.get("")
	list := t.listed("the list", a)
	t.run.catalogue = list
	seen, counts, states := map[string]bool{}, map[string]int{}, map[string]bool{}
	for _, p := range list {
		if seen[p.code] {
			t.fault("the list", "every product once", "product code "+p.code+" twice")
		}
		seen[p.code] = true
		counts[p.group]++
		if p.fixed && p.min != p.max {
			t.learn("What are the limits of a product with fixedAmount?", "product %s: they differ", p.code)
		}
	}
	rows, _ := a.get("products").([]any)
	for _, row := range rows {
		m, _ := row.(map[string]any)
		s, _ := m["status"].(string)
		states[s] = true
		kind := "integer"
		if _, is := m["productCode"].(string); is {
			kind = "string"
		}
		t.learn("Is productCode in lists an integer or a string?", "%s", kind)
	}
	for _, group := range slices.Sorted(maps.Keys(counts)) {
		t.learn("What are the product groups called, and how many products has each?", "%s: %d", group, counts[group])
	}
	t.learn("Which words are a product's status?", "%s", strings.Join(slices.Sorted(maps.Keys(states)), ", "))
}

// products is the account's list, which an earlier check may have had.
func (t *trial) products() []product {
	if t.run.catalogue == nil {
		other := &trial{run: t.run, ctx: t.ctx, check: t.check}
		t.run.catalogue = other.listed("the list", t.get(""))
	}
	if len(t.run.catalogue) == 0 {
		t.skip("there is no product list (accounts.list)")
	}
	return t.run.catalogue
}

// inGroup counts the listed products of a group.
func (t *trial) inGroup(group string) (n int) {
	for _, p := range t.products() {
		if strings.EqualFold(p.group, group) {
			n++
		}
	}
	return n
}

// product finds a listed product by its code.
func (t *trial) product(code int64) (product, bool) {
	for _, p := range t.products() {
		if p.code == strconv.FormatInt(code, 10) {
			return p, true
		}
	}
	return product{}, false
}

func checkByCode(t *trial) {
	list := t.products()
	// The first of every group: enough to see a rule, few enough to be quick.
	seen := map[string]bool{}
	for _, p := range list {
		if seen[p.group] {
			continue
		}
		seen[p.group] = true
		tried := "product code " + p.code
		got := t.listed(tried, t.get(p.code))
		if got != nil && (len(got) != 1 || got[0] != p) {
			t.fault(tried, "that product alone, as in the list", fmt.Sprintf("%d products", len(got)))
		}
	}
}

// group asks for a group, and holds it against the list.
func (t *trial) group(name string) {
	want := t.inGroup(name)
	if want == 0 {
		t.skip("the account's list has no product of this group")
	}
	tried := "group " + name
	list := t.listed(tried, t.get(name))
	if list == nil {
		return
	}
	n := 0
	for _, p := range list {
		if strings.EqualFold(p.group, name) {
			n++
		}
	}
	if n != len(list) || n != want {
		t.fault(tried, fmt.Sprintf("the %d products that the list has of it", want), fmt.Sprintf("%d products, %d of them of that group", len(list), n))
	}
}
