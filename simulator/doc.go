// Package simulator is what every simulated host has, whatever it simulates: the
// control endpoint's guard, the faults that are switched on there, the ways to
// spoil an answer, the frame of the page for people, and a meter's check digit.
//
// What a host says, sells and counts, which faults it knows by which number, and
// how it lets a caller in are its own and not here: two hosts are alike in that
// only by chance. Nothing here may be shared with a client of any host, for a
// client is judged by these very answers.
package simulator
