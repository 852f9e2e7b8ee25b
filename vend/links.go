package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
)

// JobLinked tells a customer, by SMS to their number and nowhere else, that a chat
// was linked to it, or is linked no more; see Service.Linked.
const JobLinked jobs.Kind = "linked"

// LinkHow is what a link stands on.
type LinkHow string

// What links stand on. There is nothing else.
const (
	LinkByCode  LinkHow = "code"    // a code that was sent to the number by SMS
	LinkVouched LinkHow = "vouched" // the surface itself knows the number
)

// LinkEnded is what is kept of a link that was stopped: it stands on nothing any
// more, and the word of the surface does not make it again.
const LinkEnded LinkHow = "ended"

// Link says that a person in a chat is a customer, or was and may not be again
// without a code (LinkEnded). One person is one customer at most; a customer may be
// in many chats.
type Link struct {
	Channel, User string // the surface, and its name for the person
	Customer      string // by id
	How           LinkHow
	LinkedAt      time.Time
	SeenAt        time.Time // when they last wrote; up to ten minutes behind
}

// Linked is a link as Store.Linked reads it: with its customer, and when that one
// asked for the newest order but for reversals; zero for never.
type Linked struct {
	Link      Link
	Customer  Customer
	LastOrder time.Time
}

// Person is where a customer can be written to in a chat.
type Person struct {
	User   string    // the surface's name for them
	Number string    // MSISDN of 11 digits
	Seen   time.Time // when they last wrote; up to ten minutes behind
}

const (
	// seenEvery is how often at most it is written that somebody wrote.
	seenEvery = 10 * time.Minute
	// linksFor is how long a link is kept that nobody uses.
	linksFor = 2 * 365 * 24 * time.Hour
)

var (
	// ErrNoLink is returned where somebody is to be unlinked who is not linked.
	ErrNoLink = errors.New("no such link")
	// ErrNobody is returned for a message to somebody who is gone meanwhile.
	ErrNobody = errors.New("nobody to tell")
)

// Meet says who a person in a chat is: the number of the customer to whom they are
// linked, or "" for one who has to prove a number first, by SendCode and CheckCode.
// It is one read, and writes at most every ten minutes.
//
// vouched is the number that the surface itself knows to be theirs, where it does:
// they are linked to it at once, and to no other any more; but not where that link
// was stopped, and a code has to be sent. Neither it nor an older link counts for a
// wallet that is idle (see Options.IdleAfter): a code has to be
// sent first, and Caller then says that the wallet is idle still.
func (s *Service) Meet(ctx context.Context, channel, user, vouched string) (msisdn string, err error) {
	if err := named(channel, user); err != nil {
		return "", err
	}
	l, err := s.store.Linked(ctx, channel, user)
	if err != nil {
		return "", fmt.Errorf("meet: %w", err)
	}
	now := s.opt.Now()
	known := l.Link.Customer != "" && l.Customer.Reachable()
	switch {
	case known && l.Link.How == LinkEnded && (vouched == "" || vouched == l.Customer.MSISDN):
		return "", nil
	case known && (vouched == "" || vouched == l.Customer.MSISDN):
		idle := s.idle(l.Customer, l.LastOrder, now)
		if idle && !s.provedSince(l, now) {
			return "", nil
		}
		s.seen(ctx, l.Link, !idle, now)
		return l.Customer.MSISDN, nil
	case vouched == "":
		return "", nil
	}
	msisdn, err = s.vouch(ctx, Link{Channel: channel, User: user, How: LinkVouched, LinkedAt: now, SeenAt: now}, vouched)
	if err != nil {
		return "", fmt.Errorf("meet: %w", err)
	}
	return msisdn, nil
}

// provedSince says that the person of a link has proved the number since its wallet
// fell idle.
func (s *Service) provedSince(l Linked, now time.Time) bool {
	at := l.Link.LinkedAt
	return l.Link.How == LinkByCode && !at.Before(lastUse(l.Customer, l.LastOrder).Add(s.opt.IdleAfter)) && now.Sub(at) < s.opt.IdleAfter
}

// seen writes that somebody wrote, from time to time; in a chat of a wallet that
// is alive, that is a use of it. Nobody is kept from going on when it fails.
func (s *Service) seen(ctx context.Context, l Link, alive bool, now time.Time) {
	if now.Sub(l.SeenAt) < seenEvery {
		return
	}
	l.SeenAt = now
	err := s.store.InTx(ctx, func(tx Tx) error {
		if alive {
			if err := tx.UseCustomer(l.Customer, now); err != nil {
				return err
			}
		}
		return tx.SeeLink(l)
	})
	if err != nil {
		s.opt.Logger.Warn("write that a customer was seen", "channel", l.Channel, "err", err)
	}
}

// vouch links a person to the number that their surface knows. Another number's
// link ends, also when the new one's wallet is idle: it is not theirs any more.
func (s *Service) vouch(ctx context.Context, l Link, number string) (msisdn string, err error) {
	if !isNumber(number) {
		return "", errors.New("the surface vouches for what is no number")
	}
	newID := NewCustomerID()
	err = s.store.InTx(ctx, func(tx Tx) error {
		msisdn = ""
		c, err := tx.EnsureCustomer(number, newID, l.LinkedAt)
		if err != nil {
			return err
		}
		idle, err := s.idleIn(tx, c, "", l.LinkedAt)
		switch {
		case err != nil:
			return err
		case idle:
			_, err := unlinkOther(tx, c, l)
			return err
		}
		msisdn = number
		return linkTo(tx, c, c.ID == newID, l)
	})
	if err == nil {
		s.runner.Wake()
	}
	return msisdn, err
}

// linkTo links a person to a customer and tells whom it concerns; one who was made
// just now has nothing yet to be told of. It is a use of the wallet: the caller has
// seen to it that it may be one.
func linkTo(tx Tx, c Customer, made bool, l Link) error {
	l.Customer = c.ID
	if err := tx.UseCustomer(c.ID, l.LinkedAt); err != nil {
		return err
	}
	return putLink(tx, c, made, l)
}

// putLink is linkTo without a use of the wallet.
func putLink(tx Tx, c Customer, made bool, l Link) error {
	l.Customer = c.ID
	was, err := unlinkOther(tx, c, l)
	if err != nil {
		return err
	}
	if err := tx.SaveLink(l); err != nil || made || was.Customer == c.ID && was.How != LinkEnded {
		return err
	}
	return addLinked(tx, l, linkMade, l.LinkedAt)
}

// unlinkOther ends a person's link to anybody but c, and returns what link they
// had.
func unlinkOther(tx Tx, c Customer, l Link) (was Link, err error) {
	was, err = tx.Link(l.Channel, l.User)
	if err != nil || was.Customer == "" || was.Customer == c.ID {
		return was, err
	}
	if _, err := tx.DropLink(was); err != nil || was.How == LinkEnded {
		return was, err
	}
	return was, addLinked(tx, was, linkEnded, l.LinkedAt)
}

// endLink stops a link, of which so much is kept that only a code makes it again,
// and tells the customer. It says whether there was one.
func endLink(tx Tx, l Link, now time.Time) (ended bool, err error) {
	was, err := tx.Link(l.Channel, l.User)
	if err != nil || was.Customer != l.Customer || was.How == LinkEnded {
		return false, err
	}
	was.How, was.LinkedAt, was.SeenAt = LinkEnded, now, now
	if err := tx.SaveLink(was); err != nil {
		return false, err
	}
	return true, addLinked(tx, was, linkEnded, now)
}

// standing are the links that were not stopped.
func (s *Service) standing(ctx context.Context, customer string) ([]Link, error) {
	all, err := s.store.Links(ctx, customer)
	return slices.DeleteFunc(all, func(l Link) bool { return l.How == LinkEnded }), err
}

// Links lists the chats that are linked to a number, the last used first. ErrIdle
// where its wallet is idle.
func (s *Service) Links(ctx context.Context, msisdn string) ([]Link, error) {
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil || c.ID == "" {
		return nil, err
	}
	if err := s.awake(ctx, c); err != nil {
		return nil, err
	}
	return s.standing(ctx, c.ID)
}

// Unlink ends the link of a person to a number, and tells the customer: until the
// person proves the number by a code they are nobody, also where the surface vouches
// for it. ErrNoLink where there is none; ErrIdle where the wallet is idle.
func (s *Service) Unlink(ctx context.Context, msisdn, channel, user string) error {
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return fmt.Errorf("unlink: %w", err)
	}
	if c.ID == "" {
		return ErrNoLink
	}
	now := s.opt.Now()
	l := Link{Channel: channel, User: user, Customer: c.ID}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if err := s.awakeIn(tx, c, now); err != nil {
			return err
		}
		ended, err := endLink(tx, l, now)
		if err == nil && !ended {
			err = ErrNoLink
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("unlink: %w", err)
	}
	s.runner.Wake()
	return nil
}

