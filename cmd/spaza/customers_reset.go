package main

import (
	"context"
	"errors"
	"fmt"

	"spaza/msisdn"
	"spaza/vend"
)

type customersResetCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Deed   `embed:""`
}

// Run takes a customer's wallet PIN away.
func (r customersResetCommand) Run(ctx context.Context, c console) error {
	return actOn(ctx, c, r.Deed, r.MSISDN, func(d *desk, p person, by, why string) error {
		err := d.do(ctx, by, "reset wallet PIN of "+p.named(), why, func() error { return d.till().ResetPIN(ctx, p.number, by, why) })
		if errors.Is(err, vend.ErrPINNotSet) {
			return fmt.Errorf("%s has no wallet PIN", msisdn.Local(p.number))
		} else if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "The wallet PIN of %s is gone, and with it its lock.\n", msisdn.Local(p.number))
		next := "They can set another from the menu. Until then nothing asks for one."
		if d.cfg.pinPolicy() == vend.PINRequired {
			next = "They must set another before they can spend anything."
		}
		_, err = fmt.Fprintln(c.out, next)
		return err
	})
}
