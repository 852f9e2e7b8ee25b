// Package burst measures what happens when many customers write at once: how fast
// a chat's webhooks are acknowledged while what they brought is worked on, beside a
// bare handler of the same framework that does nothing.
//
// The service is whole from the listener to the chat API, but for the shop: the
// real server, doors, intake, store, runner and engine, with a book of one
// question. The customers, the chat APIs and the service share one process, so
// what the load itself costs is in the numbers of both.
//
// Run it with go test -run '^$' -bench . ./test/burst.
package burst
