package channels

import (
	"net/http"
	"strconv"
	"time"
)

// waPairWait is how long the API wants between two messages to one person once
// there were too many; it asks for four times as long each time again, which is
// the caller's to count.
const waPairWait = 6 * time.Second

// waLongestWait bounds what the API may ask us to wait.
const waLongestWait = time.Hour

// waCode is what to do about a code of the API, or about all from first to last.
type waCode struct {
	first, last int
	do          SendRemedy
	what        string
}

// waCodes are the codes that Meta lists and what a vending service has to do with.
// They come with the answer to a request, or later with a status. 131030 and
// 131062 are Meta's "wrong request"; here they are about the person, who can be
// reached another way. 131005 is one too, and about the account's rights.
var waCodes = []waCode{
	{1, 2, SendLater, "a fault at the API"},
	{4, 4, SendLater, "too many requests"},
	{80007, 80007, SendLater, "too many requests"},
	{130429, 130429, SendLater, "too many requests"},
	{131000, 131000, SendLater, "a fault at the API"},
	{131016, 131016, SendLater, "a fault at the API"},
	{131056, 131056, SendLater, "too many messages to one person"},
	{131057, 131057, SendLater, "the account is being maintained"},
	{131064, 131064, SendLater, "too many requests"},
	{133016, 133016, SendLater, "too many requests"},
	{135000, 135000, SendLater, "a fault at the API"},

	{130472, 130472, SendElsewhere, "the person is part of an experiment"},
	{131026, 131026, SendElsewhere, "the person can not be reached on WhatsApp"},
	{131030, 131030, SendElsewhere, "the person is not on the list of a test number"},
	{131047, 131047, SendElsewhere, "the person wrote more than 24 hours ago"},
	{131049, 131049, SendElsewhere, "held back by WhatsApp"},
	{131050, 131050, SendElsewhere, "the person wants no such messages"},
	{131062, 131062, SendElsewhere, "the person has hidden the number"},

	{100, 100, SendNever, "a parameter is wrong"},
	{131008, 131008, SendNever, "a parameter is missing"},
	{131009, 131009, SendNever, "a parameter is wrong"},
	{131021, 131021, SendNever, "a message to ourselves"},
	{131051, 131053, SendNever, "no such kind of message"},
	{132068, 132069, SendNever, "no such kind of message"},

	{0, 0, SendAlarm, "not authenticated"},
	{3, 3, SendAlarm, "a permission is missing"},
	{10, 10, SendAlarm, "a permission is missing"},
	{33, 33, SendAlarm, "the number is gone"},
	{190, 190, SendAlarm, "the token is not valid"},
	{200, 299, SendAlarm, "a permission is missing"},
	{368, 368, SendAlarm, "blocked for a breach of policy"},
	{130497, 130497, SendAlarm, "not allowed in this country"},
	{131005, 131005, SendAlarm, "a permission is missing"},
	{131031, 131031, SendAlarm, "the account is locked"},
	{131037, 131037, SendAlarm, "the display name is not approved"},
	{131042, 131042, SendAlarm, "payment is missing"},
	{131045, 131045, SendAlarm, "the number is not registered"},
	{131048, 131048, SendAlarm, "too many messages were reported as spam"},
	{132000, 132067, SendAlarm, "the template does not fit, or is not approved"},
	{133000, 133015, SendAlarm, "the number is not registered"},
}

// waFind finds a code.
func waFind(code int) (waCode, bool) {
	for _, c := range waCodes {
		if c.first <= code && code <= c.last {
			return c, true
		}
	}
	return waCode{}, false
}

// waFailure is what an answer of the API says is wrong.
type waFailure struct {
	Code      *int `json:"code"`
	Subcode   int  `json:"error_subcode"`
	Transient bool `json:"is_transient"`
}

// waRefused is the error for an answer that takes no message. f.Code is nil where
// the answer names no code. after is the header Retry-After.
func waRefused(status int, f waFailure, after string) *SendError {
	e := &SendError{Code: status}
	known := false
	if f.Code != nil {
		var c waCode
		if c, known = waFind(*f.Code); known {
			e.Do, e.What = c.do, c.what
		}
		e.Code = *f.Code
	}
	switch {
	case known && e.Code == 100 && f.Subcode == 33:
		e.Do, e.What = SendAlarm, "the number is not known, or not ours"
	case known:
	case f.Transient, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500, status < 400:
		e.Do, e.What = SendLater, "not taken now"
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		e.Do, e.What = SendAlarm, "not allowed, or nothing there"
	default:
		e.Do, e.What = SendNever, "not taken"
	}
	if e.Do == SendLater {
		if s, err := strconv.ParseUint(after, 10, 16); err == nil {
			e.Wait = min(time.Duration(s)*time.Second, waLongestWait)
		}
		if e.Code == 131056 {
			e.Wait = max(e.Wait, waPairWait)
		}
	}
	return e
}

// waWhyLost is what support reads of a message that failed.
func waWhyLost(code int) string {
	if code <= 0 {
		return "failed"
	}
	what := "another reason"
	if c, ok := waFind(code); ok {
		what = c.what
	}
	return "failed: " + what + " (code " + strconv.Itoa(code) + ")"
}
