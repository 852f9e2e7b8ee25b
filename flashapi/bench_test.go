//go:build unix

package flashapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"spaza/secret"
)

// benchAnswers are what the benchmarks' host says, in the document's own form.
var benchAnswers = map[Op]string{
	OpPinlessPurchase: `{"responseCode":0,"responseMessage":"Success","accountNumber":"1000200030004000","reference":"` + testRef + `",
"transactionDate":"2025-05-01T12:00:00","transactionId":257901,"metadata":{"till":"7"},"storeId":"S1","terminalId":"T1","amount":1000,
"rechargeDetails":{"rechargeType":"Airtime","callCentre":"082 111","rechargeVendor":"Vodacom"}}`,
	OpVoucherPurchase: `{"responseCode":0,"responseMessage":"Success","accountNumber":"1000200030004000","reference":"` + testRef + `",
"transactionDate":"2025-05-01T12:00:00","transactionId":257902,"metadata":{"till":"7"},"storeId":"S1","terminalId":"T1","amount":1000,
"voucher":{"amount":1000,"expiryDate":"2028-05-01","redemptionDate":"","pin":"` + testPIN + `","serialNumber":"100200300400","status":"Active",
"content":{"redemptionInstructions":"Dial *130*1234# and follow the prompts,\nor hand the PIN in at any shop that takes 1Voucher.",
"termsAndConditions":"Valid for three years from the date of purchase. Treat it as cash: a lost PIN cannot be replaced. Not for sale to persons under 18."}}}`,
}

// hand is a client as a careful integrator would write it for one call, with
// nothing but net/http and encoding/json.
type hand struct {
	http  *http.Client
	base  string
	token string
}

type handRequest struct {
	Reference     string          `json:"reference"`
	AccountNumber string          `json:"accountNumber"`
	Amount        int64           `json:"amount"`
	ProductCode   json.RawMessage `json:"productCode,omitempty"`
	MobileNumber  string          `json:"mobileNumber,omitempty"`
}

type handAnswer struct {
	ResponseCode    *int        `json:"responseCode"`
	ResponseMessage string      `json:"responseMessage"`
	Reference       string      `json:"reference"`
	TransactionID   json.Number `json:"transactionId"`
	TransactionDate string      `json:"transactionDate"`
	Amount          int64       `json:"amount"`
}

func (a handAnswer) envelope() handAnswer { return a }

type handSale struct {
	handAnswer
	RechargeDetails struct {
		RechargeType   string `json:"rechargeType"`
		CallCentre     string `json:"callCentre"`
		RechargeVendor string `json:"rechargeVendor"`
	} `json:"rechargeDetails"`
}

type handVoucher struct {
	handAnswer
	Voucher struct {
		Amount         int64  `json:"amount"`
		ExpiryDate     string `json:"expiryDate"`
		RedemptionDate string `json:"redemptionDate"`
		PIN            string `json:"pin"`
		SerialNumber   string `json:"serialNumber"`
		Barcode        string `json:"barcode"`
		Status         string `json:"status"`
		Content        struct {
			RedemptionInstructions string `json:"redemptionInstructions"`
			TermsAndConditions     string `json:"termsAndConditions"`
		} `json:"content"`
	} `json:"voucher"`
}

func handCall[T interface{ envelope() handAnswer }](ctx context.Context, h *hand, op Op, r handRequest) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, 25*time.Second)
	defer cancel()
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base+apiPath+string(op), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := h.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	var answer T
	if err := json.Unmarshal(read, &answer); err != nil {
		return nil, err
	}
	e := answer.envelope()
	if resp.StatusCode/100 != 2 || e.ResponseCode == nil || *e.ResponseCode != 0 || e.Reference != r.Reference {
		return nil, fmt.Errorf("HTTP %d, %s", resp.StatusCode, e.ResponseMessage)
	}
	return &answer, nil
}

