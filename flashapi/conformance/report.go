package conformance

import "time"

// Verdict is what became of a check.
type Verdict string

// The verdicts; doc.go says what they mean.
const (
	Pass    Verdict = "pass"
	Fail    Verdict = "fail"
	Skipped Verdict = "skipped"
	Unclear Verdict = "unclear"
)

// Result is one check and what it found. Nothing in it is confidential.
type Result struct {
	Check   string  `json:"check"`   // stable between releases
	Section string  `json:"section"` // of the document
	Says    string  `json:"says"`    // what is demanded
	Verdict Verdict `json:"verdict"`
	Faults  []Fault `json:"faults,omitempty"`
	Reason  string  `json:"reason,omitempty"` // why it was skipped
	// References are those of the requests, to trace them with the host.
	References []string      `json:"references,omitempty"`
	Took       time.Duration `json:"tookNanoseconds"`
}

// Fault is a demand that was not met.
type Fault struct {
	Tried    string `json:"tried"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// Answer is what a server does where the document leaves it open.
type Answer struct {
	Question string `json:"question"`
	Section  string `json:"section"`
	Check    string `json:"check"`
	// Subject is what the answer is about where a question has several, such as
	// an operation.
	Subject string `json:"subject,omitempty"`
	Answer  string `json:"answer"`
}

// Report is a whole run.
type Report struct {
	Host    string    `json:"host"`
	Fixture string    `json:"fixture"`
	At      time.Time `json:"at"`
	// Prefix begins every reference of the run.
	Prefix   string `json:"referencePrefix"`
	Spending bool   `json:"spending"`
	Spent    int64  `json:"spentCents"` // that was asked for in sales that should succeed
	Requests int    `json:"requests"`
	// Unreached is why no request got any answer; empty when one did.
	Unreached string        `json:"unreached,omitempty"`
	Took      time.Duration `json:"tookNanoseconds"`
	Results   []Result      `json:"results"`
	Answers   []Answer      `json:"answers"`
}

// Count says how many checks had a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, result := range r.Results {
		if result.Verdict == v {
			n++
		}
	}
	return n
}
