package telemetry

import (
	"context"
	"io"
	"log/slog"
	"strconv"

	"spaza/secret"
)

// LogOptions says how lines are written.
type LogOptions struct {
	// Format is "json" (one object a line) or "text" (key=value); anything
	// else means text.
	Format string
	// Level is the least severe level that is written; nil means info.
	Level slog.Leveler
}

// NewLogger writes lines to w through the redacting handler.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	opts := &slog.HandlerOptions{Level: o.Level}
	if o.Format == "json" {
		return slog.New(Redact(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(Redact(slog.NewTextHandler(w, opts)))
}

// Redact hands records on to next without what must not be read. An attribute
// is judged by its type (secret.Text), by its name and the names of the groups
// around it, and by its text (see Mask); a struct, map or slice is written out
// field by field under the same rules. What is a truth value, a time or a
// duration always passes.
func Redact(next slog.Handler) slog.Handler { return redactor{next: next} }

// redactor is what Redact returns. Hidden is set within a group whose name is
// confidential.
type redactor struct {
	next   slog.Handler
	hidden bool
}

var _ slog.Handler = redactor{}

func (h redactor) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h redactor) Handle(ctx context.Context, r slog.Record) error {
	plain := !h.hidden && short(r.Message)
	if plain {
		r.Attrs(func(a slog.Attr) bool {
			plain = passes(a)
			return plain
		})
	}
	if plain {
		return h.next.Handle(ctx, r)
	}
	clean := slog.NewRecord(r.Time, r.Level, Mask(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a, h.hidden))
		return true
	})
	return h.next.Handle(ctx, clean)
}

func (h redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redactAttr(a, h.hidden)
	}
	return redactor{next: h.next.WithAttrs(clean), hidden: h.hidden}
}

func (h redactor) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return redactor{next: h.next.WithGroup(Mask(name)), hidden: h.hidden || hides(name)}
}

// passes says whether an attribute needs no look inside: the quick answer for
// nearly every attribute there is.
func passes(a slog.Attr) bool {
	if hides(a.Key) || !short(a.Key) {
		return false
	}
	switch a.Value.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return true
	case slog.KindInt64:
		n := a.Value.Int64()
		return n > -longNumber && n < longNumber
	case slog.KindUint64:
		return a.Value.Uint64() < longNumber
	case slog.KindFloat64:
		f := a.Value.Float64()
		return f > -longNumber && f < longNumber
	case slog.KindString:
		return short(a.Value.String())
	default:
		return false
	}
}

// longNumber is the least number that is taken for a phone number or a PIN
// where it comes as a number: smaller ones are counts, sizes and Unix seconds.
const longNumber = 1e10

// short says whether s needs neither masking nor cutting.
func short(s string) bool { return len(s) <= maxText && !suspicious(s) }

func redactAttr(a slog.Attr, hidden bool) slog.Attr {
	return slog.Attr{Key: Mask(a.Key), Value: redactValue(a.Value, hidden || hides(a.Key))}
}

func redactValue(v slog.Value, hidden bool) slog.Value {
	v = v.Resolve()
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return v
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, a := range group {
			clean[i] = redactAttr(a, hidden)
		}
		return slog.GroupValue(clean...)
	case slog.KindString:
		if v.String() == "" {
			return v
		}
	}
	if hidden {
		return slog.StringValue(secret.Redacted)
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(Mask(v.String()))
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return redactNumber(v)
	default:
		if v.Any() == nil {
			return v
		}
		return slog.StringValue(Mask(render(v.Any())))
	}
}

func redactNumber(v slog.Value) slog.Value {
	if passes(slog.Attr{Value: v}) {
		return v
	}
	if v.Kind() == slog.KindFloat64 {
		return slog.StringValue(Mask(strconv.FormatFloat(v.Float64(), 'f', -1, 64)))
	}
	return slog.StringValue(Mask(v.String()))
}
