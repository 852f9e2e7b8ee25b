package locales

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
)

// Live is a Catalogue whose overlay may be changed while it is in use. Each text
// is said as it stands in the latest overlay that was right as a whole. It is
// safe for concurrent use.
type Live struct {
	now           atomic.Pointer[Catalogue]
	base, overlay fs.FS

	mu   sync.Mutex
	seen string // of the overlay when it was last read
}

// Open loads the catalogues that come with the program with an overlay over
// them, which may be nil: see Load.
func Open(overlay fs.FS) (*Live, error) { return open(catalogues, overlay) }

func open(base, overlay fs.FS) (*Live, error) {
	l := &Live{base: base, overlay: overlay, seen: fingerprint(overlay)}
	c, err := load(base, overlay)
	if err != nil {
		return nil, err
	}
	l.now.Store(c)
	return l, nil
}

// Refresh looks whether the overlay changed since it was last read, by the
// times and sizes of its files, and if so reads it again. changed says that
// texts are now said as it has them. Where it is wrong the texts stay as they
// are, and the error comes once: not again before the overlay changes again.
func (l *Live) Refresh() (changed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Taken before reading, so that what changes meanwhile is seen next time.
	seen := fingerprint(l.overlay)
	if seen == l.seen {
		return false, nil
	}
	l.seen = seen
	c, err := load(l.base, l.overlay)
	if err != nil {
		return false, err
	}
	l.now.Store(c)
	return true, nil
}

// Catalogue is what is said now. It does not change.
func (l *Live) Catalogue() *Catalogue { return l.now.Load() }

// Say is Catalogue.Say, of now.
func (l *Live) Say(lang, key string, args ...Arg) string { return l.now.Load().Say(lang, key, args...) }

// Has is Catalogue.Has, of now.
func (l *Live) Has(lang string) bool { return l.now.Load().Has(lang) }

// Languages is Catalogue.Languages, of now.
func (l *Live) Languages() []Language { return l.now.Load().Languages() }

// fingerprint tells one state of a folder of catalogues from another.
func fingerprint(folder fs.FS) string {
	if folder == nil {
		return ""
	}
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, f := range files {
		if !isCatalogue(f) {
			continue
		}
		// The file itself, where the folder has a link to it.
		info, err := fs.Stat(folder, f.Name())
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", f.Name(), err)
			continue
		}
		fmt.Fprintf(&b, "%s %d %d\n", f.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
