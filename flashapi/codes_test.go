package flashapi

import (
	"slices"
	"testing"
)

// documented are the codes of section 4 of the document (v3.0 of 1 May 2025), in
// its order: those with a message of their own, and those that share one.
var documented = []int{
	1033, 2003, 2101, 2102, 2103, 2104, 2105, 2200, 2201, 2202, 2203, 2204, 2205, 2206, 2207, 2209, 2210, 2211,
	2212, 2213, 2220, 2222, 2223, 2224, 2229, 2230, 2231, 2232, 2233, 2248, 2249, 2253, 2256, 2257, 2258, 2259,
	2260, 2261, 2267, 2268, 2269, 2270, 2271, 2272, 2273, 2274, 2275, 2276, 2277, 2278, 2279, 2280, 2281, 2282,
	2283, 2284, 2285, 2300, 2301, 2302, 2303, 2304, 2305, 2306, 2307, 2308, 2309, 2310, 2311, 2312, 2313, 2314,
	2315, 2316, 2318, 2319, 2320, 2321, 2322, 2323, 2324, 2325, 2326, 2327, 2328, 2329, 2330, 2331, 2332, 2333,
	2334, 2335, 2336, 2337, 2338, 2339, 2340, 2341, 2342, 2343, 2344, 2345, 2346, 2347, 2348, 2349, 2350, 2351,
	2352, 2353, 2354, 2355, 2356, 2357, 2358, 2359, 2360, 2361, 2362, 2363, 2364, 2365, 2366, 2367, 2368, 2369,
	2370, 2371, 2372, 2373, 2376, 2377, 2378, 2400, 2401, 2402, 2403, 2405, 2406, 2408, 2409, 2410, 2412, 2413,
	2414, 2500, 2501, 2600, 2601, 2602, 2603, 2604, 2611, 2612, 2613, 2614, 2615, 2616, 2617, 2618, 2630, 2632,
	2633, 2641, 2660, 2661, 2662, 2663, 2664, 2670, 2671, 2672, 2673, 2674, 2675, 2676, 2677, 2680, 2681, 2700,
	2701, 2702, 2703, 2704, 2770, 2771, 2772, 2773, 2774, 2781, 3300, 3301, 3302, 3303, 3304, 3305, 3306, 3307,
	3308, 3309, 3310, 3311, 3312, 3313, 3315, 3700, 3701, 3702, 3703, 3704, 3711,
}

var temporarilyUnavailable = []int{
	2001, 2225, 2226, 2227, 2228, 2234, 2235, 2236, 2237, 2238, 2239, 2240, 2241, 2242, 2243, 2244, 2245, 2246,
	2247, 2250, 2251, 2252, 2254, 2255, 2262, 2263, 2264, 2265, 2266,
}

func TestTheTableHasEveryDocumentedCodeAndNoOther(t *testing.T) {
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Concat([]int{0}, documented, temporarilyUnavailable)
	for _, code := range want {
		if _, ok := rules[code]; !ok {
			t.Errorf("code %d of the document is not in codes.csv", code)
		}
	}
	for code := range rules {
		if !slices.Contains(want, code) {
			t.Errorf("code %d of codes.csv is not in the document", code)
		}
	}
	if len(rules) != len(want) {
		t.Errorf("codes.csv has %d codes, the document %d", len(rules), len(want))
	}
}

// classified says by hand what each code of the document is taken for, where it
// is not unknown. Whoever changes a class must change it in both places.
var classified = map[Class][]int{
	ClassUserInput: {
		2103, 2204, 2303, 2304, 2305, 2307, 2310, 2316, 2320, 2322, 2333, 2335, 2341, 2342, 2344, 2350, 2363, 2368, 2402, 2406,
		2408, 2604, 2611, 2671, 2672, 2704, 3307, 3308, 3309, 3311, 3312, 3313, 3315,
	},
	ClassDeclined: {
		2258, 2259, 2260, 2306, 2309, 2311, 2312, 2313, 2314, 2325, 2329, 2336, 2337, 2338, 2345, 2346, 2348, 2349, 2352,
		2354, 2355, 2356, 2365, 2369, 2371, 2401, 2403, 2405, 2617, 2673, 2674, 2676, 2677, 2681, 2781, 3305,
	},
	ClassRetryLater: {
		2223, 2318, 2321, 2323, 2324, 2351,
	},
	ClassThrottled: {
		2373, 2377,
	},
	ClassConfig: {
		2003, 2101, 2102, 2104, 2200, 2202, 2203, 2205, 2209, 2212, 2213, 2224, 2229, 2230, 2231, 2257, 2268, 2269, 2270, 2271,
		2278, 2279, 2283, 2284, 2285, 2301, 2308, 2330, 2334, 2339, 2343, 2347, 2358, 2360, 2361, 2362, 2364, 2366, 2367, 2370,
		2376, 2501, 2602, 2603, 2613, 2618, 2630, 2632, 2633, 2641, 2702, 2703, 3303, 3304, 3306,
	},
	ClassAuth: {
		2232, 2233, 3700, 3701, 3702, 3703, 3704, 3711,
	},
	ClassDuplicate: {
		1033, 2201, 2248, 2256, 2261, 2359, 2372,
	},
	ClassReversal: {
		2249, 2253, 2267, 2273, 2274, 2275, 2276, 2277, 2280, 2281, 2282, 2409, 2410, 2412, 2413, 2414, 2612, 2614, 2615, 2616,
		2680,
	},
	ClassSuccess: {
		0,
	},
}

