package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"spaza/secret"
)

const (
	gatewayPatience = 10 * time.Second // how long Africa's Talking waits for an answer
	inboxPatience   = 2 * time.Second
	answerLimit     = 64 << 10 // bytes of an answer that are read
)

// gateway stands between the terminal and the service and behaves like Africa's
// Talking: form posts with the cumulative text, answers that begin with CON or
// END, and a notification when a session is over.
type gateway struct {
	base    *url.URL
	key     secret.Text
	client  *http.Client
	now     func() time.Time
	code    string // the service code, such as *120*384#
	msisdn  string
	network string
	// patience is how long is waited for anything but an answer.
	patience time.Duration
}

// call is one session of the gateway.
type call struct {
	*gateway
	id      string
	started time.Time
	text    string // cumulative
	hops    int
	last    string
}

// hop is what came back for one callback.
type hop struct {
	text   string
	good   bool
	end    bool
	cause  string // why it is not good, for a developer
	second *answer
	same   bool // the second answer was the first one again
	err    error
}

type answer struct {
	status int
	body   string
	err    error
}

func (g *gateway) open(deep string) *call {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return &call{gateway: g, id: "ATUid_" + hex.EncodeToString(id[:]), started: g.now(), text: deep}
}

// deepDial splits what was dialled: nothing for the code itself, "1*2" for
// *120*384*1*2#. It says false where it is not our code.
func (g *gateway) deepDial(dialled string) (text string, ok bool) {
	if dialled == g.code {
		return "", true
	}
	rest, begins := strings.CutPrefix(dialled, strings.TrimSuffix(g.code, "#")+"*")
	text, ends := strings.CutSuffix(rest, "#")
	return text, begins && ends
}

// reply adds one input to the text and sends it.
func (c *call) reply(ctx context.Context, input string, twice bool) hop {
	if c.text != "" {
		c.text += "*"
	}
	c.text += input
	return c.send(ctx, twice)
}

// send posts the callback, twice where a gateway that repeats itself is wanted.
func (c *call) send(ctx context.Context, twice bool) hop {
	c.hops++
	form := url.Values{
		"sessionId":   {c.id},
		"phoneNumber": {"+" + c.msisdn},
		"networkCode": {c.network},
		"serviceCode": {c.code},
		"text":        {c.text},
	}
	first := c.post(ctx, "/ussd/africastalking", form)
	h := hop{err: first.err}
	if twice {
		second := c.post(ctx, "/ussd/africastalking", form)
		h.second = &second
		h.same = second.err == nil && first.err == nil && second.status == first.status && second.body == first.body
	}
	prefix, text, _ := strings.Cut(first.body, " ")
	switch {
	case first.err != nil:
		h.cause = "no answer"
	case first.status == http.StatusUnauthorized || first.status == http.StatusForbidden:
		h.cause = fmt.Sprintf("HTTP %d: the service asks for its key", first.status)
	case first.status != http.StatusOK:
		h.cause = fmt.Sprintf("HTTP %d", first.status)
	case prefix != "CON" && prefix != "END", len(text) == len(first.body):
		h.cause = "the answer begins with neither CON nor END"
	default:
		h.good, h.end, h.text = true, prefix == "END", text
		c.last = text
	}
	return h
}

// over tells the service how the session ended, as the gateway would: Success,
// Incomplete or Failed. Nobody waits for what it says.
func (c *call) over(ctx context.Context, status, cause string) {
	form := url.Values{
		"date":             {c.now().UTC().Format(time.DateTime)},
		"sessionId":        {c.id},
		"serviceCode":      {c.code},
		"networkCode":      {c.network},
		"phoneNumber":      {"+" + c.msisdn},
		"status":           {status},
		"cost":             {"0"},
		"durationInMillis": {strconv.FormatInt(c.now().Sub(c.started).Milliseconds(), 10)},
		"hopsCount":        {strconv.Itoa(c.hops)},
		"input":            {c.text},
		"lastAppResponse":  {c.last},
	}
	if cause != "" {
		form.Set("errorMessage", cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.patience)
	defer cancel()
	c.post(ctx, "/ussd/africastalking/events", form)
}

func (g *gateway) post(ctx context.Context, path string, form url.Values) answer {
	ctx, cancel := context.WithTimeout(ctx, gatewayPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.base.JoinPath(path).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return answer{err: fmt.Errorf("make callback: %w", err)}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return g.do(req)
}

func (g *gateway) do(req *http.Request) answer {
	if !g.key.Empty() {
		req.SetBasicAuth("handset", g.key.Reveal())
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return answer{err: fmt.Errorf("read answer: %w", err)}
	}
	return answer{status: resp.StatusCode, body: string(body)}
}

// sms is one message of the inbox.
type sms struct {
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// messages returns what arrived after an ID. It says false where the service
// has no inbox to show.
func (g *gateway) messages(ctx context.Context, after int64) (news []sms, ok bool) {
	q := url.Values{"msisdn": {g.msisdn}, "after": {strconv.FormatInt(after, 10)}}
	var got struct {
		Messages []sms `json:"messages"`
	}
	found, err := g.get(ctx, "/handset/inbox", q, &got)
	return got.Messages, found || err != nil
}

// shownCode asks the service which code it answers to; empty where it does not
// say.
func (g *gateway) shownCode(ctx context.Context) (string, error) {
	var got struct {
		Code string `json:"code"`
	}
	_, err := g.get(ctx, "/handset/about", nil, &got)
	return got.Code, err
}

// get reads one JSON answer into v, or says that there is none to be had. An
// error says that the service is not there.
func (g *gateway) get(ctx context.Context, path string, q url.Values, v any) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	u := g.base.JoinPath(path)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return false, fmt.Errorf("make request: %w", err)
	}
	a := g.do(req)
	if a.err != nil {
		return false, a.err
	}
	return a.status == http.StatusOK && json.Unmarshal([]byte(a.body), v) == nil, nil
}

// unreachable says that nobody listens where the service should be.
func unreachable(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
