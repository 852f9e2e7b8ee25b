package vend

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/secret"
)

// JobCode sends a code by SMS; see Service.Code. Its key is the code's id.
const JobCode jobs.Kind = "code"

const (
	codeDigits = 6
	codeTries  = 3
	codeFor    = 10 * time.Minute
	// codesHour and codesDay are how many codes a number may be sent, and a
	// person may ask for; codesWrong how many wrong ones a person may enter in a
	// day.
	codesHour, codesDay, codesWrong = 3, 6, 10
	codeDay                         = 24 * time.Hour
)

var (
	// ErrCodeWrong is returned for a code that is not the one that was sent; it is
	// a *CodeError.
	ErrCodeWrong = errors.New("wrong code")
	// ErrCodeOver is returned where there is no code that could be right: none was
	// sent, another was sent since, its time is over or its tries are used up.
	ErrCodeOver = errors.New("code is over")
	// ErrNoCode is returned to whoever is to send a code that is not needed any
	// more.
	ErrNoCode = errors.New("no such code")
)

// CodeError is the ErrCodeWrong of one try.
type CodeError struct {
	Left int // tries that are left of this code
}

func (e *CodeError) Error() string { return fmt.Sprintf("%s: %d tries left", ErrCodeWrong, e.Left) }

// Is makes every CodeError an ErrCodeWrong.
func (*CodeError) Is(target error) bool { return target == ErrCodeWrong }

// Code is a code as it is stored: who it was sent for, to which number and what it
// is, as keyed hashes; and the number and the code, sealed.
type Code struct {
	ID      string
	Person  []byte
	Number  []byte
	Hash    []byte
	Sealed  []byte
	Tries   int // that were begun
	Expires time.Time
}

// CodeCount is what is counted of codes.
type CodeCount string

// What is counted of codes.
const (
	CodeToNumber  CodeCount = "number" // one was sent to this number
	CodeForPerson CodeCount = "person" // one was sent for this person
	CodeMissed    CodeCount = "wrong"  // this person entered a wrong one, or one of which that is not known yet
)

// SendCode sends a code to a number, by SMS, with which a person in a chat proves
// to have it. A new one takes the place of the one before. It says the same of
// every number. ErrTooOften when the number, the person or all of them together
// were sent too many lately: then nothing was sent.
func (s *Service) SendCode(ctx context.Context, channel, user, msisdn string) error {
	if err := named(channel, user); err != nil {
		return err
	}
	if !isNumber(msisdn) {
		return errors.New("send code: that is no number")
	}
	code, now := newCode(), s.opt.Now()
	c := Code{ID: string(appendRandom(nil, 20)), Person: s.personHash(channel, user), Number: NumberHash(s.seal, msisdn), Expires: now.Add(codeFor)}
	c.Hash = s.codeHash(c.ID, code)
	c.Sealed = s.seal.Seal(secret.New(msisdn+" "+code.Reveal()), codePurpose(c.ID))
	err := s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.LockCodes(c.Number, c.Person); err != nil {
			return err
		}
		if err := s.maySend(tx, c, now); err != nil {
			return err
		}
		if _, err := tx.CountCode(CodeToNumber, c.Number, now); err != nil {
			return err
		}
		if _, err := tx.CountCode(CodeForPerson, c.Person, now); err != nil {
			return err
		}
		if err := tx.SaveCode(c); err != nil {
			return err
		}
		_, err := tx.AddJob(jobs.Job{Kind: JobCode, Key: c.ID, RunAt: now, Lane: fmt.Sprintf("code %x", c.Number), Until: c.Expires})
		return err
	})
	if err != nil {
		return fmt.Errorf("send code: %w", err)
	}
	s.runner.Wake()
	return nil
}

// maySend returns ErrTooOften when enough codes were sent lately.
func (s *Service) maySend(tx Tx, c Code, now time.Time) error {
	for _, limit := range []struct {
		what CodeCount
		whom []byte // nil: all
		n    int
		in   time.Duration
	}{
		{CodeToNumber, c.Number, codesHour, time.Hour},
		{CodeToNumber, c.Number, codesDay, codeDay},
		{CodeForPerson, c.Person, codesHour, time.Hour},
		{CodeForPerson, c.Person, codesDay, codeDay},
		{CodeToNumber, nil, s.opt.CodesAll, time.Hour},
	} {
		n, err := tx.CodesCounted(limit.what, limit.whom, now.Add(-limit.in))
		switch {
		case err != nil:
			return err
		case n < limit.n:
		case limit.whom == nil:
			s.opt.Logger.Error("too many codes were asked for in an hour", "most", limit.n, "alert", true)
			return ErrTooOften
		default:
			return ErrTooOften
		}
	}
	return nil
}

