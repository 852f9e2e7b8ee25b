package channels

import (
	"context"
	"encoding/json"
)

// Limits of one call with reports. The gateway sends up to ten messages in one,
// each with the whole text and some 600 bytes more, and gives up for good those
// of a call that is refused: so more is read than it says.
const (
	bulkReports     = 100
	bulkReportBytes = 128 << 10
)

// BulkSMSReports takes the delivery reports of BulkSMS: a JSON array of messages
// as they stand now. Reports may come twice, late, out of order or never. An
// empty array is how the gateway tries the address when it is entered there.
//
// Whose message it was, and whether it is known at all, is not told: every report
// that can be read is answered alike.
type BulkSMSReports struct {
	told func(context.Context, Report) error
}

var _ Channel = (*BulkSMSReports)(nil)

// NewBulkSMSReports makes the door. told is told of every report that settles
// something, of messages that are not known too; its error says that the reports
// of the call should come again, and it is then told once more of those before.
func NewBulkSMSReports(told func(context.Context, Report) error) *BulkSMSReports {
	return &BulkSMSReports{told: told}
}

// Name implements Channel.
func (*BulkSMSReports) Name() string { return "bulksms-reports" }

// Routes implements Channel.
func (b *BulkSMSReports) Routes() []Route {
	return []Route{{
		Method: "POST", Path: "/sms/bulksms/reports", Guard: GuardGateway, Sorry: "refused", MaxBody: bulkReportBytes, Handle: b.report,
	}}
}

// report answers so that the gateway brings again what could not be written
// (503), and never again what it would only be refused for (400).
func (b *BulkSMSReports) report(ctx context.Context, c *Callback) Answer {
	all, err := b.Decode(c)
	if err != nil {
		return Answer{Status: 400, Body: []byte("refused")}
	}
	for _, r := range all {
		if err := b.told(ctx, r); err != nil {
			return Answer{Status: 503, Body: []byte("later")}
		}
	}
	return Answer{}
}

// Decode makes Reports of a callback: those that settle something, in their
// order. ErrMalformed where it is no array of messages, or nothing in it can be
// read. One that can not be read among others is left out: it must not cost
// those their reports.
func (*BulkSMSReports) Decode(c *Callback) ([]Report, error) {
	var messages []json.RawMessage
	if err := json.Unmarshal(c.Body, &messages); err != nil || messages == nil || len(messages) > bulkReports {
		return nil, ErrMalformed
	}
	var all []Report
	read := 0
	for _, one := range messages {
		var m struct {
			ID     smsWord    `json:"id"`
			Status bulkStatus `json:"status"`
		}
		if json.Unmarshal(one, &m) != nil || m.Status.Type == "" {
			continue
		}
		r := Report{Message: smsName(bulkTaken, string(m.ID)), Detail: string(m.Status.Type)}
		if r.Message == "" {
			continue
		}
		read++
		switch m.Status.Type {
		case "DELIVERED":
			r.Arrived = true
		case "FAILED":
			r.Detail = m.Status.failed()
		default: // ACCEPTED, SCHEDULED, SENT, UNKNOWN; of one that was received, others
			continue
		}
		all = append(all, r)
	}
	if read == 0 && len(messages) > 0 {
		return nil, ErrMalformed
	}
	return all, nil
}
