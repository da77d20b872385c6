// What robfig/cron v3 says of schedules: the first times after an instant, in a time zone, or its error. Prints
// src/kube/testdata/cron-schedule.json:  go run . > ../../../src/kube/testdata/cron-schedule.json
package main

import (
	"encoding/json"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

type record struct {
	Schedule string  `json:"schedule"`
	Zone     string  `json:"zone"`
	From     int64   `json:"from"`
	Next     []int64 `json:"next,omitempty"`
	Error    string  `json:"error,omitempty"`
}

var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "Africa/Cairo"}
var schedules = []string{"0 * * * ?", "*/15 * * * *", "30 2 * * *", "0 0 * * *", "0 1 * * *", "0 2 * * 0", "15 10 ? * MON-FRI", "0 0 1 1 *", "0 0 29 2 *", "59 23 31 2 *",
	"30 6-16/4 * * 1-5", "5/10 * * * *", "0 0 1,15 * 3", "0 0 */2 * 3", "0 0 13 * FRI", "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight",
	"@every 90m", "@every 1h30m10s", "@every 500ms", "0 12 1-7 jan-mar mon", "*/7 */5 * * *", "0,30 8-18 * * 1-5", "1-5/2,7 0 * * *", "*/1 * * * *"}
var bad = []string{"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1-2-3 * * * *",
	"1/2/3 * * * *", "-1 * * * *", "@foo", "* * * FOO *", "0 0 L * *"}

func main() {
	random := rand.New(rand.NewSource(7))
	out := []record{}
	add := func(schedule, zone string, from time.Time, count int) {
		r := record{Schedule: schedule, Zone: zone, From: from.UnixMilli()}
		parsed, err := cron.ParseStandard("TZ=" + zone + " " + schedule)
		if err != nil {
			r.Error = err.Error()
		} else {
			for t := from.UTC(); len(r.Next) < count; {
				t = parsed.Next(t)
				if t.IsZero() {
					break
				}
				r.Next = append(r.Next, t.UnixMilli())
			}
		}
		out = append(out, r)
	}
	start := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, zone := range zones {
		loc, _ := time.LoadLocation(zone)
		for _, schedule := range schedules {
			add(schedule, zone, start.Add(time.Duration(random.Int63n(int64(8*365*24*time.Hour)))).Truncate(time.Millisecond), 3)
		}
		// Around each change of the clock.
		for t := start; t.Before(start.AddDate(4, 0, 0)); t = t.Add(30 * time.Minute) {
			_, before := t.In(loc).Zone()
			_, after := t.Add(30 * time.Minute).In(loc).Zone()
			if before != after {
				for _, schedule := range []string{"0 * * * *", "30 * * * *", "0 0 * * *", "30 0 * * *", "0 1 * * *", "30 1 * * *", "30 2 * * *", "0 3 * * *"} {
					add(schedule, zone, t.Add(-time.Duration(random.Int63n(int64(26*time.Hour)))).Truncate(time.Second), 4)
				}
			}
		}
	}
	field := func(min, max int) string {
		n := func() string { return strconv.Itoa(min + random.Intn(max-min+1)) }
		switch random.Intn(6) {
		case 0:
			return n()
		case 1:
			return "*/" + strconv.Itoa(1+random.Intn(9))
		case 2:
			return n() + "," + n()
		case 3:
			a := min + random.Intn(max-min+1)
			return strconv.Itoa(a) + "-" + strconv.Itoa(a+random.Intn(max-a+1)) + "/" + strconv.Itoa(1+random.Intn(4))
		default:
			return "*"
		}
	}
	for i := 0; i < 200; i++ {
		words := []string{field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)}
		add(strings.Join(words, " "), zones[random.Intn(len(zones))], start.Add(time.Duration(random.Int63n(int64(8*365*24*time.Hour)))).Truncate(time.Second), 3)
	}
	for _, schedule := range bad {
		r := record{Schedule: schedule, Zone: "UTC"}
		if _, err := cron.ParseStandard(schedule); err != nil {
			r.Error = err.Error()
		}
		out = append(out, r)
	}
	encoder := json.NewEncoder(os.Stdout)
	os.Stdout.WriteString("[\n")
	for i, r := range out {
		if i > 0 {
			os.Stdout.WriteString(",")
		}
		encoder.Encode(r)
	}
	os.Stdout.WriteString("]\n")
}
