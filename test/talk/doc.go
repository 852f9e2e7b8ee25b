// Package talk plays conversations that are written down as people read them
// aloud, and compares what the phone shows with what is written.
//
// It exists so that a product person can read, judge and change what is said,
// and so that every rule of a conversation has a test that looks like the
// conversation. A transcript is a text file:
//
//	# A customer looks at the balance
//	dial
//	| Spaza. What do you need?
//	| 1 Buy airtime
//	| 2 My balance
//	> 2
//	| You have R50.
//	= end
//
// "> 2" is what the customer types, "|" what the phone shows, "=" what is worth
// knowing besides ("end": the conversation is over). Every other line is a
// comment (#), empty, or a verb. The verbs are:
//
//	dial            dial the code, in a new session
//	dial 1*2        dial it with answers behind it
//	> 20            type 20; ">" alone types nothing
//	lean 5 200      the key 5 typed 200 times as one answer
//	again           the gateway repeats the last callback; the answer must be
//	                the same, letter by letter
//	retry           it repeats it, and the answer may differ: it is shown
//	lost 1          type 1 and lose the network before the answer comes
//	drop            lose the network; nobody is told
//	hangup          hang up; the service is told
//	wait 6m         the clock moves
//	screens 5       there were as many screens since the dial
//	network mtn     what the gateway says of the network from now on; "network"
//	                alone: it says nothing
//	caps 160        the room of a screen in septets; 0: no limit
//	phone 278...    another phone, which remembers its own session
//
// and those that the caller adds for what lies behind the book.
//
// The life of a transcript: a new World is made for it; every turn is handled
// by a new engine, so that all it knows was saved and read back; typed text is
// sent cumulatively, as a gateway does; then the lines that belong under each
// verb are made and compared with the file, or written into it.
//
// Time stands still unless it is waited for: a transcript is played inside a
// synctest bubble. The package must not know products, money or gateways.
package talk
