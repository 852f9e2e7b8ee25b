package sandbox

// readVoucher sells a PIN in the older way (Airtime v5, provisionVoucher).
func (a airtime) readVoucher(f *fields, in *incoming) work {
	o := a.readOrder(f, in)
	f.inPath("requestId", in.PathValue("requestId"), "id", o.id)
	job := o.work
	job.deed = buys
	job.run = func(e *entry) (outcome, *refusal) {
		price, no := o.price()
		switch {
		case no != nil:
			return outcome{}, no
		case !o.article.pin:
			return outcome{}, &refusal{kind: typeProduct, message: "Not a voucher"}
		}
		electrum, provider := a.parties(o)
		answer := a.answer(f, o, price, electrum, provider)
		answer["responseProduct"] = answer["product"]
		delete(answer, "product")
		voucher := a.voucher()
		answer["voucher"] = voucher
		answer["slipData"] = slip(provider.reference, o.article.name, "Thank you")
		e.parties = namedParties(answer, electrum, provider)
		e.goods = voucher["serialNumber"]
		return outcome{body: answer, amount: price}, nil
	}
	return job
}

// readVoucherConfirmation takes a VoucherConfirmation, which names the voucher's
// serial number.
func readVoucherConfirmation(f *fields, in *incoming) work {
	job := readConfirmation(f, in)
	serial := ""
	if f.object("voucher", false) {
		serial = f.text("voucher.serialNumber", true, pattern(`[0-9a-zA-Z]{1,20}`))
	}
	f.voucherPaths(in, job)
	job.check = func(e *entry) *refusal {
		if is, _ := e.goods.(string); serial != "" && is != serial {
			return malformed(formatError{"voucher.serialNumber", "voucher.serialNumber is not that of the voucher", serial})
		}
		return nil
	}
	return job
}

// readVoucherReversal takes a BasicReversal of a voucher.
func readVoucherReversal(f *fields, in *incoming) work {
	job := readReversal(f, in)
	f.voucherPaths(in, job)
	return job
}

// voucherPaths checks the ids in the path of an advice.
func (f *fields) voucherPaths(in *incoming, job work) {
	f.inPath("requestId", in.PathValue("requestId"), "requestId", job.original)
	f.inPath("adviceId", in.PathValue("adviceId"), "id", job.id)
}
