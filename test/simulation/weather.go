package main

import (
	"time"

	"spaza/jobs"
	"spaza/vend"
)

// weather is how much goes wrong in a run, as chances in a thousand. Some runs
// are calm, so that what is rare meets nothing else; some are all storm.
type weather struct {
	// Of every step at the database.
	breaks    int // it fails, and nothing was done
	rollsBack int // a transaction is done, fails at its commit, and is undone
	runsTwice int // a transaction is undone and done again
	loses     int // it is done, and the reply is lost
	dies      int // the process dies before, in the middle of it or after
	slow      int // it takes seconds
	stuck     int // it takes longer than a lease

	// Of every request to the provider, and every answer.
	lies int // the answer is not the plain truth
	late int // request or answer are on their way for long

	// Of every message to a customer.
	gateway int // the gateway fails, or takes it without saying so

	meddles int // the operator decides about orders that nobody asked about, and again

	skew time.Duration // the most by which clocks of processes are ahead or behind
	poll time.Duration // how often processes look for jobs at least

	adopts int               // how many sales a process begins at once
	lanes  map[jobs.Kind]int // how many jobs of a kind run at once, where that is bounded
}

// slowest is how long a process rests between two looks for jobs at most.
const slowest = 90 * time.Second

// calm is the weather at the end of every run, when everything comes to rest.
func calm() weather { return weather{poll: 30 * time.Second, adopts: 1024} }

func drawWeather(d *dice) weather {
	rate := func(name string, of ...int) int { return pick(d, "weather "+name, of...) }
	var lanes map[jobs.Kind]int
	if narrow := rate("lanes", 0, 0, 1, 2); narrow > 0 {
		lanes = map[jobs.Kind]int{vend.JobOrder: 2 * narrow, vend.JobNotice: narrow}
	}
	return weather{
		lanes:     lanes,
		breaks:    rate("breaks", 0, 0, 10, 60, 200),
		rollsBack: rate("rolls back", 0, 0, 20, 100),
		runsTwice: rate("runs twice", 0, 0, 50),
		loses:     rate("loses", 0, 0, 20, 100),
		dies:      rate("dies", 0, 0, 5, 20, 60),
		slow:      rate("slow", 0, 0, 20, 100),
		stuck:     rate("stuck", 0, 0, 5, 30),
		lies:      rate("lies", 0, 100, 400, 800),
		late:      rate("late", 0, 0, 100, 300),
		gateway:   rate("gateway", 0, 0, 100, 400),
		meddles:   rate("meddles", 50, 50, 300, 900),
		skew:      time.Duration(rate("skew", 0, 0, 0, 1500)) * time.Millisecond,
		poll:      time.Duration(rate("poll", 30, 10, int(slowest/time.Second))) * time.Second,
		adopts:    rate("adopts", 1024, 1024, 1024, 1, 3),
	}
}

// delay draws how long a step at the database takes: mostly not a millisecond.
func (w weather) delay(d *dice, label string) time.Duration {
	wait := time.Duration(d.below("delay of "+label, int(time.Millisecond)))
	switch x := d.below("pace of "+label, 1000); {
	case x >= 1000-w.stuck:
		return wait + time.Duration(10_000+d.below("stuck "+label, 90_000))*time.Millisecond
	case x >= 1000-w.stuck-w.slow:
		return wait + time.Duration(100+d.below("slow "+label, 7_000))*time.Millisecond
	}
	return wait
}

// onTheWire draws how long a request or an answer is on its way. Nothing is on
// its way for more than four minutes: what is older than that is thrown away on
// the road, so that a request which left before the window of the shop ended
// arrives before that of the provider does.
func (w weather) onTheWire(d *dice, label string) time.Duration {
	wait := time.Duration(d.below("way of "+label, int(800*time.Millisecond)))
	if d.chance("late "+label, w.late) {
		wait += pick(d, "how late "+label, 2*time.Second, 10*time.Second, 35*time.Second, 2*time.Minute, 4*time.Minute-time.Second)
	}
	return wait
}
