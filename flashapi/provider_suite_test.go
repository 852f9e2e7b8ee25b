package flashapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/ledger"
	"spaza/secret"
	"spaza/test/provider"
	"spaza/vend"
)

// simulatedHost is the simulator as the suite drives it.
type simulatedHost struct {
	*sandbox.Sandbox
	url string
}

// faultNames are the troubles in the simulator's words.
func faultNames() map[provider.Trouble]string {
	return map[provider.Trouble]string{
		provider.CutBefore: "cut_before", provider.CutAfter: "cut_after", provider.ErrorBefore: "http_500_before", provider.ErrorAfter: "http_503_after",
		provider.Busy: "busy", provider.Throttled: "throttled", provider.Unreadable: "garbage", provider.Empty: "empty", provider.Truncated: "truncated",
		provider.OtherReference: "other_reference", provider.Unlisted: "unlisted_code", provider.NoGoods: "no_goods_once", provider.Silence: "hang",
	}
}

func (h simulatedHost) control(t *testing.T, method, path string, body map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, h.url+"/sandbox/"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		t.Fatalf("%s %s: HTTP %d", method, path, resp.StatusCode)
	}
}

func (h simulatedHost) Meet(t *testing.T, ref string, what provider.Trouble, times int) bool {
	t.Helper()
	if what == provider.Echo {
		h.control(t, http.MethodPost, "faults", map[string]any{"fault": "cut_after", "reference": ref, "times": times})
		h.control(t, http.MethodPost, "faults", map[string]any{"fault": "code_under_200", "code": 2401, "reference": ref, "times": times})
		return true
	}
	name, known := faultNames()[what]
	if known {
		h.control(t, http.MethodPost, "faults", map[string]any{"fault": name, "reference": ref, "times": times})
	}
	return known
}

func (h simulatedHost) Refuse(t *testing.T) func() {
	t.Helper()
	h.control(t, http.MethodPost, "faults", map[string]any{"fault": "unauthorised", "times": 1000})
	return func() { h.control(t, http.MethodDelete, "faults", nil) }
}

func (h simulatedHost) Done(ref string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range 10_000 {
			for _, x := range h.Books().Transactions {
				if x.Reference == ref && x.Status == "success" {
					return
				}
			}
			<-tick.C
		}
	}()
	return done
}

func (h simulatedHost) Money() ledger.Cents {
	b := h.Books()
	return ledger.Cents(b.Float + b.RedemptionBalance)
}

func (h simulatedHost) Requests() int { return h.Books().Counts["requests"] }

