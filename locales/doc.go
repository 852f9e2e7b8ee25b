// Package locales holds what customers are told, in their languages.
//
// It exists so that wording is one file per language, which a translator can
// read from top to bottom, and so that a text that is missing, torn or
// misspelled stops the program at its start instead of a customer at the
// counter. The life of a text: Load reads and checks every catalogue and
// compiles its texts; Say finds the text of a key, chooses the plural form and
// fills in the values.
//
// A catalogue is a flat JSON object, named after its language (zu.json). Keys
// are lower-case words joined by dots, {name} is a placeholder:
//
//	"balance.show": "You have {balance}."
//
// A text that depends on a number has one form for each plural category of the
// language. The number is the value of the only placeholder, or of the one that
// "count" names:
//
//	"wait": {"one": "Wait {n} minute.", "other": "Wait {n} minutes."}
//	"left": {"count": "n", "one": "One try, {name}.", "other": "{n} tries, {name}."}
//
// To add a text, add its key to every catalogue; to add a language, add its
// file, which CheckFile judges; then run the tests of this package with -update,
// which lists the new texts in review/. English has the final word on which keys
// and placeholders there are. Texts are spelled correctly: whoever sends them to
// a phone folds them into its alphabet.
//
// An operator's own wording lies over the catalogues as an overlay, which may
// change while the service runs: Open gives a Live, which says the texts as they
// stand now. CheckOverlay judges one.
//
// The package must not know channels, flows or money: amounts come in as text.
package locales
