// BullMQ, as bench_queue drives it:   queue_bullmq.mjs VERSION work|produce PORT JOBS AT_ONCE [JOBS_PER_SECOND]
// `work` says "ready", takes JOBS jobs, AT_ONCE at a time, and prints when the last had ended and how long each had
// waited; `produce` adds them one by one, with AT_ONCE on their way, and prints when it began. Times are µs since 1970.
const [version, role, port, jobs, atOnce, rate] = process.argv.slice(2);
const { Queue, Worker } = await import(version === '4' ? 'bullmq4' : 'bullmq');
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const count = Number(jobs);
const now = () => (performance.timeOrigin + performance.now()) * 1000;
const report = (figures) => new Promise((written) => process.stdout.write(`${JSON.stringify(figures)}\n`, written));

async function work() {
  const waits = [];
  let ended = 0;
  await new Promise((done) => {
    const worker = new Worker('bench', async (job) => void waits.push((now() - job.data.added) / 1000), {
      connection,
      concurrency: Number(atOnce),
    });
    worker.on('completed', () => ++ended === count && done());
    worker.waitUntilReady().then(() => console.log('ready'));
  });
  waits.sort((a, b) => a - b);
  await report({ ended: now(), p50_ms: waits[count >> 1], p99_ms: waits[Math.floor(count * 0.99)] });
}

async function produce() {
  const queue = new Queue('bench', { connection });
  await queue.waitUntilReady();
  const options = { attempts: 3, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: true };
  const began = now();
  let next = 0;
  await Promise.all(
    Array.from({ length: Number(atOnce) }, async () => {
      while (next < count) {
        const n = next++;
        const pause = rate ? began + (n * 1e6) / Number(rate) - now() : 0;
        if (pause > 0) await new Promise((due) => setTimeout(due, pause / 1000));
        await queue.add('job', { added: now() }, options);
      }
    }),
  );
  await report({ began });
}

await (role === 'work' ? work() : produce());
process.exit(0);