// flashBench is the adapter over the simulator.
func flashBench(dialect flashapi.Dialect) func(t *testing.T) provider.Bench {
	return func(t *testing.T) provider.Bench {
		t.Helper()
		host := simulatedHost{Sandbox: sandbox.New(sandbox.Options{SlowFor: time.Millisecond})}
		server := httptest.NewServer(host)
		t.Cleanup(server.Close)
		host.url = server.URL
		over := func(url string) *flashapi.Provider {
			c, err := flashapi.New(flashapi.Options{
				BaseURL: url, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount,
				StoreID: "SPAZA1", TerminalID: "TILL1", Dialect: dialect,
				HTTPTimeout: 20 * time.Second, BreakerFailures: 1000, Rate: 1e6, Burst: 1e6, TokenRetryGap: time.Nanosecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			return flashapi.NewProvider(c, flashapi.ProviderOptions{})
		}
		p := over(server.URL)
		var n atomic.Int64
		pin := func() secret.Text { return secret.New("50005000000000" + strconv.FormatInt(10+n.Add(1), 10)) }
		// Redeemed money to give refunds from.
		r, err := p.Prepare(vend.Sale{Ref: "R-01FUND", Kind: vend.KindRedeem, PIN: secret.New("5010000000000001")})
		if err != nil {
			t.Fatal(err)
		}
		if a := p.Send(t.Context(), r, vend.Past{}); a.Outcome != vend.Delivered {
			t.Fatalf("redeem: %+v", a)
		}
		return provider.Bench{
			Provider: p, Host: host, Unreachable: func() vend.Provider { return over(provider.Nobody) },
			Sale: func(k vend.Kind) vend.Sale {
				s := vend.Sale{Kind: k, Amount: ledger.Rand(50)}
				switch k {
				case vend.KindAirtime:
					s.Product, s.Target = "101", "27821234567"
				case vend.KindData:
					s.Product, s.Target, s.Amount = "202", "27821234567", ledger.Rand(85)
				case vend.KindAirtimePIN:
					s.Product, s.Amount = "301", ledger.Rand(29)
				case vend.KindElectricity:
					s.Product, s.Target = "401", "14000000019"
					if p.Can(k).EnquiryFirst {
						m, err := p.Meter(t.Context(), vend.MeterQuestion{
							Ref: "L-01BENCH" + strconv.FormatInt(n.Add(1), 10), Meter: s.Target, Amount: s.Amount,
						})
						if err != nil {
							t.Fatal(err)
						}
						s.Enquiry = m.Handle
					}
				case vend.KindGift:
					s.Product = "501"
				case vend.KindCashOut:
					s.Product = "601"
				case vend.KindVoucher:
					s.Product = "1"
				case vend.KindBill:
					s.Product, s.Target = "901", "110110035000"
				case vend.KindRedeem:
					s.Amount, s.PIN = 0, pin()
				}
				return s
			},
			Worth: func(s vend.Sale) ledger.Cents {
				if s.Kind == vend.KindRedeem {
					return -ledger.Rand(50)
				}
				return s.Amount
			},
			Refused: func(k vend.Kind) (vend.Sale, vend.Reason, bool) {
				return flashRefusal(k, p.Can(k).EnquiryFirst)
			},
			Meter:     vend.MeterQuestion{Meter: "14000000019", Amount: ledger.Rand(50)},
			NoMeter:   vend.MeterQuestion{Meter: "14000000010", Amount: ledger.Rand(50)},
			Account:   vend.AccountQuestion{Account: "110110035000"},
			NoAccount: vend.AccountQuestion{Account: "110190000000"},
			Secrets:   []string{sandbox.DefaultAPIKey, "5000500000000"},
		}
	}
}

// flashRefusal is a sale that the simulator refuses.
func flashRefusal(k vend.Kind, enquiryFirst bool) (vend.Sale, vend.Reason, bool) {
	switch k {
	case vend.KindElectricity:
		if enquiryFirst { // the enquiry is what is refused
			return vend.Sale{}, "", false
		}
		return vend.Sale{Kind: k, Product: "401", Amount: ledger.Rand(50), Target: "14000000010"}, vend.ReasonMeter, true
	case vend.KindRefund:
		return vend.Sale{Kind: k, Amount: ledger.Rand(3000)}, vend.ReasonUnavailable, true // more than was redeemed
	case vend.KindAirtime:
		return vend.Sale{Kind: k, Product: "101", Amount: ledger.Rand(10), Target: "27600002337"}, vend.ReasonNumberBarred, true
	case vend.KindData:
		return vend.Sale{Kind: k, Product: "202", Amount: ledger.Rand(85), Target: "27600002368"}, vend.ReasonWrongNetwork, true
	case vend.KindAirtimePIN:
		return vend.Sale{Kind: k, Product: "301", Amount: ledger.Rand(5)}, vend.ReasonAmount, true
	case vend.KindVoucher:
		return vend.Sale{Kind: k, Product: "1", Amount: ledger.Rand(9000)}, vend.ReasonAmount, true
	case vend.KindGift:
		return vend.Sale{Kind: k, Product: "501", Amount: ledger.Rand(51)}, vend.ReasonAmount, true
	case vend.KindCashOut:
		return vend.Sale{Kind: k, Product: "601", Amount: ledger.Rand(5)}, vend.ReasonAmount, true
	case vend.KindBill:
		return vend.Sale{Kind: k, Product: "901", Amount: ledger.Rand(50), Target: "110190000000"}, vend.ReasonAccount, true
	case vend.KindRedeem:
		return vend.Sale{Kind: k, PIN: secret.New("6240100000000000")}, vend.ReasonVoucherUsed, true
	}
	return vend.Sale{}, "", false
}

func TestTheProviderKeepsItsContract(t *testing.T) {
	provider.Run(t, flashBench(flashapi.Revision2025))
}

func TestTheProviderKeepsItsContractOnTheDraft(t *testing.T) {
	provider.Run(t, flashBench(flashapi.Draft2023))
}
