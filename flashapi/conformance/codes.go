package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// codes is a set of response codes, given as pairs: from, to.
type codes [][2]int

func (c codes) has(code int) bool {
	return slices.ContainsFunc(c, func(r [2]int) bool { return r[0] <= code && code <= r[1] })
}

// some is a set of single codes.
func some(list ...int) codes {
	var c codes
	for _, code := range list {
		c = append(c, [2]int{code, code})
	}
	return c
}

// or is the union of sets.
func (c codes) or(more ...codes) codes {
	return slices.Concat(append([]codes{c}, more...)...)
}

// documented are all codes of section 4.
func documented() codes {
	return codes{
		{1033, 1033}, {2001, 2001}, {2003, 2003}, {2101, 2105}, {2200, 2207}, {2209, 2213}, {2220, 2220}, {2222, 2267},
		{2268, 2285}, {2300, 2316}, {2318, 2373}, {2376, 2378}, {2400, 2403}, {2405, 2406}, {2408, 2410}, {2412, 2414},
		{2500, 2501}, {2600, 2604}, {2611, 2618}, {2630, 2630}, {2632, 2633}, {2641, 2641}, {2660, 2664}, {2670, 2677},
		{2680, 2681}, {2700, 2704}, {2770, 2774}, {2781, 2781}, {3300, 3313}, {3315, 3315}, {3700, 3704}, {3711, 3711},
	}
}

// The refusals of section 4 by what they complain of.
func formCodes() codes { return some(2231, 2308) }
func amountCodes() codes {
	return some(2103, 2204, 2212, 2231, 2307, 2320, 2333, 2341, 2342, 2350, 2406, 2408, 2671, 2672, 3304, 3311)
}
func productCodes() codes { return some(2101, 2102, 2104, 2231, 2257, 2268, 2283) }
func accountCodes() codes {
	return some(2102, 2200, 2202, 2203, 2224, 2269, 2270, 2271, 2284, 2285)
}
func securityCodes() codes { return codes{{2232, 2233}, {3700, 3704}, {3711, 3711}} }
func mobileCodes() codes   { return some(2231, 2335, 2337, 2369, 3312, 3313) }
func noVoucherCodes() codes {
	return codes{{2402, 2402}, {2604, 2604}, {2611, 2617}, {2704, 2704}}.or(some(2231, 2602, 2603, 2702, 2703))
}
func usedCodes() codes      { return some(2260, 2401, 2674) }
func cancelledCodes() codes { return some(2258, 2403, 2409, 2614, 2615, 2616, 2677, 2680) }
func expiredCodes() codes   { return some(2259, 2405, 2617, 2673) }
func noSuchSaleCodes() codes {
	return some(2231, 2249, 2267, 2275, 2276, 2277, 2326, 2340, 2353, 2358, 2402, 2604, 2704)
}
func reversedCodes() codes { return some(2248, 2267, 2275, 2276, 2277, 2280, 2412, 2413) }
func undoneCodes() codes   { return some(2253, 2267, 2409, 2414, 2680, 2681).or(cancelledCodes()) }
func noMeterCodes() codes {
	return some(2231, 2304, 2305, 2309, 2310, 2322, 2344, 2345, 2346, 2348, 2363)
}
func blockedMeterCodes() codes { return some(2311, 2314, 2329, 2346, 2354, 2371) }
func notFreeCodes() codes      { return some(2306, 2309, 2349, 2356) }
func arrearsCodes() codes      { return some(2303, 2313, 2352) }
func noBillerCodes() codes {
	return some(2231, 2305, 2322, 3303, 3304, 3305, 3306, 3307, 3308, 3309, 3313, 3315)
}

// noReversalCodes say that the account or product is not set up for reversals,
// which is the operator's choice and no fault.
func noReversalCodes() codes { return some(2273, 2274) }

// String lists the codes.
func (c codes) String() string {
	var words []string
	for _, r := range c {
		word := strconv.Itoa(r[0])
		if r[1] > r[0] {
			word += " to " + strconv.Itoa(r[1])
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
