package channels

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"spaza/gsm7"
	"spaza/secret"
)

const (
	// bulkTaken begins the name of every message that the API took: its reports
	// give the id alone.
	bulkTaken = "bulksms:"
	// bulkParts is how many parts one message may have: the default of 3 would cut
	// off a long receipt.
	bulkParts = 10
	// bulkDraws is how many deduplication ids a message may be sent under.
	bulkDraws = 2
)

// BulkSMS sends messages through the JSON API of BulkSMS (POST /v1/messages; 201
// with one entry a message).
//
// The API takes a deduplication id of 31 bits, and for about 12 hours answers a
// request with the same one as it did the first, sending nothing: a message whose
// answer was lost can go again and arrives once. The id is drawn from a hash of
// Message.ID and Message.To, so that every replica and every try finds the same.
// Two different messages within 12 hours draw the same one with odds of 1 to
// 2,147,483,648 a pair: with 5,000 messages in that time, about once in three
// months. That would be a message lost without a word, so each also carries 96
// bits of the same hash as userSuppliedId, and an answer with those of another
// message means that ours was swallowed: it goes again under the next id.
type BulkSMS struct {
	api  smsAPI
	opt  BulkSMSOptions
	from *bulkFrom
}

var _ Messenger = (*BulkSMS)(nil)

// BulkSMSOptions are the account. TokenID and TokenSecret are required.
type BulkSMSOptions struct {
	BaseURL     string // bare host; empty for https://api.bulksms.com
	TokenID     string
	TokenSecret secret.Text
	// Sender is a registered name of up to 11 characters, a number of 7 to 15
	// digits, or a short code of up to 6; empty for the account's own.
	Sender  string
	Routing string // ECONOMY, STANDARD or PREMIUM; empty for STANDARD
	// Transport sends the requests; default http.DefaultTransport's settings.
	Transport http.RoundTripper
}

// NewBulkSMS makes the messenger; it does not call the network.
func NewBulkSMS(o BulkSMSOptions) (*BulkSMS, error) {
	if o.TokenID == "" || o.TokenSecret.Empty() {
		return nil, errors.New("make BulkSMS messenger: token id and secret are required")
	}
	if strings.Contains(o.TokenID, ":") { // it would end there
		return nil, errors.New("make BulkSMS messenger: token id is not usable")
	}
	from, ok := bulkSender(o.Sender)
	if !ok {
		return nil, errors.New("make BulkSMS messenger: sender is not usable")
	}
	switch o.Routing {
	case "", "ECONOMY", "STANDARD", "PREMIUM":
	default:
		return nil, errors.New("make BulkSMS messenger: routing is not ECONOMY, STANDARD or PREMIUM")
	}
	if o.BaseURL == "" {
		o.BaseURL = "https://api.bulksms.com"
	}
	api, err := newSMSAPI(o.BaseURL, "/v1/messages", o.Transport)
	if err != nil {
		return nil, err
	}
	return &BulkSMS{api: api, opt: o, from: from}, nil
}

// bulkMessage is a message as the API wants it.
type bulkMessage struct {
	To       string    `json:"to"`
	Body     string    `json:"body"`
	From     *bulkFrom `json:"from,omitempty"`
	Encoding string    `json:"encoding"`
	Reports  string    `json:"deliveryReports"`
	Own      string    `json:"userSuppliedId"`
	Parts    int       `json:"longMessageMaxParts"`
	Routing  string    `json:"routingGroup,omitempty"`
}

// bulkFrom is who a message comes from.
type bulkFrom struct {
	Type    string `json:"type"`
	Address string `json:"address"`
}

