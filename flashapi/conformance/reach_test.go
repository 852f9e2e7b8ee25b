package conformance

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"spaza/secret"
)

// silent is a transport that nothing comes back from.
type silent struct {
	asked int
	stop  context.CancelFunc // of the run, at the first request; nil: it goes on
}

func (s *silent) RoundTrip(*http.Request) (*http.Response, error) {
	s.asked++
	if s.stop != nil {
		s.stop()
	}
	return nil, errors.New("nobody there, not at 0123456789012345 either")
}

func TestAHostThatAnswersNothingIsNotJudged(t *testing.T) {
	o := quick()
	nobody := &silent{}
	o.Transport = nobody
	target := Target{BaseURL: "https://host.example", TokenURL: "https://tokens.example", APIKey: secret.New("some key"), Account: "1"}
	r := try(t, target, o)
	err := r.Err()
	if !errors.Is(err, ErrUnreached) || errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "could not be reached: nobody there") {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), "0123456789012345") {
		t.Errorf("a long number is printed: %v", err)
	}
	if nobody.asked != r.Requests || nobody.asked < hopeless || nobody.asked > 100 {
		t.Errorf("%d requests, %d in the report", nobody.asked, r.Requests)
	}
	if one := result(t, r, "1voucher.redeem.required"); one.Verdict != Skipped || one.Reason != ErrUnreached.Error() {
		t.Errorf("%s %s", one.Verdict, one.Reason)
	}
}

func TestAHostThatAnswersOnceIsJudged(t *testing.T) {
	o := quick()
	asked := 0
	o.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		if asked++; asked == 3 {
			return response(404, "", nil), nil
		}
		return nil, errors.New("nobody there")
	})
	r := try(t, Target{BaseURL: "https://host.example", APIKey: secret.New("some key"), Account: "1"}, o)
	if err := r.Err(); !errors.Is(err, ErrFailed) || r.Unreached != "" {
		t.Errorf("%v", err)
	}
}

func TestARunThatWasStoppedBeforeAnyAnswerSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := quick()
	o.Transport = &silent{stop: stop}
	r, err := Run(ctx, Target{BaseURL: "https://host.example", APIKey: secret.New("some key"), Account: "1"}, o)
	if !errors.Is(err, context.Canceled) || r.Err() != nil {
		t.Errorf("%v, %v", err, r.Err())
	}
}

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }
