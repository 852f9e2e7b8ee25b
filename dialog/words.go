package dialog

// The keys of the few texts that the engine says itself. A catalogue has all of
// them.
const (
	KeyBack      = "nav.back"       // the word beside 0
	KeyHome      = "nav.home"       // the word beside 00
	KeyMore      = "nav.more"       // the word beside 9
	KeyResume    = "resume.prompt"  // {what}: go on where the last session broke off?
	KeyResumeGo  = "resume.go"      // option: go on
	KeyResumeNew = "resume.restart" // option: start again
	KeyPick      = "again.pick"     // {n}: that was no number of the list of n
	KeyOnlyBack  = "again.back"     // the same where there is no list
	KeyStopped   = "again.end"      // three answers were not understood
	KeyTooLong   = "again.limit"    // too many turns
	KeyConflict  = "conflict"       // the callback contradicts what came before
	KeyBusy      = "busy"           // sessions can not be kept right now; nothing was done
	KeyBroken    = "broken"         // a defect on our side; nothing was done
	KeyUnsure    = "unsure"         // an effect did not come to an end; dial again to see
	KeyStale     = "stale"          // what was tapped is of a conversation that is over; in a chat only
)

// own is the key of a text that tells what to do next: nobody dials in a chat, which
// has a wording of its own, of KeyStopped, KeyTooLong, KeyBusy, KeyBroken, KeyUnsure
// and KeyConflict.
func own(chat bool, key string) string {
	if chat {
		return key + ".chat"
	}
	return key
}

// The digits that mean the same on every screen.
const (
	digitBack = "0"
	digitHome = "00"
	digitMore = "9"
)
