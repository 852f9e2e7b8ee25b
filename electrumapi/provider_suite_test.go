package electrumapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spaza/electrumapi"
	"spaza/electrumapi/sandbox"
	"spaza/ledger"
	"spaza/secret"
	"spaza/test/provider"
	"spaza/vend"
)

// simulatedHost is the simulator as the suite drives it.
type simulatedHost struct{ *sandbox.Sandbox }

var _ provider.Judge = simulatedHost{}

// faultNames are the troubles in the simulator's words.
func faultNames() map[provider.Trouble]string {
	return map[provider.Trouble]string{
		provider.CutBefore: "cut_before", provider.CutAfter: "cut_after", provider.ErrorBefore: "http_500_before", provider.ErrorAfter: "http_504_after",
		provider.Busy: "http_503_before", provider.Throttled: "throttled", provider.Unreadable: "garbage", provider.Empty: "empty", provider.Truncated: "truncated",
		provider.OtherReference: "other_id", provider.Unlisted: "unlisted_type_after", provider.NoGoods: "no_goods_once", provider.Silence: "hang",
	}
}

func (h simulatedHost) fault(t *testing.T, f sandbox.Fault) {
	t.Helper()
	if err := h.Fault(f); err != nil {
		t.Fatal(err)
	}
}

func (h simulatedHost) Meet(t *testing.T, ref string, what provider.Trouble, times int) bool {
	t.Helper()
	if what == provider.Echo {
		h.fault(t, sandbox.Fault{Name: "cut_after", Reference: ref, Times: times})
		for _, op := range []electrumapi.Op{electrumapi.OpAirtimeStatus, electrumapi.OpVoucherRetry, electrumapi.OpTokenRetry} {
			h.fault(t, sandbox.Fault{Type: string(electrumapi.ErrorDuplicate), Status: 400, Op: string(op), Reference: ref, Times: times})
		}
		return true
	}
	name, known := faultNames()[what]
	if known {
		h.fault(t, sandbox.Fault{Name: name, Reference: ref, Times: times})
	}
	return known
}

func (h simulatedHost) Refuse(t *testing.T) func() {
	t.Helper()
	h.fault(t, sandbox.Fault{Name: "unauthorised", Times: 1000})
	return h.ClearFaults
}

func (h simulatedHost) sale(ref string) sandbox.Transaction {
	for _, x := range h.Transactions() {
		if x.Reference == ref {
			return x
		}
	}
	return sandbox.Transaction{}
}

func (h simulatedHost) Done(ref string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range 10_000 {
			if h.sale(ref).State == sandbox.Provisioned {
				return
			}
			<-tick.C
		}
	}()
	return done
}

func (h simulatedHost) Fate(ref string) provider.Fate {
	x := h.sale(ref)
	return provider.Fate{Confirmed: x.State == sandbox.Confirmed, Undone: x.Undone, Paid: ledger.Cents(x.Paid)}
}

func (h simulatedHost) Money() ledger.Cents { return ledger.Cents(h.Float()) }

func (h simulatedHost) Requests() int { return h.Books().Counts["requests"] }

// slipless takes the ready slip out of answers about tokens that have none besides: it
// has them too, and without them is what the suite wants to see.
type slipless struct{ http.Handler }

func (h slipless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.URL.Path, "/tokenPurchases/") {
		h.Handler.ServeHTTP(w, r)
		return
	}
	said, broken := httptest.NewRecorder(), any(nil)
	func() {
		defer func() { broken = recover() }() // as the simulator breaks off
		h.Handler.ServeHTTP(said, r)
	}()
	body := said.Body.Bytes()
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) == nil && answer["tokens"] == nil && answer["slipData"] != nil {
		delete(answer, "slipData")
		body, _ = json.Marshal(answer)
	}
	if broken == nil || len(body) > 0 {
		maps.Copy(w.Header(), said.Header())
		w.WriteHeader(said.Code)
		_, _ = w.Write(body)
	}
	if broken != nil {
		panic(broken)
	}
}

// contract is what an operator has agreed with Electrum.
type contract struct {
	options electrumapi.ProviderOptions
	bearer  bool // OAuth2 in place of HTTP basic
}

func (c contract) remedy(k vend.Kind) provider.Remedy {
	r, ok := c.options.Unknown[k]
	if !ok {
		r = electrumapi.Remedies(k)[0]
	}
	return map[electrumapi.Remedy]provider.Remedy{
		electrumapi.RemedyStatus: provider.AskedAfter, electrumapi.RemedyRetry: provider.SentAgain, electrumapi.RemedyReverse: provider.Undone,
	}[r]
}

