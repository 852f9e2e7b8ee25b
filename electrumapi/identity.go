package electrumapi

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Label says which message about one sale an ID is for.
type Label string

// The labels.
const (
	LabelRequest Label = "request"
	LabelConfirm Label = "confirm"
	LabelReverse Label = "reverse"
	LabelRetry   Label = "retry"
	LabelLookup  Label = "lookup"
)

// ID makes the id of a message from the caller's own reference: a UUID in the form of
// version 4, always the same for the same label and reference and different for any
// others. So every repetition and every replica has the same id without keeping it.
// The document wants it random; what of it is random is what of the reference is.
func ID(label Label, reference string) string {
	sum := sha256.Sum256([]byte(string(label) + "\x00" + reference))
	var id uuid.UUID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 4122
	return id.String()
}

// Stan makes the system trace audit number of a sale: six digits, never all zeros.
// It repeats after a while, as such numbers do.
func Stan(reference string, at time.Time) string {
	sum := sha256.Sum256([]byte("stan\x00" + reference + "\x00" + at.UTC().Format(time.RFC3339Nano)))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(sum[:])%999_999+1)
}

// Rrn makes the retrieval reference number of a sale in the usual form of ISO 8583:
// the last digit of the year, the day of the year, the hour (all UTC), the STAN.
func Rrn(reference string, at time.Time) string {
	u := at.UTC()
	return fmt.Sprintf("%d%03d%02d%s", u.Year()%10, u.YearDay(), u.Hour(), Stan(reference, at))
}

// NewHead makes the head of a request from the caller's own reference, when the sale
// was asked for and through which channel. The same arguments give the same head.
func NewHead(reference string, at time.Time, channel string) Head {
	return Head{
		ID: ID(LabelRequest, reference), Stan: Stan(reference, at), Rrn: Rrn(reference, at),
		ChannelID: channel, OwnRef: reference, Time: at,
	}
}
