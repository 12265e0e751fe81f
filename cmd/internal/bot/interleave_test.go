package bot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"gkops.dev/gkops/cmd/internal/bot"
	"gkops.dev/gkops/gitops"
	"gkops.dev/gkops/gitops/forge/forgetest"
)

// scheduler lets one of several bots go on at a time, until its next call. pick chooses the next one of those that wait.
type scheduler struct {
	mu      sync.Mutex
	waiting map[int]chan struct{} // by bot
	alive   int
	pick    func(waiting []int) int
}

// step is called before every call of a bot: it waits for its turn.
func (s *scheduler) step(bot int) {
	turn := make(chan struct{})
	s.mu.Lock()
	s.waiting[bot] = turn
	s.next()
	s.mu.Unlock()
	<-turn
}

// done is called when a bot has ended.
func (s *scheduler) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive--
	s.next()
}

// next lets one bot go on when all that are alive wait.
func (s *scheduler) next() {
	if len(s.waiting) < s.alive || s.alive == 0 {
		return
	}
	var all []int
	for n := range 10 {
		if s.waiting[n] != nil {
			all = append(all, n)
		}
	}
	n := s.pick(all)
	turn := s.waiting[n]
	delete(s.waiting, n)
	close(turn)
}

// scheduled is a clone whose calls wait for their turn.
type scheduled struct {
	bot.Clone
	step func()
}

func (s scheduled) Refs(ctx context.Context) (gitops.Refs, error) {
	s.step()
	return s.Clone.Refs(ctx)
}

func (s scheduled) Fetch(ctx context.Context, depth int, ids ...string) error {
	s.step()
	return s.Clone.Fetch(ctx, depth, ids...)
}

func (s scheduled) Push(ctx context.Context, branch, id, old string) error {
	s.step()
	return s.Clone.Push(ctx, branch, id, old)
}

// together runs bots at once, in the order of turns that pick gives, and returns how many turns there were.
func (f *fleet) together(bots int, pick func(turn int, waiting []int) int) int {
	f.t.Helper()
	turns := 0
	s := &scheduler{waiting: map[int]chan struct{}{}, alive: bots}
	s.pick = func(waiting []int) int {
		turns++
		return pick(turns-1, waiting)
	}
	results := make([]bot.Result, bots)
	var all sync.WaitGroup
	for n := range bots {
		client := f.server.As("bot")
		client.SetAround(func(_ context.Context, _ forgetest.Call, proceed func() error) error {
			s.step(n)
			return proceed()
		})
		b := f.bot(client)
		open := b.Clone
		b.Clone = func(path, url string) (bot.Clone, error) {
			c, err := open(path, url)
			return scheduled{c, func() { s.step(n) }}, err
		}
		b.Log = f.bot(nil).Log
		all.Go(func() {
			defer s.done()
			found, err := b.Do(context.Background())
			if err == nil {
				results[n] = found[0]
			}
		})
	}
	all.Wait()
	for n, r := range results {
		if r.Err() != nil || r.Repository == "" {
			f.t.Errorf("bot %d: %v", n, r.Err())
		}
	}
	return turns
}

// judge is the oracle: exactly one branch, one pull and one commit, and a later run has nothing to write but, once, the dashboard.
func (f *fleet) judge(schedule string) {
	f.t.Helper()
	if got := f.facts(); got != "1 branches, 1 pulls, 1 commits" {
		f.t.Errorf("%s: %s", schedule, got)
	}
	f.run() // may tell on the dashboard what this bot did not see
	f.dashboard()
	if writes := f.server.Writes(); writes["OpenPull"] != 1 {
		f.t.Errorf("%s: %v", schedule, writes)
	}
}

// TestC9TwoBots interrupts one bot at every call, by two calls of the other.
func TestC9TwoBots(t *testing.T) {
	t.Parallel()
	turns := 0
	for cut := 0; cut == 0 || cut < turns; cut++ {
		for _, length := range []int{2} { // how many turns the other gets
			f := newFleet(t, "")
			f.publish("tool", "v1.0.0", "v1.1.0")
			turns = f.together(2, func(turn int, waiting []int) int {
				if turn >= cut && turn < cut+length {
					return waiting[len(waiting)-1]
				}
				return waiting[0]
			})
			f.judge(fmt.Sprintf("cut %d, length %d", cut, length))
			if t.Failed() {
				return
			}
		}
	}
	if turns < 10 {
		t.Errorf("only %d turns", turns)
	}
}

func TestC9ThreeBotsAtRandom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		f := newFleet(t, "")
		f.publish("tool", "v1.0.0", "v1.1.0")
		random := rand.New(rand.NewPCG(seed, 9))
		f.together(3, func(_ int, waiting []int) int { return waiting[random.IntN(len(waiting))] })
		f.judge(fmt.Sprintf("seed %d", seed))
	}
}

// TestC9TwoBotsUpdate: both find an old pull to bring up to date.
func TestC9TwoBotsUpdate(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		f := upgraded(t)
		f.publish("tool", "v1.0.0", "v1.1.0", "v1.2.0")
		random := rand.New(rand.NewPCG(seed, 9))
		f.together(2, func(_ int, waiting []int) int { return waiting[random.IntN(len(waiting))] })
		f.judge(fmt.Sprintf("seed %d", seed))
	}
}

// TestC9TwoBotsTendAStack: both find that the base of two pulls of commands has moved.
func TestC9TwoBotsTendAStack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		f := stacked(t)
		f.server.Push(t, repo, "main", "Other", map[string]string{"other": "x\n"})
		random := rand.New(rand.NewPCG(seed, 9))
		f.together(2, func(_ int, waiting []int) int { return waiting[random.IntN(len(waiting))] })
		f.run()
		if got := f.facts(); got != "2 branches, 2 pulls, 2 commits" {
			t.Errorf("seed %d: %s", seed, got)
		}
		f.want(f.quiet(), "pull/upgrade-tool unchanged", "pull/upgrade-web unchanged")
	}
}