// UnlinkAll ends all links to a number and tells the customer, for the operator,
// such as when a phone was stolen. It says how many there were; ErrNoCustomer where
// there is no wallet.
func (s *Service) UnlinkAll(ctx context.Context, msisdn, by, why string) (n int, err error) {
	if by == "" || why == "" {
		return 0, errors.New("unlink: who does it, and why, is required")
	}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return 0, fmt.Errorf("unlink: %w", err)
	}
	if c.ID == "" {
		return 0, ErrNoCustomer
	}
	all, err := s.standing(ctx, c.ID)
	if err != nil {
		return 0, fmt.Errorf("unlink: %w", err)
	}
	now := s.opt.Now()
	err = s.store.InTx(ctx, func(tx Tx) error {
		n = 0
		for _, l := range all {
			ended, err := endLink(tx, l, now)
			if err != nil {
				return err
			}
			if ended {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("unlink: %w", err)
	}
	s.opt.Logger.Info("chats unlinked", "by", by, "chats", n)
	s.runner.Wake()
	return n, nil
}

// Where says where a customer (by id) can be written to on a channel: to whom of
// theirs wrote there last. Nowhere, where the wallet is idle: who wrote may have
// another number by now.
func (s *Service) Where(ctx context.Context, customer, channel string) (Person, bool, error) {
	all, err := s.standing(ctx, customer)
	if err != nil {
		return Person{}, false, fmt.Errorf("find customer in chat: %w", err)
	}
	for _, l := range all {
		if l.Channel != channel {
			continue
		}
		there, err := s.store.Linked(ctx, l.Channel, l.User)
		if err != nil {
			return Person{}, false, fmt.Errorf("find customer in chat: %w", err)
		}
		if there.Link.Customer != customer || there.Link.How == LinkEnded || !there.Customer.Reachable() || s.idle(there.Customer, there.LastOrder, s.opt.Now()) {
			return Person{}, false, nil
		}
		return Person{User: l.User, Number: there.Customer.MSISDN, Seen: there.Link.SeenAt}, true, nil
	}
	return Person{}, false, nil
}

// LinkNews is what a JobLinked tells.
type LinkNews struct {
	MSISDN, Language string // whom
	Channel          string // which chat
	Ended            bool   // it is linked no more
}

// What a JobLinked tells of, as its data begins.
const linkMade, linkEnded = "made", "ended"

// addLinked adds the message that a link was made or ended.
func addLinked(tx Tx, l Link, event string, now time.Time) error {
	_, err := tx.AddJob(jobs.Job{
		Kind: JobLinked, Key: l.Customer + "/" + l.Channel + "/" + event, Data: event + " " + l.Channel, RunAt: now,
		Lane: noticeLane(l.Customer), Until: now.Add(noticeFor),
	})
	return err
}

// Linked reads what a JobLinked tells, and whom; ErrNobody when they are gone.
func (s *Service) Linked(ctx context.Context, j jobs.Job) (LinkNews, error) {
	id, _, _ := strings.Cut(j.Key, "/")
	event, channel, _ := strings.Cut(j.Data, " ")
	var c Customer
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		c, err = tx.CustomerByID(id)
		return err
	})
	switch {
	case err != nil:
		return LinkNews{}, fmt.Errorf("read whom to tell of a link: %w", err)
	case c.ID == "" || !c.Reachable():
		return LinkNews{}, ErrNobody
	}
	return LinkNews{MSISDN: c.MSISDN, Language: c.Language, Channel: channel, Ended: event == linkEnded}, nil
}

// named says that a person in a chat has no name that can be kept.
func named(channel, user string) error {
	const most = 200 // bytes
	if channel == "" || user == "" || len(channel) > most || len(user) > most {
		return errors.New("a person in a chat without a name, or with too long a one")
	}
	return nil
}

// isNumber says that a text is a number to which something can be sent.
func isNumber(msisdn string) bool {
	const digits = 11
	return len(msisdn) == digits && strings.Trim(msisdn, "0123456789") == ""
}