// client is one of the simulator's.
func (c contract) client(t *testing.T, url string) *electrumapi.Client {
	t.Helper()
	o := electrumapi.Options{
		BaseURL: url, Username: sandbox.DefaultUser, Password: secret.New(sandbox.DefaultPassword),
		Institution: "33", Terminal: "SPAZA001", MerchantID: "000000000000123", MerchantType: "5411", MerchantName: "Spaza", MerchantCity: "Soweto", MerchantRegion: "GP",
		HTTPTimeout: 20 * time.Second, BreakerFailures: 1000, Rate: 1e6, Burst: 1e6, TokenRetryGap: time.Nanosecond,
	}
	if c.bearer {
		o.TokenURL, o.ClientID, o.ClientSecret = url+sandbox.TokenPath, sandbox.DefaultClientID, secret.New(sandbox.DefaultClientSecret)
	}
	made, err := electrumapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// bench is the adapter over the simulator.
func (c contract) bench(t *testing.T) provider.Bench {
	t.Helper()
	host := simulatedHost{sandbox.New(sandbox.Options{SlowFor: time.Millisecond})}
	server := httptest.NewServer(slipless{host})
	t.Cleanup(server.Close)
	at := time.Now()
	meter := "14000000019"
	if c.remedy(vend.KindElectricity) == provider.Undone {
		meter = "TST001" // whose tokens are taken back
	}
	return provider.Bench{
		Provider:    electrumapi.NewProvider(c.client(t, server.URL), c.options),
		Unreachable: func() vend.Provider { return electrumapi.NewProvider(c.client(t, provider.Nobody), c.options) },
		Host:        host, Remedy: c.remedy,
		Confirms: func(k vend.Kind) bool { return k != vend.KindGift || !c.options.SingleMessaging },
		Spares:   []provider.Trouble{provider.Busy, provider.Throttled},
		Sale: func(k vend.Kind) vend.Sale {
			s := vend.Sale{Kind: k, Amount: ledger.Rand(50), At: at, Channel: "ussd"}
			switch k {
			case vend.KindAirtime:
				s.Product, s.Target = "VODAIR", "27821234567"
			case vend.KindData:
				s.Product, s.Target, s.Amount = "VODD1G", "27821234567", ledger.Rand(85)
			case vend.KindAirtimePIN:
				s.Product, s.Amount = "VODPIN29", ledger.Rand(29)
			case vend.KindElectricity:
				s.Product, s.Target, s.Amount = "electricity", meter, ledger.Rand(100)
			case vend.KindGift:
				s.Product, s.Amount = "BAOBABFILMS99", ledger.Rand(99)
			}
			return s
		},
		Worth: func(s vend.Sale) ledger.Cents { return s.Amount },
		Refused: func(k vend.Kind) (vend.Sale, vend.Reason, bool) {
			s, why := refusal(k)
			s.At = at
			return s, why, why != ""
		},
		Meter: vend.MeterQuestion{Meter: "14000000019"}, NoMeter: vend.MeterQuestion{Meter: "14000000010"},
		Secrets: []string{"c2FuZGJveDpzYW5kYm94"}, // the credentials in the header; their words are in addresses
	}
}

// refusal is a sale that the simulator refuses.
func refusal(k vend.Kind) (vend.Sale, vend.Reason) {
	switch k {
	case vend.KindAirtime:
		return vend.Sale{Kind: k, Product: "VODAIR", Amount: ledger.Rand(10), Target: "27610000002"}, vend.ReasonNumberBarred
	case vend.KindData:
		return vend.Sale{Kind: k, Product: "VODD1G", Amount: ledger.Rand(85), Target: "27610000001"}, vend.ReasonNumber
	case vend.KindAirtimePIN:
		return vend.Sale{Kind: k, Product: "VODPIN10E05", Amount: ledger.Rand(10)}, vend.ReasonAmount
	case vend.KindElectricity:
		return vend.Sale{Kind: k, Product: "electricity", Amount: ledger.Rand(50), Target: "14000000010"}, vend.ReasonMeter
	case vend.KindGift:
		return vend.Sale{Kind: k, Product: "PROTEAFASHIONE19", Amount: ledger.Rand(50)}, vend.ReasonAmountLow
	}
	return vend.Sale{}, ""
}

func TestTheProviderKeepsItsContract(t *testing.T) {
	provider.Run(t, contract{}.bench)
}

func TestTheProviderKeepsItsContractWhereItReverses(t *testing.T) {
	provider.Run(t, contract{bearer: true, options: electrumapi.ProviderOptions{
		Unknown: map[vend.Kind]electrumapi.Remedy{
			vend.KindAirtimePIN: electrumapi.RemedyReverse, vend.KindGift: electrumapi.RemedyReverse, vend.KindElectricity: electrumapi.RemedyReverse,
		},
	}}.bench)
}

func TestTheProviderKeepsItsContractWithSingleMessagesAndNewIDs(t *testing.T) {
	provider.Run(t, contract{options: electrumapi.ProviderOptions{SingleMessaging: true, RetryNewID: true}}.bench)
}