// bulkSender is the sender of a configured name or number; nil for none.
func bulkSender(s string) (from *bulkFrom, ok bool) {
	if s == "" {
		return nil, true
	}
	digits := strings.TrimPrefix(s, "+")
	number := digits != "" && strings.Trim(digits, "0123456789") == ""
	switch n := len(digits); {
	case number && n <= 6 && n == len(s):
		return &bulkFrom{"SHORTCODE", s}, true
	case number:
		return &bulkFrom{"INTERNATIONAL", s}, n > 6 && n <= 15
	}
	odd := strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
	return &bulkFrom{"ALPHANUMERIC", s}, len(s) <= 11 && !odd && s[0] != '+'
}

// bulkBraces takes the place of braces: in the body of a message they hold names
// of fields, which the API fills in or leaves out.
var bulkBraces = strings.NewReplacer("{", "(", "}", ")")

// Send implements Messenger. Its errors hold neither the text nor the number nor
// the token, whatever the other side does.
func (b *BulkSMS) Send(ctx context.Context, m Message) (taken string, err error) {
	sum := sha256.Sum256([]byte(m.ID + "\x00" + m.To))
	own := bulkOwn(sum)
	body, err := json.Marshal(bulkMessage{
		To: "+" + m.To, Body: bulkBraces.Replace(gsm7.Fold(m.Text)), From: b.from, Encoding: "TEXT", Reports: "ALL",
		Own: own, Parts: bulkParts, Routing: b.opt.Routing,
	})
	if err != nil {
		return "", fmt.Errorf("send SMS: %w: no request can be made of it", ErrSMSUnsent)
	}
	for draw := range bulkDraws {
		query := "?deduplication-id=" + strconv.Itoa(bulkDraw(sum, draw)) + "&auto-unicode=false"
		answer, err := b.api.post(ctx, query, string(body), func(r *http.Request) {
			r.Header.Set("Content-Type", "application/json")
			r.SetBasicAuth(b.opt.TokenID, b.opt.TokenSecret.Reveal())
		})
		if err != nil {
			return "", err
		}
		var others string
		if taken, others, err = bulkAnswer(answer); err != nil {
			return "", err
		}
		if others == "" || strings.EqualFold(others, own) {
			return taken, nil
		}
	}
	// Twice in a row is no accident: the API does not give back what it was given.
	return taken, nil
}

// bulkDraw is a deduplication id of a message: a positive int32.
func bulkDraw(sum [sha256.Size]byte, draw int) int {
	return int(binary.BigEndian.Uint32(sum[4*draw:]) >> 1)
}

// bulkOwn is what a message is called to the API: 20 characters, which is the
// most that it takes, of bits that no draw uses.
func bulkOwn(sum [sha256.Size]byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[len(sum)-12:]))
}

// bulkAnswer reads the answer to one message: what it is called, and the
// userSuppliedId of the message that the answer is about. An id that is none is
// left out: the message went all the same, and is never reported on.
func bulkAnswer(body []byte) (taken, own string, err error) {
	var all []struct {
		ID     smsWord    `json:"id"`
		Own    smsWord    `json:"userSuppliedId"`
		Status bulkStatus `json:"status"`
	}
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return "", "", fmt.Errorf("%w: the answer is not readable", errSMSUnclear)
	}
	if len(all) == 0 {
		return "", "", fmt.Errorf("%w: no message in the answer", ErrSMSRefused)
	}
	m := all[0]
	if m.Status.Type == "FAILED" {
		return "", "", fmt.Errorf("%w: %s", ErrSMSRefused, m.Status.failed())
	}
	return smsName(bulkTaken, string(m.ID)), string(m.Own), nil
}

// bulkStatus is how a message stands.
type bulkStatus struct {
	Type    smsWord `json:"type"`
	Subtype smsWord `json:"subtype"`
}

// failed is why a message failed, of the reasons that the API lists: what it
// says besides could be anything.
func (s bulkStatus) failed() string {
	switch s.Subtype {
	case "":
		return "FAILED"
	case "EXPIRED", "HANDSET_ERROR", "BLOCKED", "NOT_SENT":
		return "FAILED: " + string(s.Subtype)
	}
	return "FAILED: another reason"
}
