package flows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

// ward keeps one order and what is reported of its message.
type ward struct {
	order vend.Order
	err   error
	told  []string
}

func (w *ward) Reported(_ context.Context, r vend.MessageReport) (vend.Order, error) {
	if r.Message != "gateway:1" {
		return vend.Order{}, vend.ErrNoOrder
	}
	w.told = append(w.told, fmt.Sprint(r.Message, " ", r.Arrived, " ", r.Detail))
	return w.order, w.err
}

func TestAReportIsWrittenAndCallsWhereGoodsAreMissing(t *testing.T) {
	away := errors.New("the database is away")
	failed := func(goods string) vend.Order {
		return vend.Order{Ref: buyRf, Kind: vend.KindElectricity, Delivery: vend.DeliveryFailed, Goods: []byte(goods)}
	}
	in := func(channel string) vend.Order {
		o := failed("sealed")
		o.Channel = channel
		return o
	}
	for _, c := range []struct {
		name    string
		ward    ward
		message string
		arrived bool
		told    int
		err     error
		log     string // the one line of the log, in part
		alert   bool
	}{
		{"it arrived", ward{order: failed("")}, "gateway:1", true, 1, nil, "", false},
		{"a message that is not known", ward{}, "gateway:2", true, 0, nil, "", false},
		{"a message that is not known, and failed", ward{}, "gateway:2", false, 0, nil, "", false},
		{"one that is forgotten meanwhile", ward{order: failed(""), err: fmt.Errorf("report: %w", vend.ErrNoOrder)}, "gateway:1", false, 1, nil, "", false},
		{"the database is away", ward{order: failed(""), err: away}, "gateway:1", true, 1, away, "was not written", false},
		{"tokens will not arrive", ward{order: failed("sealed")}, "gateway:1", false, 1, nil, "what was bought did not arrive", true},
		{"a receipt will not arrive", ward{order: failed("")}, "gateway:1", false, 1, nil, "message will not arrive", false},
		{"tokens will not arrive in a chat", ward{order: in("gateway")}, "gateway:1", false, 1, nil, "an SMS follows", false},
		{"tokens asked for in a chat will not arrive by SMS", ward{order: in("chat")}, "gateway:1", false, 1, nil, "what was bought did not arrive", true},
		{"tokens asked for at a gateway that sends SMS too", ward{order: in("ussd")}, "gateway:1", false, 1, nil, "what was bought did not arrive", true},
		{
			"tokens that came by another message", ward{order: vend.Order{Ref: buyRf, Delivery: vend.DeliveryAcknowledged, Goods: []byte("sealed")}},
			"gateway:1", false, 1, nil, "message will not arrive", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			r := Reports{Orders: &c.ward, Chats: []string{"chat", "gateway"}, Logger: slog.New(slog.NewTextHandler(&log, nil))}
			if err := r.Take(t.Context(), vend.MessageReport{Message: c.message, Arrived: c.arrived, Detail: "Failed: UserDoesNotExist"}); !errors.Is(err, c.err) {
				t.Errorf("got %v", err)
			}
			var want []string
			if c.told > 0 {
				want = []string{fmt.Sprint(c.message, " ", c.arrived, " Failed: UserDoesNotExist")}
			}
			if d := cmp.Diff(want, c.ward.told); d != "" {
				t.Errorf("told (-want +got):\n%s", d)
			}
			said := log.String()
			if (c.log == "") != (said == "") || !strings.Contains(said, c.log) || strings.Count(said, "\n") > 1 {
				t.Errorf("the log says %q, want %q", said, c.log)
			}
			if c.alert != strings.Contains(said, "alert=true") {
				t.Errorf("the log says %q; alert: %t", said, c.alert)
			}
		})
	}
}
