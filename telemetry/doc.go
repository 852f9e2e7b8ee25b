// Package telemetry is what an operator sees of the running service: log lines,
// metrics, health, and the admin listener that shows them.
//
// It exists so that a sale can be explained afterwards without anybody having
// been spied on. The life of one turn here: the wiring calls Metrics.Turn and
// TurnLog.Write once, when the reply is known. The first adds to counters whose
// label values come from code and are bounded in number; the second writes one
// line (channel, flow, keyed hash of the user, from, to, milliseconds,
// outcome). Whatever is logged, there or anywhere else, passes one redacting
// handler on its way out: secrets by type, by name and by shape, however deep
// they sit.
//
// The package must not know what a session, an order or a job is: numbers of
// them arrive through a function that the wiring gives.
package telemetry