// CheckCode links a person to the number to which the code was sent that they
// enter, and returns the number. Otherwise a *CodeError; ErrCodeOver where no code
// can be right; ErrTooOften for whoever entered ten wrong ones within a day. A try
// is counted before it is looked at, so that of many at once no more are than may
// be; also when it fails for another reason, as when ctx ends.
//
// Being linked gives nothing of a wallet that is idle: Caller says so.
func (s *Service) CheckCode(ctx context.Context, channel, user string, code secret.Text) (msisdn string, err error) {
	if err := named(channel, user); err != nil {
		return "", err
	}
	now := s.opt.Now()
	sent, miss, err := s.countCodeTry(ctx, s.personHash(channel, user), now)
	if err != nil {
		return "", fmt.Errorf("check code: %w", err)
	}
	if subtle.ConstantTimeCompare(sent.Hash, s.codeHash(sent.ID, code)) != 1 {
		return "", fmt.Errorf("check code: %w", &CodeError{Left: max(0, codeTries-sent.Tries)})
	}
	// What is known is written, also when the customer's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	msisdn, _, err = s.openCode(sent)
	if err == nil {
		err = s.linkByCode(ctx, Link{Channel: channel, User: user, How: LinkByCode, LinkedAt: now, SeenAt: now}, msisdn, sent, miss)
	}
	if err != nil {
		return "", fmt.Errorf("check code: %w", err)
	}
	s.runner.Wake()
	return msisdn, nil
}

// countCodeTry counts a try of a person, in a transaction of its own, as a wrong
// one: miss is its number.
func (s *Service) countCodeTry(ctx context.Context, person []byte, now time.Time) (c Code, miss int64, err error) {
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err := tx.LockCodes(person); err != nil {
			return err
		}
		switch n, err := tx.CodesCounted(CodeMissed, person, now.Add(-codeDay)); {
		case err != nil:
			return err
		case n >= codesWrong:
			return ErrTooOften
		}
		if c, err = tx.TryCode(person, codeTries, now); err != nil {
			return err
		}
		miss, err = tx.CountCode(CodeMissed, person, now)
		return err
	})
	return c, miss, err
}

// linkByCode writes that a code was right: it is used up, and the try was none.
func (s *Service) linkByCode(ctx context.Context, l Link, msisdn string, sent Code, miss int64) error {
	newID := NewCustomerID()
	return s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.EnsureCustomer(msisdn, newID, l.LinkedAt)
		if err != nil {
			return err
		}
		switch there, err := tx.DropCode(sent.Person, sent.ID); {
		case err != nil:
			return err
		case !there: // used, or another was sent
			return ErrCodeOver
		}
		if err := tx.UncountCode(miss); err != nil {
			return err
		}
		idle, err := s.idleIn(tx, c, "", l.LinkedAt)
		switch {
		case err != nil:
			return err
		case idle: // it proves the number, and not that the wallet is theirs
			return putLink(tx, c, false, l)
		}
		return linkTo(tx, c, c.ID == newID, l)
	})
}

// Code reads the code that a JobCode is to send, and to whom: language is the
// customer's, empty where there is none. ErrNoCode when it is not needed any more.
func (s *Service) Code(ctx context.Context, j jobs.Job) (msisdn, language string, code secret.Text, err error) {
	sent, err := s.store.CodeByID(ctx, j.Key)
	if err == nil && !s.opt.Now().Before(sent.Expires) {
		err = ErrNoCode
	}
	if err == nil {
		msisdn, code, err = s.openCode(sent)
	}
	var c Customer
	if err == nil {
		c, err = s.store.Customer(ctx, msisdn)
	}
	if err != nil {
		return "", "", secret.Text{}, fmt.Errorf("read code: %w", err)
	}
	return msisdn, c.Language, code, nil
}

func (s *Service) openCode(c Code) (msisdn string, code secret.Text, err error) {
	t, err := s.seal.Open(c.Sealed, codePurpose(c.ID))
	if err != nil {
		return "", secret.Text{}, fmt.Errorf("open code: %w", err)
	}
	msisdn, word, _ := strings.Cut(t.Reveal(), " ")
	return msisdn, secret.New(word), nil
}

func codePurpose(id string) string { return "code " + id }

// codeHash is what is compared of a code.
func (s *Service) codeHash(id string, code secret.Text) []byte {
	h := s.seal.Hash(codePurpose(id), strings.TrimSpace(code.Reveal()))
	return h[:]
}

// personHash is a person in a chat as codes are counted.
func (s *Service) personHash(channel, user string) []byte {
	h := s.seal.Hash("code person", channel+"\x00"+user)
	return h[:16]
}

// NumberHash is a number as codes that were sent to it are counted, and as it is
// found by of which a wallet was put aside.
func NumberHash(k Sealer, msisdn string) []byte {
	h := k.Hash("code number", msisdn)
	return h[:16]
}

// newCode draws a code. Of 64 random bits the remainder is even enough.
func newCode() secret.Text {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the process instead
	return secret.New(fmt.Sprintf("%0*d", codeDigits, binary.BigEndian.Uint64(b[:])%1_000_000))
}
