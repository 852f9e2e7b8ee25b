// Package whole runs the built service for tests of the whole: the binary as
// processes of its own, which can be killed, a database that is nobody else's,
// and a host that takes the text messages. It exists so that the tests which do
// so agree on how.
//
// The life of one test: Binary is built once for all tests of a package; a
// Process is made of it with its settings, started, awaited, killed and started
// again; Messages stand in for the messaging API, and outlive the kills.
//
// Nothing here takes a *testing.T where it may be called beside the test's own
// goroutine: what goes wrong comes back as an error. The package knows nothing of
// what is sold or said.
package whole
