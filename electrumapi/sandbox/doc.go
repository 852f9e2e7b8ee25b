// Package sandbox is an honest simulator of Electrum's interfaces: Airtime v5,
// Single Use Voucher v1 and Prepaid Utility v3. It checks what the documents say
// is checked, remembers every request by its id and refuses it the second time,
// takes exactly one of confirmation and reversal, moves a float, and can be told
// to fail in every way a real host does. It shares no code with the client, so
// that one misreading cannot hide another.
package sandbox
