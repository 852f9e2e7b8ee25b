package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/telemetry"
	"spaza/vend"
)

// list is a catalogue that can be away.
type list struct{ away bool }

func (l *list) Products(context.Context) ([]vend.Product, error) {
	if l.away {
		return nil, errors.New("the list is away")
	}
	return []vend.Product{{Code: "1", Kind: vend.KindAirtime, Network: "mtn", Vendor: "MTN", Min: 5_00, Max: 10_00}}, nil
}

func TestTheLogSaysHowOldTheCatalogueIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := &list{away: true}
		a := &app{log: telemetry.NewLogger(&log, telemetry.LogOptions{}), shelf: vend.NewShelf(l, vend.ShelfOptions{})}
		if again := a.restock(t.Context(), time.Second); again != shelfRetry || !strings.Contains(log.String(), " age=none") {
			t.Errorf("when there has never been one, again in %s: %s", again, log.String())
		}
		log.Reset()
		l.away = false
		if again := a.restock(t.Context(), time.Second); again != shelfFresh || log.Len() > 0 {
			t.Errorf("again in %s: %s", again, log.String())
		}
		time.Sleep(3 * time.Minute)
		l.away = true
		if again := a.restock(t.Context(), time.Second); again != shelfRetry || !strings.Contains(log.String(), " age=3m0s") {
			t.Errorf("when there is one, again in %s: %s", again, log.String())
		}
	})
}
