package telemetry

import (
	"context"
	"log/slog"
	"math"
	"time"
)

// Turn is what is said of one answered turn.
type Turn struct {
	Channel string
	Flow    string
	User    string // keyed hash of the user, never the number itself
	From    string // state before
	To      string // state after
	Outcome string // how it went, in one word: "ok", "replay", "error", ...
	Took    time.Duration
	Err     error // why it went wrong; the line is then a warning
}

// TurnLog writes one line a turn. It is safe for concurrent use.
type TurnLog struct {
	logger *slog.Logger
	// loggers hold the two attributes with few values, already written out;
	// the other five fit into a slog.Record without an allocation.
	loggers cache[turnSource, *slog.Logger]
}

// turnSource is what most lines have in common.
type turnSource struct{ channel, flow string }

// NewTurnLog writes to logger.
func NewTurnLog(logger *slog.Logger) *TurnLog { return &TurnLog{logger: logger} }

// Write writes the line of t.
func (l *TurnLog) Write(ctx context.Context, t Turn) {
	level := slog.LevelInfo
	if t.Err != nil {
		level = slog.LevelWarn
	}
	if !l.logger.Enabled(ctx, level) {
		return
	}
	source := turnSource{t.Channel, t.Flow}
	logger, found := l.loggers.get(source)
	if !found {
		logger = l.logger.With("channel", t.Channel, "flow", t.Flow)
		l.loggers.put(source, logger)
	}
	user, from, to := slog.String("user", t.User), slog.String("from", t.From), slog.String("to", t.To)
	ms := slog.Float64("ms", math.Round(float64(t.Took)/1e3)/1e3) // to the microsecond
	outcome := slog.String("outcome", t.Outcome)
	if t.Err != nil {
		logger.LogAttrs(ctx, level, "turn", user, from, to, ms, outcome, slog.Any("err", t.Err))
		return
	}
	logger.LogAttrs(ctx, level, "turn", user, from, to, ms, outcome)
}
