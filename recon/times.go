package recon

import (
	"errors"
	"time"
)

var errTime = errors.New("the time cannot be read")

// southAfrica is the default zone. There has been no other there since 1944.
func southAfrica() *time.Location { return time.FixedZone("SAST", 2*60*60) }

// usualLayouts are the forms of time that are tried, the day before the month.
func usualLayouts() []string {
	return []string{
		"2006-01-02 15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04",
		"2006/01/02 15:04:05", "2006/01/02 15:04", "02/01/2006 15:04:05", "02/01/2006 15:04", "02-01-2006 15:04:05", "02-01-2006 15:04",
		"2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "02-Jan-2006 15:04:05", "20060102150405", "20060102 15:04:05",
		"2006-01-02", "2006/01/02", "02/01/2006",
	}
}

// clock reads the times of one file. The first layout that fits stays first in
// line, since a file has one.
type clock struct {
	layouts []string
	zone    *time.Location
}

func (m Mapping) clock() *clock {
	c := &clock{layouts: usualLayouts(), zone: m.Zone}
	if m.TimeLayout != "" {
		c.layouts = []string{m.TimeLayout}
	}
	if c.zone == nil {
		c.zone = southAfrica()
	}
	return c
}

// read reads a time. Years outside this century are typing mistakes, or a
// layout that happens to fit.
func (c *clock) read(s string) (time.Time, error) {
	for i, layout := range c.layouts {
		t, err := time.ParseInLocation(layout, s, c.zone)
		if err != nil || t.Year() < 2000 || t.Year() > 2100 {
			continue
		}
		if i > 0 {
			copy(c.layouts[1:i+1], c.layouts[:i])
			c.layouts[0] = layout
		}
		return t, nil
	}
	return time.Time{}, errTime
}
