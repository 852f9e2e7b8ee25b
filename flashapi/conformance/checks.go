package conformance

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// checks are all checks, group by group, in the order in which they are made:
// first what every later one stands on, in each group last what spends.
func checks() []check {
	list := slices.Concat(
		authChecks(), accountChecks(), questionChecks(), httpChecks(), formChecks(), lookupChecks(),
		saleChecks(), voucherChecks(), undoChecks(), utilityChecks(), knownChecks(),
	)
	place := map[string]int{}
	for _, c := range list {
		if _, known := place[c.group()]; !known {
			place[c.group()] = len(place)
		}
	}
	slices.SortStableFunc(list, func(a, b check) int { return cmp.Compare(place[a.group()], place[b.group()]) })
	return list
}

// group is what a check belongs to.
func (c check) group() string { return groupOf(c.name) }

func groupOf(name string) string {
	group, _, _ := strings.Cut(name, ".")
	return group
}

// checkName makes the name of a check on an operation.
func checkName(path, what string) string {
	return strings.ReplaceAll(path, "/", ".") + "." + what
}

// sumUp asks what only all answers together show.
func (r *runner) sumUp() {
	add := func(question, section, text string) {
		r.answers = append(r.answers, Answer{Question: question, Section: section, Check: "all", Answer: text})
	}
	byStatus := map[int][]string{}
	for _, code := range slices.Sorted(maps.Keys(r.statuses)) {
		for _, status := range r.statuses[code] {
			byStatus[status] = append(byStatus[status], strconv.Itoa(code))
		}
	}
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		add("Which HTTP status comes with which response code?", "1.2.1",
			"HTTP "+strconv.Itoa(status)+": "+strings.Join(byStatus[status], ", "))
	}
	for _, form := range slices.Sorted(maps.Keys(r.dates)) {
		add("How are dates written? (# stands for any digit)", "3", form+" (first in "+r.dates[form]+")")
	}
	if r.throttled > 0 {
		add("Is the pace of requests limited?", "4", strconv.Itoa(r.throttled)+" requests were throttled and sent again")
	}
}
