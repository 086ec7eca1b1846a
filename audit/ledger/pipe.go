package ledger

import "runtime"

// jobSize is how many bytes of frames are hashed in one go.
const jobSize = 256 << 10

// A pipe hashes records on all processors and hands them on in their order. It
// is used by one goroutine. What is less than jobSize is hashed in place, so
// that a small ledger starts none.
type pipe struct {
	take    func(j *job) error
	current *job
	running []*job // in order
	spare   []*job
	depth   int
}

// A job is some whole batches of one segment.
type job struct {
	segment string
	frames  []byte // of all batches, without headers
	batches []jobBatch
	leaves  []hash
	done    chan struct{}
}

// A jobBatch is where the frames of one batch lie.
type jobBatch struct {
	first  uint64 // index of its first record
	offset int64  // of its first frame, in the segment
	end    int    // behind its last frame, in frames
}

func newPipe(take func(j *job) error) *pipe {
	return &pipe{take: take, current: &job{}, depth: runtime.GOMAXPROCS(0) + 1}
}

// add takes in the body of a checked batch, which it copies.
func (p *pipe) add(segment string, first uint64, offset int64, body []byte) error {
	j := p.current
	j.segment = segment
	j.frames = append(j.frames, body...)
	j.batches = append(j.batches, jobBatch{first, offset, len(j.frames)})
	if len(j.frames) < jobSize {
		return nil
	}
	j.done = make(chan struct{})
	go func() {
		defer close(j.done)
		j.hash()
	}()
	p.running = append(p.running, j)
	p.current = p.next()
	if len(p.running) < p.depth {
		return nil
	}
	return p.takeFirst()
}

func (p *pipe) next() *job {
	if len(p.spare) == 0 {
		return &job{frames: make([]byte, 0, jobSize*5/4)}
	}
	last := len(p.spare) - 1
	j := p.spare[last]
	p.spare = p.spare[:last]
	return j
}

func (p *pipe) takeFirst() error {
	j := p.running[0]
	p.running = p.running[1:]
	<-j.done
	err := p.take(j)
	j.reset()
	p.spare = append(p.spare, j)
	return err
}

// flush hands on all that was added.
func (p *pipe) flush() error {
	for len(p.running) > 0 {
		if err := p.takeFirst(); err != nil {
			return err
		}
	}
	j := p.current
	if len(j.batches) == 0 {
		return nil
	}
	j.hash()
	defer j.reset()
	return p.take(j)
}

// reset makes a job empty.
func (j *job) reset() {
	j.frames, j.batches, j.leaves = j.frames[:0], j.batches[:0], j.leaves[:0]
}

// stop waits for what still runs.
func (p *pipe) stop() {
	for _, j := range p.running {
		<-j.done
	}
}

// hash hashes all records.
func (j *job) hash() {
	for rest := j.frames; len(rest) > 0; {
		var prefixed []byte
		prefixed, rest = splitFrame(rest)
		j.leaves = append(j.leaves, leafHash(prefixed))
	}
}

// each calls f for every record, in order.
func (j *job) each(f func(at place, prefixed []byte, leaf hash) error) error {
	start, n := 0, 0
	for _, b := range j.batches {
		offset := b.offset
		for rest, index := j.frames[start:b.end], b.first; len(rest) > 0; index++ {
			prefixed, next := splitFrame(rest)
			if err := f(place{j.segment, offset, index}, prefixed, j.leaves[n]); err != nil {
				return err
			}
			offset += int64(len(rest) - len(next))
			rest = next
			n++
		}
		start = b.end
	}
	return nil
}
