package workspace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Window is when something may be done: in every minute that one of some crontab expressions matches, or always.
type Window struct {
	schedules []cron.Schedule
	zone      *time.Location
}

// ParseWindow reads crontab expressions of five fields, in a zone of the IANA database; an empty zone is UTC. Without expressions the
// window is always open.
func ParseWindow(expressions []string, zone string) (Window, error) {
	w := Window{zone: time.UTC}
	if zone != "" {
		found, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return w, fmt.Errorf("time zone %.80q is not known", zone)
		}
		w.zone = found
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	for _, expression := range expressions {
		if strings.ContainsAny(expression, "=@") {
			return w, fmt.Errorf("%.80q is not a crontab expression", expression) // the parser takes a zone and names, which few know
		}
		schedule, err := parser.Parse(expression)
		if err != nil {
			return w, fmt.Errorf("%.80q is not a crontab expression: %w", expression, err)
		}
		w.schedules = append(w.schedules, schedule)
	}
	return w, nil
}

// Open reports whether the window is open.
func (w Window) Open(now time.Time) bool {
	minute := now.In(w.zone).Truncate(time.Minute)
	for _, s := range w.schedules {
		if s.Next(minute.Add(-time.Second)).Equal(minute) {
			return true
		}
	}
	return len(w.schedules) == 0
}

// Next is when the window opens next; now when it is open, zero when it never does.
func (w Window) Next(now time.Time) time.Time {
	if w.Open(now) {
		return now
	}
	var first time.Time
	for _, s := range w.schedules {
		if next := s.Next(now.In(w.zone)); !next.IsZero() && (first.IsZero() || next.Before(first)) {
			first = next
		}
	}
	return first
}

// ParseSoak reads a time as policies write it: "3d", "12h", "1d12h", "30m". An empty one is no time.
func ParseSoak(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}
	var total time.Duration
	for rest := text; rest != ""; {
		n := strings.IndexAny(rest, "dhm")
		if n < 1 || n > 4 || strings.Trim(rest[:n], "0123456789") != "" {
			return 0, errors.New("not a time")
		}
		count, err := strconv.Atoi(rest[:n])
		if err != nil {
			return 0, errors.New("not a time")
		}
		total += time.Duration(count) * units[rest[n]]
		rest = rest[n+1:]
	}
	return total, nil
}

// Soaks is the soak as a time; Parse has checked it.
func (m Moves) Soaks() time.Duration {
	d, _ := ParseSoak(m.Soak)
	return d
}

// Window is when pulls may be opened, in a zone. Parse has checked both.
func (m Moves) Window(zone string) Window {
	w, _ := ParseWindow(m.Schedule, zone)
	return w
}