// startHost runs the benchmarks' host in a process of its own.
func startHost(b *testing.B) (base string) {
	b.Helper()
	host := exec.CommandContext(b.Context(), os.Args[0])
	host.Env = append(os.Environ(), hostMode+"=1")
	in, err := host.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := host.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := host.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = host.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// cost is what a number of calls cost this process.
type cost struct{ cpu, wall, allocs, bytes float64 }

// measure makes calls from so many goroutines and gives the cost of one.
func measure(b *testing.B, calls, goroutines int, call func(context.Context) error) cost {
	b.Helper()
	runtime.GC() // what others left is not theirs to clear up
	var before, after runtime.MemStats
	var left atomic.Int64
	left.Store(int64(calls))
	runtime.ReadMemStats(&before)
	cpu, start := processTime(b), time.Now()
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	wall := time.Since(start)
	cpu = processTime(b) - cpu
	runtime.ReadMemStats(&after)
	n := float64(calls)
	return cost{
		cpu: float64(cpu.Nanoseconds()) / 1e3 / n, wall: float64(wall.Nanoseconds()) / 1e3 / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n, bytes: float64(after.TotalAlloc-before.TotalAlloc) / n,
	}
}

// processTime is the CPU time of this process, in itself and in the kernel.
func processTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOverhead compares a typed call with the same call written by hand,
// over the same pool of connections to a host in another process. One round
// measures both, one after the other, in changing order; what is reported is the
// median of all rounds, for one call: microseconds of this process's CPU and of
// wall time, allocations and bytes. cpu-ratio is the median of the rounds'
// ratios.
func BenchmarkOverhead(b *testing.B) {
	base := startHost(b)
	c, err := New(Options{
		BaseURL: base, APIKey: secret.New(testKey), AccountNumber: "1000200030004000", Rate: 1e9, Burst: 1e9,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	h := &hand{http: &http.Client{Transport: c.owned}, base: base, token: testToken}

	for _, what := range []struct {
		name          string
		byHand, typed func(context.Context) error
	}{
		{"recharge", func(ctx context.Context) error {
			s, err := handCall[handSale](ctx, h, OpPinlessPurchase, handRequest{
				Reference: testRef, AccountNumber: "1000200030004000", Amount: 10_00, ProductCode: json.RawMessage("101"), MobileNumber: "27821234567",
			})
			if err == nil && s.RechargeDetails.CallCentre != "082 111" {
				err = fmt.Errorf("read %+v", s)
			}
			return err
		}, func(ctx context.Context) error {
			s, err := c.PurchasePinless(ctx, tenRand(), First)
			if err == nil && s.CallCentre != "082 111" {
				err = fmt.Errorf("read %+v", s)
			}
			return err
		}},
		{"voucher", func(ctx context.Context) error {
			v, err := handCall[handVoucher](ctx, h, OpVoucherPurchase, handRequest{
				Reference: testRef, AccountNumber: "1000200030004000", Amount: 10_00,
			})
			if err == nil && v.Voucher.PIN != testPIN {
				err = fmt.Errorf("read %+v", v)
			}
			return err
		}, func(ctx context.Context) error {
			v, err := c.PurchaseVoucher(ctx, VoucherPurchase{Reference: testRef, Amount: 10_00}, First)
			if err == nil && v.Voucher.PIN.Reveal() != testPIN {
				err = fmt.Errorf("read %+v", v)
			}
			return err
		}},
	} {
		for _, goroutines := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/goroutines=%d", what.name, goroutines), func(b *testing.B) {
				const calls = 2000
				measure(b, calls/10, goroutines, what.byHand) // opens the connections
				measure(b, calls/10, goroutines, what.typed)
				var byHand, typed []cost
				for b.Loop() {
					if len(typed)%2 == 0 {
						byHand = append(byHand, measure(b, calls, goroutines, what.byHand))
						typed = append(typed, measure(b, calls, goroutines, what.typed))
					} else {
						typed = append(typed, measure(b, calls, goroutines, what.typed))
						byHand = append(byHand, measure(b, calls, goroutines, what.byHand))
					}
				}
				ratios := make([]float64, len(typed))
				for i := range typed {
					ratios[i] = typed[i].cpu / byHand[i].cpu
				}
				b.ReportMetric(0, "ns/op") // a round, which says nothing
				b.ReportMetric(median(ratios), "cpu-ratio")
				for name, costs := range map[string][]cost{"hand": byHand, "client": typed} {
					b.ReportMetric(medianOf(costs, func(c cost) float64 { return c.cpu }), name+"-cpu-us/call")
					b.ReportMetric(medianOf(costs, func(c cost) float64 { return c.wall }), name+"-us/call")
					b.ReportMetric(medianOf(costs, func(c cost) float64 { return c.allocs }), name+"-allocs/call")
					b.ReportMetric(medianOf(costs, func(c cost) float64 { return c.bytes }), name+"-B/call")
				}
			})
		}
	}
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

func medianOf(costs []cost, pick func(cost) float64) float64 {
	of := make([]float64, len(costs))
	for i, c := range costs {
		of[i] = pick(c)
	}
	return median(of)
}
