package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"spaza/ledger"
)

// Regular is a number, meter or account that a customer has bought for, or
// saved under a name.
type Regular struct {
	Kind     Kind
	Product  string       // code of the product bought last; empty where nothing was bought
	Label    string       // vendor, as people read it; likewise
	Target   string       // as in Order
	Nickname string       // the customer's own name for it; empty where there is none
	Amount   ledger.Cents // of the last purchase
	At       time.Time    // of the last purchase; where there was none, of its naming
}

// SavedRegular is what is kept of one beside the orders.
type SavedRegular struct {
	Kind        Kind
	Target      string
	Nickname    string    // empty: it has none
	NamedAt     time.Time // zero: it has none
	ForgottenAt time.Time // purchases until then do not count; zero: all do
}

const (
	// NicknameMost is how many characters a nickname may have.
	NicknameMost = 20
	// RegularOrders is how many of a customer's newest orders, of any kind, are
	// looked through for regulars, at every dial: who sells airtime to others has
	// tens of thousands. What was bought before them is named or bought again.
	RegularOrders = 500
	// targetMost bounds, in bytes, for what somebody can buy.
	targetMost = 64
)

// ErrNickname is returned for a nickname that is too long, or is no text of one
// line.
var ErrNickname = errors.New("not a nickname")

// Regulars lists what a customer has bought for, or saved under a name, of these
// kinds (none given: of all), the newest first, n at most; each target of a kind
// once. A purchase counts when it happened and stands, also while its goods are
// owed, was not forgotten since, and is among the customer's newest RegularOrders
// orders. ErrIdle where the wallet is idle.
func (s *Service) Regulars(ctx context.Context, msisdn string, n int, kinds ...Kind) ([]Regular, error) {
	if n <= 0 {
		return nil, nil
	}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil || c.ID == "" {
		return nil, err
	}
	if err := s.awake(ctx, c); err != nil {
		return nil, err
	}
	if len(kinds) == 0 {
		kinds = slices.DeleteFunc(Kinds(), func(k Kind) bool { return !k.Bought() })
	}
	bought, err := s.store.Regulars(ctx, c.ID, kinds)
	if err != nil {
		return nil, err
	}
	saved, err := s.store.SavedRegulars(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	saved = slices.DeleteFunc(saved, func(r SavedRegular) bool { return !slices.Contains(kinds, r.Kind) })
	all := regulars(bought, saved)
	return all[:min(n, len(all))], nil
}

// regulars brings together what was bought last for each target and what is kept
// beside.
func regulars(bought []Regular, saved []SavedRegular) []Regular {
	type key struct {
		k      Kind
		target string
	}
	kept := map[key]SavedRegular{}
	for _, r := range saved {
		kept[key{r.Kind, r.Target}] = r
	}
	var all []Regular
	for _, r := range bought {
		at := key{r.Kind, r.Target}
		if k := kept[at]; r.At.After(k.ForgottenAt) {
			r.Nickname = k.Nickname
			all = append(all, r)
			delete(kept, at)
		}
	}
	for _, k := range kept {
		if k.Nickname != "" {
			all = append(all, Regular{Kind: k.Kind, Target: k.Target, Nickname: k.Nickname, At: k.NamedAt})
		}
	}
	slices.SortFunc(all, func(a, b Regular) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind)+" "+a.Target, string(b.Kind)+" "+b.Target)
	})
	return all
}

// NameRegular gives a target a name of the customer's own, before the first
// purchase for it too; "" takes the name away. ErrNickname for one that is too
// long or has control characters; blanks around it do not count.
func (s *Service) NameRegular(ctx context.Context, msisdn string, k Kind, target, nickname string) error {
	nickname = strings.TrimSpace(nickname)
	if !utf8.ValidString(nickname) || utf8.RuneCountInString(nickname) > NicknameMost || strings.ContainsFunc(nickname, notInALine) {
		return ErrNickname
	}
	return s.keepRegular(ctx, msisdn, k, target, func(tx Tx, c Customer, r SavedRegular, now time.Time) (SavedRegular, error) {
		r.Nickname, r.NamedAt = nickname, now
		if nickname == "" {
			r.NamedAt = time.Time{}
		}
		return r, nil
	})
}

// notInALine says that a character moves what stands beside it, or cannot be
// seen.
func notInALine(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}

// ForgetRegular takes a target off a customer's list, with its name. The orders
// stay; the next purchase for it puts it back.
func (s *Service) ForgetRegular(ctx context.Context, msisdn string, k Kind, target string) error {
	return s.keepRegular(ctx, msisdn, k, target, func(tx Tx, c Customer, r SavedRegular, now time.Time) (SavedRegular, error) {
		r = SavedRegular{Kind: k, Target: target}
		had, err := tx.BoughtFor(c.ID, k, target)
		if had {
			r.ForgottenAt = now
		}
		return r, err
	})
}

// keepRegular changes what is kept of a target.
func (s *Service) keepRegular(ctx context.Context, msisdn string, k Kind, target string, change func(Tx, Customer, SavedRegular, time.Time) (SavedRegular, error)) error {
	if !k.Bought() || target == "" || target == ErasedTarget || len(target) > targetMost || strings.ContainsFunc(target, unicode.IsControl) || !utf8.ValidString(target) {
		return fmt.Errorf("keep regular: nothing is bought for that: %s of %d characters", k, utf8.RuneCountInString(target))
	}
	now, newID := s.opt.Now(), NewCustomerID()
	err := s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		if err := s.awakeIn(tx, c, now); err != nil {
			return err
		}
		r, err := tx.SavedRegular(c.ID, k, target)
		if err != nil {
			return err
		}
		if r, err = change(tx, c, r, now); err != nil {
			return err
		}
		return tx.SaveRegular(c.ID, r)
	})
	if err != nil {
		return fmt.Errorf("keep regular: %w", err)
	}
	return nil
}
