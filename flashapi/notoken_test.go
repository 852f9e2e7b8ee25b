package flashapi

import (
	"strings"
	"testing"
)

func TestWhatStandsInThePlaceOfATokenIsNone(t *testing.T) {
	s := specimensOf(OpUtilityPurchase)[0]
	for _, token := range []string{`"pending"`, `"********************"`, `"0"`, `0`, `"null"`, `false`, `"N/A"`, `"XXXX XXXX XXXX XXXX 0988"`} {
		v := Judge(s.message(), answered(200, strings.Replace(s.good, `"`+lightToken+`"`, token, 1)), First)
		if !v.Owed || v.Settled != Open {
			t.Errorf("token %s: %+v", token, v)
		}
	}
}
