// Package secret holds the one type in which anything confidential travels:
// voucher PINs, tokens, wallet PINs, API keys, and the request bodies that
// contain them.
//
// It exists so that forgetting is safe. A Text printed, logged, marshalled,
// wrapped into an error or dumped by a debugger says "[secret]"; reading it
// takes a call to Reveal, which is easy to find in a review. What must be kept
// is sealed by a Keyring, and what must only be recognised again is hashed by
// it.
//
// Two kinds of key keep the operator's key replaceable. Data keys do the work:
// they are random, live in a table (the Vault), and what they sealed names them
// by number. The operator's key, which the configuration carries, does nothing
// but wrap data keys. To rotate it, the few rows of the table are wrapped again;
// to renew a data key, a row is added, and what was sealed before still opens.
// The one hashing key stays for ever: what was hashed must be recognised.
//
// The life of a key: OpenKeyring makes the first data keys, or reads those
// that are there, wraps them under the current key of the operator, and refuses
// to go on when one does not open. Renew adds one. Follow keeps a running
// Keyring at the newest, and Open looks for a key that it has not seen.
//
// The package knows nothing of what its secrets are for, nor of where data keys
// are kept.
package secret