func TestEveryCodeIsOfTheClassThatWasThoughtAbout(t *testing.T) {
	want := make(map[int]Class)
	for class, codes := range classified {
		for _, code := range codes {
			want[code] = class
		}
	}
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	for code, rule := range rules {
		if rule.class != want[code] {
			t.Errorf("code %d is %s, want %s", code, rule.class, want[code])
		}
	}
}

func TestCodesThatHideTheStageOfTheFailureAreUnknown(t *testing.T) {
	for _, code := range temporarilyUnavailable {
		if rule, _ := ruleFor(code); rule.class != ClassUnknown {
			t.Errorf("code %d is %s, want unknown", code, rule.class)
		}
	}
}

func TestTheClassOfEachCodeGivesARefusalAReason(t *testing.T) {
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	for code, rule := range rules {
		switch rule.class {
		case ClassUserInput, ClassDeclined, ClassRetryLater, ClassConfig, ClassAuth:
			if rule.reason == "" {
				t.Errorf("code %d (%s) refuses without a reason", code, rule.class)
			}
		case ClassSuccess, ClassUnknown, ClassThrottled, ClassDuplicate:
			if rule.reason != "" {
				t.Errorf("code %d (%s) is no refusal but has reason %q", code, rule.class, rule.reason)
			}
		}
		if (rule.class == ClassConfig || rule.class == ClassAuth) && !rule.alert {
			t.Errorf("code %d (%s) is the operator's to mend but raises no alert", code, rule.class)
		}
	}
}

func TestCodesThatMayEchoOurOwnSuccessAreMarked(t *testing.T) {
	want := []int{1033, 2201, 2248, 2256, 2260, 2261, 2281, 2312, 2349, 2359, 2372, 2401, 2412, 2414, 2674, 2676, 2681, 2781}
	if got := codesWhere(t, func(r codeRule) bool { return r.ambiguous }); !slices.Equal(got, want) {
		t.Errorf("marked ambiguous are %v, want %v", got, want)
	}
}

func TestOnlyCodesThatReadLikeNotProcessedAreSoft(t *testing.T) {
	want := []int{2105, 2300, 2302, 2500, 3302}
	if got := codesWhere(t, func(r codeRule) bool { return r.soft }); !slices.Equal(got, want) {
		t.Errorf("soft are %v, want %v", got, want)
	}
	if got := codesWhere(t, func(r codeRule) bool { return r.soft && r.class != ClassUnknown }); len(got) != 0 {
		t.Errorf("%v are soft and not unknown", got)
	}
}

func TestOnlyCodesAboutReversalsSayWhatBecameOfOne(t *testing.T) {
	for state, want := range map[undo][]int{
		undoDone: {2280, 2413}, undoCancelled: {2253, 2409, 2680}, undoRefused: {2273, 2274, 2281, 2282, 2410, 2412, 2414},
	} {
		if got := codesWhere(t, func(r codeRule) bool { return r.undo == state }); !slices.Equal(got, want) {
			t.Errorf("undo %d are %v, want %v", state, got, want)
		}
	}
	if got := codesWhere(t, func(r codeRule) bool { return r.undo != undoOpen && r.class != ClassReversal }); len(got) != 0 {
		t.Errorf("%v speak of a reversal and are of another class", got)
	}
}

// codesWhere are the codes of a kind, in order.
func codesWhere(t *testing.T, is func(codeRule) bool) []int {
	t.Helper()
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for code, rule := range rules {
		if is(rule) {
			list = append(list, code)
		}
	}
	slices.Sort(list)
	return list
}

func TestABrokenTableIsRefused(t *testing.T) {
	const heading = "code,class,reason,ambiguous,alert,soft,undo\n"
	const good = "1,unknown,,no,no,no,\n"
	if rules, err := readCodes(heading + good); err != nil || len(rules) != 1 {
		t.Fatalf("a table of one line: %v, %v", rules, err)
	}
	for name, text := range map[string]string{
		"empty":          "",
		"other heading":  "code,class,reason,ambiguous,alert,undo,soft\n" + good,
		"no number":      heading + "x,unknown,,no,no,no,\n",
		"unknown class":  heading + "1,perhaps,,no,no,no,\n",
		"odd ambiguous":  heading + "1,unknown,,maybe,no,no,\n",
		"odd alert":      heading + "1,unknown,,no,,no,\n",
		"odd soft":       heading + "1,unknown,,no,no,YES,\n",
		"odd undo":       heading + "1,reversal,,no,no,no,undone\n",
		"twice the same": heading + good + good,
		"short line":     heading + "1,unknown\n",
	} {
		if rules, err := readCodes(text); err == nil || len(rules) != 0 {
			t.Errorf("%s: table was accepted", name)
		}
	}
}
