package electrumapi

import (
	"fmt"
	"testing"

	"spaza/secret"
)

func TestABillAddsUpOrIsNotShown(t *testing.T) {
	const (
		token = `"tokens":[{"tokenType":"STD","token":"1","amount":{"amount":%s}}]`
		debt  = `"debtRecoveryCharges":[{"amount":{"amount":2000,"tax":300}}]`
		fee   = `"serviceCharges":[{"amount":{"amount":700,"tax":100}}]`
	)
	for name, c := range map[string]struct {
		body string
		want Bill
	}{
		"all of it":            {boughtTokens, Bill{6000, 1300, 2000, 700, true}},
		"tokens and tax":       {`{` + fmt.Sprintf(token, `8600,"tax":1400`) + `}`, Bill{8600, 1400, 0, 0, true}},
		"no tax told":          {`{` + fmt.Sprintf(token, `10000`) + `}`, Bill{10000, 0, 0, 0, true}},
		"the total of tax":     {`{"taxTotal":{"amount":1400},` + fmt.Sprintf(token, `8600`) + `}`, Bill{8600, 1400, 0, 0, true}},
		"the total of tokens":  {`{"purchaseTotal":{"amount":6900},` + fmt.Sprintf(token, `"much"`) + `,"taxTotal":{"amount":400},` + debt + `,` + fee + `}`, Bill{6900, 400, 2000, 700, true}},
		"totals that disagree": {`{"purchaseTotal":{"amount":1},"taxTotal":{"amount":2},` + fmt.Sprintf(token, `8600,"tax":1400`) + `}`, Bill{8600, 1400, 0, 0, true}},
		"given back":           {`{"tokens":[{"tokenType":"STD","token":"1","amount":{"amount":8600,"tax":1400}},{"tokenType":"REFUND","token":"2","amount":{"amount":10000,"tax":0}}]}`, Bill{8600, 1400, 0, 0, true}},
		"too little":           {`{` + fmt.Sprintf(token, `9999`) + `}`, Bill{}},
		"another currency":     {`{` + fmt.Sprintf(token, `10000,"currency":"840"`) + `}`, Bill{}},
		"negative":             {`{` + fmt.Sprintf(token, `11000,"tax":-1000`) + `}`, Bill{}},
		"negative debt":        {`{` + fmt.Sprintf(token, `11000`) + `,"serviceCharges":[{"amount":{"amount":-1000}}]}`, Bill{}},
		"a charge of nothing":  {`{` + fmt.Sprintf(token, `10000`) + `,"serviceCharges":[{"description":"?"}]}`, Bill{}},
		"a lost token":         {`{"tokens":[{"tokenType":"STD","token":"1","amount":{"amount":10000}},7]}`, Bill{}},
		"an overflow":          {`{` + fmt.Sprintf(token, `9223372036854775807,"tax":9223372036854775807`) + `,` + debt + `}`, Bill{}},
		"only a slip":          {`{"slipData":{"messageLines":[{"text":"R100.00"}]}}`, Bill{}},
	} {
		r, err := ReadTokenPurchase(secret.New(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Bill(100_00); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
